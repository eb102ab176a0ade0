package org.atex.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.AttemptCause;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.Status;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the lines at the end of a run. */
@Timeout(180)
class SummaryTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T12:00:00Z");

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private final List<TestSummary> tests = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();

    private static TestRecord record(String test, Outcome outcome, Duration took) {
        return TestRecord.of("default", test, TestEnd.of(outcome, outcome == Outcome.PASSED ? null : "it is full"))
                .withTimes(BEGIN, took)
                .withSystem(SystemInfo.named("host-3"), 1);
    }

    private void add(String test, Outcome outcome, Duration took) {
        TestRecord record = record(test, outcome, took);
        tests.add(TestSummary.of(record.test(), record.end(), List.of(record)));
    }

    private void addNotRun(String test, String why) {
        tests.add(TestSummary.of(TestCase.named(test), TestEnd.of(Outcome.NOT_RUN, why), List.of()));
    }

    private List<String> end(Progress progress) {
        progress.on(new RunEvent.RunStarted(
                new RunEvent.Stamp("4711", 1, BEGIN),
                tests.stream().map(TestSummary::test).toList(),
                "default"));
        bytes.reset();
        progress.on(new RunEvent.RunEnded(
                new RunEvent.Stamp("4711", 2, BEGIN), new RunSummary(tests, problems, Duration.ofSeconds(90))));
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void summaryTellsAllThatAPersonNeeds() {
        add("/passes", Outcome.PASSED, Duration.ofSeconds(61));
        TestRecord fails = record("/fails", Outcome.FAILED, Duration.ofSeconds(3));
        ReportedResult part =
                ReportedResult.of(Status.FAIL, "no space", List.of()).withName("disk/root");
        tests.add(TestSummary.of(fails.test(), fails.end(), List.of(fails))
                .withExcerpt(new Excerpt(List.of(part), List.of("first", "last")))
                .withFiles(Path.of("/files/default/fails")));
        TestRecord again = record("/flaky", Outcome.PASSED, Duration.ofSeconds(30))
                .withAttempt(2, true)
                .withCause(AttemptCause.RERUN);
        tests.add(TestSummary.of(
                again.test(),
                again.end(),
                List.of(record("/flaky", Outcome.FAILED, Duration.ofSeconds(2)).withAttempt(1, false), again)));
        add("/slow", Outcome.PASSED, Duration.ofHours(1));
        addNotRun("/tape", "no system has a tape drive");
        problems.add(Problem.infrastructure("system gamma could not be set up"));

        assertThat(end(Progress.plain(out).withRuns(Path.of("runs"))))
                .containsExactly(
                        "",
                        "failed    /fails: it is full",
                        "          fail disk/root: no space",
                        "          | first",
                        "          | last",
                        "          log: /files/default/fails",
                        "not_run   /tape: no system has a tape drive",
                        "flaky     /flaky passed in attempt 2",
                        "          attempt 1 failed: it is full",
                        "problem   system gamma could not be set up",
                        "slowest   /slow 1:00 h, /passes 1:01 min, /flaky 30.0 s",
                        "again     2 tests: AdHocOrchestrator.builder(PastRun.read(Path.of(\"runs/run-4711\"))"
                                + ".notPassed(tests))",
                        "5 tests: 3 passed 1 failed 1 not_run (1 flaky); failed, infrastructure, incomplete in"
                                + " 1:30 min");
    }

    @Test
    void runInWhichAllPassHasNoLineToRunItAgain() {
        IntStream.range(0, 10).forEach(i -> add("/t" + i, Outcome.PASSED, Duration.ofMillis(900)));
        assertThat(end(Progress.plain(out))).containsExactly("", "10 tests: 10 passed; passed in 1:30 min");
    }

    @Test
    void runThatIsNotKeptHasALineForFewTests() {
        addNotRun("/a \"b\"", "why");
        assertThat(end(Progress.plain(out)))
                .contains("again     1 test: tests.stream().filter(test -> Set.of(\"/a \\\"b\\\"\")"
                        + ".contains(test.name())).toList()");
        IntStream.range(0, 10).forEach(i -> addNotRun("/t" + i, "why"));
        assertThat(end(Progress.plain(out)))
                .contains("again     11 tests: to run only these again, keep the run with keep(directory)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\n", "\r\u001b[2J", "\u202e", "##vso[task.complete]", "\\u0022);evil();//", "\"", "\ud800"})
    void namesCannotEndTheLine(String name) {
        addNotRun("/x" + name, "why");
        List<String> lines = end(Progress.plain(out));
        assertThat(lines).hasSize(4);
        String again = lines.get(2);
        assertThat(again).startsWith("again     1 test: tests.stream().filter(test -> Set.of(\"/x");
        assertThat(again).endsWith("\").contains(test.name())).toList()").doesNotContain("##");
        assertThat(again.chars()).allMatch(c -> c >= ' ' && c < 0x7f);
        String literal = again.substring(again.indexOf('"') + 1, again.lastIndexOf('"'));
        assertThat(literal.replace("\\\\", "").replaceAll("\\\\[^u]", ""))
                .as("each quote and backslash is escaped")
                .doesNotContain("\"");
    }

    @Test
    void plainLinesHaveNoControlCharacters() {
        add("/\u001b[31mred", Outcome.FAILED, Duration.ofSeconds(3));
        List<String> lines = end(Progress.plain(out));
        assertThat(lines).noneMatch(line -> line.chars().anyMatch(c -> c < ' '));
    }

    /** The status line is cut at the right edge; the lines of the summary are wrapped, and complete. */
    @Test
    void summaryIsCompleteOnANarrowTerminal() {
        Progress progress = Progress.changing(out).withRuns(Path.of("runs"));
        add("/a/test/with/a/long/name", Outcome.FAILED, Duration.ofSeconds(3));
        progress.on(new RunEvent.RunStarted(
                new RunEvent.Stamp("4711", 1, BEGIN), List.of(tests.get(0).test()), "default"));
        progress.on(new RunEvent.Heartbeat(new RunEvent.Stamp("4711", 2, BEGIN)));
        String before = bytes.toString(StandardCharsets.UTF_8);
        assertThat(NarrowTerminal.rows(before, 20)).as("one row of status").hasSize(1);
        progress.on(new RunEvent.RunEnded(
                new RunEvent.Stamp("4711", 3, BEGIN), new RunSummary(tests, problems, Duration.ofSeconds(90))));

        List<String> rows = NarrowTerminal.rows(bytes.toString(StandardCharsets.UTF_8), 20);
        assertThat(rows).allMatch(row -> row.length() <= 21);
        assertThat(String.join("\n", rows).replace("\n+", ""))
                .isEqualTo("\nfailed    /a/test/with/a/long/name: it is full\n"
                        + "again     1 test: AdHocOrchestrator.builder(PastRun.read(Path.of(\"runs/run-4711\"))"
                        + ".notPassed(tests))\n"
                        + "1 test: 1 failed; failed in 1:30 min\n");
    }

    /** A stream that breaks after a number of bytes, as a pipe does whose reader has ended. */
    private static final class BreakingStream extends OutputStream {
        private int left;

        BreakingStream(int left) {
            this.left = left;
        }

        @Override
        public void write(int b) throws IOException {
            if (--left < 0) {
                throw new IOException("Broken pipe");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 400})
    void brokenOutputDoesNotEndTheRun(int written) throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> FakeRun.failing(Duration.ZERO));
        PrintStream breaking = new PrintStream(new BreakingStream(written), true, StandardCharsets.UTF_8);
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(TestCase.named("/a"), TestCase.named("/b")))
                        .on(systems)
                        .with(executors)
                        .into(results)
                        .listener(Progress.plain(breaking))
                        .build()) {
            RunSummary summary = run.run();
            assertThat(summary.problems()).isEmpty();
            assertThat(summary.exitCode()).isEqualTo(1);
            assertThat(results.records()).hasSize(2);
        }
        assertThat(breaking.checkError()).as("the output is broken").isTrue();
    }
}
