package org.atex.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
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
import org.atex.api.Verdict;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the output for runs, with events created by hand. */
class ProgressTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T12:00:00Z");
    private static final String MISSING =
            "the image registry.example.org/no/such:latest is missing " + "x".repeat(2500);

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private Progress progress = Progress.plain(out);
    private Instant now = BEGIN;
    private long events;

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Test
    void statusTellsWhenTheRunIsExpectedToEnd() {
        progress = Progress.changing(out);
        Map<String, Duration> expected = Map.of("/a", seconds(60), "/b", seconds(90), "/c", seconds(30));
        progress.on(new RunEvent.RunStarted(
                stamp(),
                expected.entrySet().stream()
                        .map(test -> TestCase.named(test.getKey()).withExpected(test.getValue()))
                        .toList(),
                "default"));
        assertThat(status()).contains("about 3:00 min left");
        started("/b", seconds(90));
        started("/a", seconds(60));
        assertThat(status()).as("two at a time, the longest takes 90 s").contains("about 1:30 min left");
        now = now.plusSeconds(60);
        finished(record("/a", 1, false, Outcome.FAILED, ""), Excerpt.none());
        assertThat(status()).as("30 s of /b, and /c and /a again").contains("about 1:00 min left");
        started("/a", seconds(60));
        now = now.plusSeconds(59);
        assertThat(status()).as("/b is late").contains("about 30.0 s left");
        finished(record("/a", 2, true, Outcome.PASSED, ""), Excerpt.none());
        finished(record("/b", 1, true, Outcome.PASSED, ""), Excerpt.none());
        finished(record("/c", 0, true, Outcome.NOT_RUN, "cancelled"), Excerpt.none());
        assertThat(status()).doesNotContain("left");
    }

    @Test
    void endOfTestsWithoutExpectedDurationIsEstimatedFromOthers() {
        progress = Progress.changing(out);
        begin(10, "default");
        for (int i = 0; i < 5; i++) {
            assertThat(status()).as("%s tests have ended", i).doesNotContain("left");
            started("/planned/" + i, null);
            finished(record("/planned/" + i, 1, true, Outcome.PASSED, ""), Excerpt.none());
        }
        assertThat(status()).as("5 tests of 3 s").contains("about 15.0 s left");
    }

    /** Returns the status line. */
    private String status() {
        bytes.reset();
        progress.on(new RunEvent.Heartbeat(stamp()));
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Begins a run; the time advances only when a test does it. */
    private void begin(int planned, String platform) {
        now = BEGIN;
        progress.on(new RunEvent.RunStarted(
                stamp(),
                IntStream.range(0, planned)
                        .mapToObj(i -> TestCase.named("/planned/" + i))
                        .toList(),
                platform));
    }

    private RunEvent.Stamp stamp() {
        return new RunEvent.Stamp("run", ++events, now);
    }

    private void tellEachSecondUntil(Duration end) {
        while (Duration.between(BEGIN, now).compareTo(end) < 0) {
            now = now.plusSeconds(1);
            progress.on(new RunEvent.Heartbeat(stamp()));
        }
    }

    private void started(String test, @Nullable Duration expected) {
        progress.on(RunEvent.TestStarted.of(
                stamp(), TestCase.named(test).withExpected(expected), SystemInfo.named("host-3")));
    }

    private static TestRecord record(String test, int attempt, boolean last, Outcome outcome, @Nullable String note) {
        return TestRecord.of("default", test, TestEnd.of(outcome, note))
                .withAttempt(attempt, last)
                .withTimes(BEGIN, seconds(3))
                .withSystem(SystemInfo.named("host-3"), 1);
    }

    private void finished(TestRecord record, Excerpt excerpt) {
        progress.on(new RunEvent.TestFinished(stamp(), record, excerpt));
    }

    private void ended(List<TestSummary> tests, Problem... problems) {
        progress.on(new RunEvent.RunEnded(stamp(), new RunSummary(tests, Arrays.asList(problems), seconds(90))));
    }

    private static TestSummary summary(String test, Outcome outcome, @Nullable String note) {
        TestEnd end = TestEnd.of(outcome, note);
        return TestSummary.of(
                TestCase.named(test),
                end,
                outcome == Outcome.NOT_RUN ? List.of() : List.of(record(test, 1, true, outcome, note)));
    }

    private static Excerpt excerpt() {
        ReportedResult part =
                ReportedResult.of(Status.FAIL, "it is full", List.of()).withName("disk/root");
        List<String> lines =
                IntStream.rangeClosed(1, 20).mapToObj(i -> "output " + i + ".").toList();
        return new Excerpt(List.of(part), lines);
    }

    private List<String> lines() {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private List<String> linesWith(String text) {
        return lines().stream().filter(line -> line.contains(text)).toList();
    }

    /** CI services execute lines of the console that have the form of a command. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void outputOfTestsIsNoCommandToACiService(boolean changing) {
        progress = changing ? Progress.changing(out) : Progress.plain(out);
        List<String> commands = List.of(
                "##vso[task.complete result=Succeeded;]",
                "##[error]x",
                "##teamcity[buildStop]",
                "::error::x",
                "\u001b[0Ksection_start:1:x\r\u001b[0K");
        begin(commands.size(), "default");
        for (String command : commands) {
            ReportedResult part =
                    ReportedResult.of(Status.FAIL, command, List.of()).withName(command);
            started(command, null);
            finished(
                    record(command, 1, true, Outcome.FAILED, command),
                    new Excerpt(List.of(part), List.of(command, "before " + command)));
            progress.on(new RunEvent.SetupFailed(stamp(), command, command));
            progress.on(new RunEvent.Ingested(stamp(), record(command, 1, true, Outcome.FAILED, null), command, null));
        }
        ended(commands.stream()
                .map(command -> summary(command, Outcome.FAILED, command))
                .toList());
        assertThat(bytes.toString(StandardCharsets.UTF_8).split("[\n\r]", -1))
                .noneMatch(line -> line.matches(".*##[a-z]*\\[.*|(\u001b\\[K)?\\s*::.*"))
                .noneMatch(line -> line.contains("\u001b[0K"))
                .anyMatch(line -> line.contains("# #vso[task.complete"));
    }

    @Test
    void startOfATestIsPrinted() {
        begin(2, "default");
        started("/smoke", null);
        started("/long", seconds(600));
        progress.on(RunEvent.TestStarted.of(stamp(), TestCase.named("/again"), SystemInfo.named("host-4"))
                .withAttempt(2));

        assertThat(lines())
                .containsExactly(
                        "[0.0 s 0/2] 2 tests are planned",
                        "[0.0 s 0/2] started   /smoke on host-3",
                        "[0.0 s 0/2] started   /long on host-3, expected to take 10:00 min",
                        "[0.0 s 0/2] started   /again (attempt 2) on host-4");
    }

    @Test
    void longTestHasALineEveryMinuteAndLaterEveryFive() {
        begin(1, "default");
        started("/long", seconds(150));
        tellEachSecondUntil(Duration.ofMinutes(21));

        assertThat(linesWith("running   "))
                .startsWith(
                        "[1:00 min 0/1] running   /long for 1:00 min on host-3, expected to end in 1:30 min",
                        "[2:00 min 0/1] running   /long for 2:00 min on host-3, expected to end in 30.0 s",
                        "[3:00 min 0/1] running   /long for 3:00 min on host-3, 30.0 s more than expected")
                .endsWith(
                        "[15:00 min 0/1] running   /long for 15:00 min on host-3, 12:30 min more than expected",
                        "[20:00 min 0/1] running   /long for 20:00 min on host-3, 17:30 min more than expected")
                .hasSize(12);
    }

    @Test
    void manyLongTestsShareOneLine() {
        begin(100, "default");
        IntStream.range(0, 100).forEach(i -> started("/t/" + i, null));
        tellEachSecondUntil(seconds(60));

        assertThat(linesWith("running   "))
                .singleElement()
                .asString()
                .contains("100 tests still, the longest: /t/0 for 1:00 min, /t/1 for 1:00 min");
    }

    @Test
    void endedTestHasNoFurtherLines() {
        begin(1, "default");
        started("/short", null);
        finished(record("/short", 1, true, Outcome.PASSED, null), Excerpt.none());
        tellEachSecondUntil(seconds(300));

        assertThat(linesWith("running   ")).isEmpty();
    }

    @Test
    void statusIsPrintedAfterAMinuteWithoutLines() {
        begin(7, "default");
        progress.on(new RunEvent.SystemsRequested(stamp(), "provisioner 1", 3));
        tellEachSecondUntil(seconds(130));

        assertThat(linesWith("0 failed, 0 systems, 0 running"))
                .hasSize(2)
                .first()
                .asString()
                .startsWith("[1:00 min 0/7]");
    }

    @Test
    void clockMayBeSetBack() {
        begin(1, "default");
        started("/smoke", seconds(10));
        now = BEGIN.minusSeconds(3600);
        progress.on(new RunEvent.Heartbeat(stamp()));
        progress.on(new RunEvent.SystemReady(stamp(), SystemInfo.named("host-3"), seconds(9), seconds(2)));

        assertThat(lines()).last().asString().startsWith("[0.0 s 0/1]");
    }

    @Test
    void timeUntilReadyCountsFromTheRequest() {
        begin(1, "default");
        progress.on(new RunEvent.SystemReady(stamp(), SystemInfo.named("host-3"), seconds(70), seconds(20)));

        assertThat(lines()).last().asString().endsWith("system host-3 is ready after 1:10 min (setup 20.0 s)");
    }

    @Test
    void thePlatformIsAPrefixUnlessItIsTheDefault() {
        begin(1, "fedora-41");
        finished(record("/smoke", 1, true, Outcome.FAILED, null), excerpt());
        ended(List.of(summary("/smoke", Outcome.FAILED, null)));

        assertThat(lines()).allMatch(line -> line.startsWith("fedora-41"));
    }

    @Test
    void runsOnOneConsoleDoNotMixLines() throws Exception {
        List<String> calls = new ArrayList<>();
        PrintStream counting = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8) {
            @Override
            public void print(@Nullable String text) {
                calls.add(String.valueOf(text));
            }
        };
        progress = Progress.plain(counting);
        begin(1, "fedora-41");
        finished(record("/smoke", 1, true, Outcome.FAILED, null), excerpt());
        ended(List.of(summary("/smoke", Outcome.FAILED, null)));

        assertThat(calls).as("one call for each event").hasSize(3).allMatch(text -> text.endsWith("\n"));
    }

    @Test
    void firstFailureIsPrintedAndRepetitionsAreCounted() {
        begin(1, "default");
        for (int i = 1; i <= 100; i++) {
            progress.on(new RunEvent.SetupFailed(
                    stamp(), "host-" + i, "host-" + i + ": port " + (40000 + i) + " is closed"));
            if (i == 1) {
                assertThat(lines()).last().asString().endsWith("host-1 failed: host-1: port 40001 is closed");
            }
        }
        progress.on(new RunEvent.SetupFailed(stamp(), "host-7", "its disk is full"));

        assertThat(linesWith("failed")).hasSize(4);
        assertThat(linesWith("the same reason 10 ×")).hasSize(1);
        assertThat(linesWith("the same reason 100 ×: host-100: port 40100 is closed"))
                .hasSize(1);
        assertThat(lines()).last().asString().contains("its disk is full");
    }

    @Test
    void aReasonOfTwoHundredTestsIsShort() {
        begin(200, "default");
        List<TestSummary> tests = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            started("/t/" + i, null);
            finished(record("/t/" + i, 1, true, Outcome.SETUP_FAILED, MISSING), Excerpt.none());
            tests.add(summary("/t/" + i, Outcome.SETUP_FAILED, MISSING));
        }
        ended(tests, Problem.infrastructure(MISSING));

        assertThat(bytes.size()).isLessThan(60_000);
        assertThat(linesWith("200 tests (/t/0, /t/1, /t/2 …): the image registry"))
                .hasSize(1);
    }

    @Test
    void testsNotRunForOneReasonShareOneLine() {
        begin(200, "default");
        List<TestSummary> tests = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            finished(TestRecord.notRun("default", "/t/" + i, MISSING), Excerpt.none());
            tests.add(summary("/t/" + i, Outcome.NOT_RUN, MISSING));
        }
        tests.add(summary("/other", Outcome.NOT_RUN, "the run was stopped before"));
        ended(tests);

        assertThat(linesWith("not_run")).hasSize(3 + 2 + 1);
        assertThat(linesWith("not_run   100 tests for the same reason as /t/0")).hasSize(1);
        assertThat(linesWith("not_run   200 tests (/t/0, /t/1, /t/2 …): the image"))
                .hasSize(1);
        assertThat(linesWith("not_run   /other: the run was stopped before")).hasSize(1);
        assertThat(lines()).last().asString().startsWith("201 tests: 201 not_run; incomplete");
        assertThat(bytes.size()).isLessThan(10_000);
    }

    @Test
    void failureHasItsPartsLastLinesAndLog(@TempDir Path files) throws IOException {
        Files.writeString(files.resolve("output.txt"), "output\n");
        begin(1, "default");
        finished(record("/smoke", 1, true, Outcome.FAILED, "exit code 1"), excerpt());
        progress.on(new RunEvent.Ingested(stamp(), record("/smoke", 1, true, Outcome.FAILED, null), "", files));
        List<String> asItHappens = lines();
        bytes.reset();
        ended(List.of(summary("/smoke", Outcome.FAILED, "exit code 1")
                .withExcerpt(excerpt())
                .withFiles(files)));

        List<String> below = new ArrayList<>(List.of("          fail disk/root: it is full"));
        IntStream.rangeClosed(13, 20).forEach(i -> below.add("          | output " + i + "."));
        assertThat(asItHappens)
                .containsSubsequence(below)
                .contains("[0.0 s 1/1] failed    /smoke (exit code 1) in 3.0 s")
                .last()
                .isEqualTo("[0.0 s 1/1] log       /smoke: " + files.resolve("output.txt"));
        below.add(0, "failed    /smoke: exit code 1");
        below.add("          log: " + files.resolve("output.txt"));
        assertThat(lines()).containsSubsequence(below);
    }

    @Test
    void theLogOfATestThatPassedIsNotShown(@TempDir Path files) {
        begin(1, "default");
        finished(record("/smoke", 1, true, Outcome.PASSED, null), Excerpt.none());
        progress.on(new RunEvent.Ingested(stamp(), record("/smoke", 1, true, Outcome.FAILED, null), "", files));

        assertThat(linesWith(files.toString())).isEmpty();
    }

    @Test
    void theNumberOfLastLinesIsAnOption() {
        Progress original = progress;
        progress = original.withLastLines(1);
        begin(1, "default");
        finished(record("/smoke", 1, true, Outcome.FAILED, null), excerpt());

        assertThat(linesWith("| output")).containsExactly("          | output 20.");
        assertThatThrownBy(() -> original.withLastLines(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }

    @Test
    void theSameOutputIsShownOnceWhileTheRunGoesOn() {
        begin(2, "default");
        finished(record("/one", 1, true, Outcome.FAILED, null), excerpt());
        finished(record("/two", 1, true, Outcome.FAILED, null), excerpt());

        assertThat(linesWith("| output")).hasSize(8);
        assertThat(lines()).last().asString().contains("the same as below /one");
    }

    @Test
    void commandsForAHeldSystemArePrinted() {
        begin(1, "run");
        progress.on(new RunEvent.SystemHeld(
                stamp(),
                SystemInfo.named("box-1"),
                "/test",
                stamp().at().plusSeconds(1800),
                List.of("ssh", "-p", "22", "me@box"),
                Path.of("/tmp/atex-held-1.txt")));
        assertThat(lines())
                .last()
                .asString()
                .endsWith("system box-1 is held for 30:00 min, as /test failed on it; to enter it: ssh -p 22 me@box;"
                        + " to free it: rm /tmp/atex-held-1.txt");
    }

    @Test
    void textFromTestsIsEscapedAndTruncated() {
        String nasty = "\u001b[2J\u0007\u009b31m\u202egnp.exe\u2028\ufeff\ud800\r\n\ttail";
        ReportedResult part = ReportedResult.of(Status.FAIL, nasty, List.of()).withName(nasty);
        Excerpt excerpt = new Excerpt(List.of(part), List.of(nasty, "y".repeat(100_000)));
        begin(1, nasty);
        progress.on(RunEvent.TestStarted.of(stamp(), TestCase.named(nasty), SystemInfo.named(nasty)));
        progress.on(new RunEvent.SetupFailed(stamp(), nasty, nasty));
        progress.on(new RunEvent.HostQuarantined(stamp(), nasty, nasty));
        progress.on(new RunEvent.SystemHeld(
                stamp(),
                SystemInfo.named(nasty),
                nasty,
                BEGIN.plusSeconds(60),
                List.of(nasty),
                Path.of("/tmp/\u202e")));
        progress.on(new RunEvent.Waiting(stamp(), 1, nasty));
        progress.on(new RunEvent.Abandoned(stamp(), nasty, seconds(1)));
        progress.on(new RunEvent.Paused(stamp(), nasty));
        progress.on(new RunEvent.SystemGone(stamp(), SystemInfo.named(nasty), nasty));
        finished(record(nasty, 1, true, Outcome.FAILED, nasty), excerpt);
        progress.on(new RunEvent.Ingested(stamp(), record(nasty, 1, true, Outcome.FAILED, null), nasty, null));
        progress.on(new RunEvent.Ingested(
                stamp(), record(nasty, 1, true, Outcome.FAILED, null), "", Path.of("/tmp/\u202e\u001b")));
        ended(
                List.of(TestSummary.of(TestCase.named(nasty), TestEnd.of(Outcome.FAILED, nasty), List.of())
                        .withExcerpt(excerpt)),
                Problem.infrastructure(nasty));

        String printed = bytes.toString(StandardCharsets.UTF_8);
        assertThat(printed).contains("\\x1b[2J\\x07\\x9b31m\\u202egnp.exe\\u2028\\ufeff\\ud800\\x0d     tail");
        assertThat(printed.codePoints().filter(c -> c != '\n' && Character.getType(c) != Character.UNASSIGNED))
                .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT)
                .noneMatch(c -> Character.getType(c) == Character.LINE_SEPARATOR);
        assertThat(lines()).allMatch(line -> line.length() < 1500);
        assertThat(printed).contains("… (99800 more characters)");
    }

    @Test
    void flakyTestsHaveTheirEarlierAttempts() {
        TestRecord first = record("/flaky", 1, false, Outcome.FAILED, "exit code 1");
        TestRecord second = record("/flaky", 2, true, Outcome.PASSED, null);
        begin(1, "default");
        finished(first, excerpt());
        finished(second, Excerpt.none());
        bytes.reset();
        ended(List.of(TestSummary.of(first.test(), second.end(), List.of(first, second))));

        assertThat(lines())
                .containsSubsequence(
                        "flaky     /flaky passed in attempt 2",
                        "          attempt 1 failed: exit code 1",
                        "          fail disk/root: it is full",
                        "          | output 20.",
                        "1 test: 1 passed (1 flaky); passed in 1:30 min");
    }

    @Test
    void knownFailureIsPrintedWithItsOwner() {
        KnownFailure rule = KnownFailure.of("/net", "the net team", LocalDate.of(2030, 1, 31), "issue 7");
        TestRecord record =
                record("/net", 1, true, Outcome.FAILED, "exit code 1").withKnown(rule);
        begin(1, "default");
        finished(record, excerpt());
        ended(List.of(TestSummary.of(record.test(), record.end(), List.of(record))));

        assertThat(lines())
                .contains(
                        "[0.0 s 1/1] known     /net (known failure until 2030-01-31, owner: the net team: issue 7) in 3.0 s",
                        "known     /net: known failure until 2030-01-31, owner: the net team: issue 7",
                        "1 test: 1 failed (1 known); passed in 1:30 min");
    }

    @Test
    void rerunThatNeverStartsIsPrinted() {
        begin(1, "default");
        finished(record("/smoke", 1, false, Outcome.FAILED, "exit code 1"), excerpt());
        assertThat(lines())
                .element(1)
                .asString()
                .isEqualTo("[0.0 s 0/1] failed    /smoke (exit code 1) in 3.0 s, and is run again");
        finished(record("/smoke", 1, true, Outcome.FAILED, "exit code 1"), excerpt());

        assertThat(lines()).last().isEqualTo("[0.0 s 1/1] failed    /smoke is not run again after all");
    }

    @Test
    void problemsHaveTheirVerdictAndCount() {
        begin(1, "default");
        progress.on(new RunEvent.Abandoned(stamp(), "the executor of /smoke on host-3", seconds(10)));
        progress.on(new RunEvent.Abandoned(stamp(), "the hook on host-4", seconds(10)));
        assertThat(lines())
                .last()
                .asString()
                .endsWith("the hook on host-4 did not return within 10.0 s, and the run goes on without it");
        bytes.reset();
        Problem closed = Problem.infrastructure("port 22 of host-1 is closed");
        ended(
                List.of(summary("/smoke", Outcome.PASSED, null)),
                Problem.overcome("a system was replaced"),
                closed,
                closed,
                Problem.notStored("the hook on host-4 was abandoned"));

        assertThat(lines())
                .containsExactly(
                        "",
                        "note      a system was replaced",
                        "problem   port 22 of host-1 is closed (2 ×)",
                        "problem   the hook on host-4 was abandoned",
                        "note      the executor of /smoke on host-3 did not return within 10.0 s, and the run goes on without it",
                        "1 test: 1 passed; infrastructure, not stored in 1:30 min");
    }

    @Test
    void hugeSummaryIsTruncatedAndNamesTheResults() {
        begin(3000, "default");
        List<TestSummary> tests = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            TestSummary test = summary("/t/" + i, i % 2 == 0 ? Outcome.FAILED : Outcome.ERROR, "exit code 1");
            tests.add(test.withExcerpt(excerpt()).withFiles(Path.of("/results/files/t/" + i)));
        }
        bytes.reset();
        ended(tests);

        assertThat(linesWith("| output 20.")).hasSize(50);
        assertThat(linesWith("failed    1475 more (/t/50, /t/52, ")).hasSize(1);
        assertThat(linesWith("error     1475 more (/t/51, /t/53, ")).hasSize(1);
        assertThat(linesWith("their files below /results/files/t")).hasSize(1);
        assertThat(bytes.size()).isLessThan(30_000);
    }

    @Test
    void theWorstComesFirst() {
        begin(3, "default");
        bytes.reset();
        ended(List.of(
                summary("/not", Outcome.NOT_RUN, "why"),
                summary("/lost", Outcome.LOST, "gone"),
                summary("/failed", Outcome.FAILED, null)));

        assertThat(lines()).startsWith("", "failed    /failed", "lost      /lost: gone", "not_run   /not: why");
    }

    @Test
    void repeatedProblemsArePrintedOnce() {
        begin(1, "default");
        progress.on(new RunEvent.Waiting(stamp(), 3, "for a system"));
        progress.on(new RunEvent.Waiting(stamp(), 3, "for a system"));
        for (int i = 0; i < 20; i++) {
            progress.on(new RunEvent.Ingested(
                    stamp(),
                    record("/t/" + i, 1, true, Outcome.FAILED, null),
                    "the results of /t/" + i + " are kept: disk full",
                    null));
        }

        assertThat(linesWith("3 tests wait for a system")).hasSize(1);
        assertThat(linesWith("disk full")).hasSize(2);
    }

    @Test
    void statusLineIsErasedAndImportantLinesStay() {
        progress = Progress.changing(out);
        begin(2, "default");
        started("/smoke", null);
        finished(record("/smoke", 1, true, Outcome.PASSED, null), Excerpt.none());
        finished(record("/bad", 1, true, Outcome.FAILED, null), excerpt());
        tellEachSecondUntil(seconds(130));
        ended(List.of(summary("/smoke", Outcome.PASSED, null), summary("/bad", Outcome.FAILED, null)));

        String printed = bytes.toString(StandardCharsets.UTF_8);
        assertThat(printed)
                .contains("\r\033[Kfailed    /bad in 3.0 s\n")
                .contains("\r\033[K\033[?7l2:10 min 2/2 done, 1 failed, 0 systems, 0 running\033[?7h")
                .doesNotContain("started   ")
                .endsWith("2 tests: 1 passed 1 failed; failed in 1:30 min\n");
    }

    @Test
    void dumbTerminalsAndNoColorGetPlainLines() {
        assertThat(Progress.canChange(true, Map.of("TERM", "xterm"))).isTrue();
        assertThat(Progress.canChange(true, Map.of())).isTrue();
        assertThat(Progress.canChange(true, Map.of("NO_COLOR", "")))
                .as("as specified by no-color.org")
                .isTrue();
        assertThat(Progress.canChange(true, Map.of("NO_COLOR", "1"))).isFalse();
        assertThat(Progress.canChange(true, Map.of("TERM", "dumb"))).isFalse();
        assertThat(Progress.canChange(false, Map.of("TERM", "xterm"))).isFalse();
    }

    @Test
    void charactersUnknownToTheConsoleAreReplaced() {
        progress = Progress.plain(new PrintStream(bytes, true, Charset.forName("US-ASCII")));
        begin(1, "default");
        for (int i = 0; i < 10; i++) {
            progress.on(new RunEvent.SetupFailed(stamp(), "host", "z".repeat(2000)));
        }

        assertThat(linesWith("10 x:")).hasSize(1);
        assertThat(linesWith("... (1000 more characters)")).hasSize(1);
        assertThat(linesWith("?")).isEmpty();
    }

    private RunSummary run(PrintStream stream) throws InterruptedException {
        try (var systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(2);
                var run = AdHocOrchestrator.builder(IntStream.range(0, 20)
                                .mapToObj(i -> TestCase.named("/t/" + i))
                                .toList())
                        .on(systems)
                        .with(FakeExecutors.passing(Duration.ZERO))
                        .into(RecordingAggregator.create())
                        .listener(Progress.plain(stream))
                        .build()) {
            return run.run();
        }
    }

    @Test
    @Timeout(120)
    void brokenPipeDoesNotEndTheRun() throws InterruptedException {
        PrintStream broken = new PrintStream(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                },
                true,
                StandardCharsets.UTF_8);
        RunSummary summary = run(broken);

        assertThat(broken.checkError()).isTrue();
        assertThat(summary.problems()).isEmpty();
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
    }

    @Test
    @Timeout(120)
    void throwingStreamDoesNotEndATest() throws InterruptedException {
        PrintStream throwing = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8) {
            @Override
            public void print(@Nullable String text) {
                throw new IllegalStateException("the console is closed");
            }
        };

        assertThat(run(throwing).counts()).isEqualTo(Map.of(Outcome.PASSED, 20));
    }
}
