package org.atex.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.Command;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.History;
import org.atex.artifacts.PastRun;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.local.LocalProvisioner;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Findings have all that a person has to know of a run. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class FindingsTest {
    private static final FindingsOptions DEFAULTS = FindingsOptions.defaults();

    @TempDir
    private Path directory;

    @Test
    void findingsOfEventsTellEachKindOfResult() {
        Findings findings = SampleRun.findings(DEFAULTS);

        assertThat(findings.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(findings.hasEnded()).isTrue();
        assertThat(findings.tests()).isEqualTo(6);
        assertThat(findings.took()).isEqualTo(Duration.ofSeconds(83));
        assertThat(findings.counts())
                .isEqualTo(Map.of(Outcome.PASSED, 2, Outcome.FAILED, 1, Outcome.LOST, 1, Outcome.NOT_RUN, 2));
        assertThat(findings.failed())
                .as("the worst first")
                .extracting(FailedTest::name, FailedTest::reason, FailedTest::since)
                .containsExactly(
                        tuple("/net/dns", "exit code 3", null), tuple("/kernel/boot", "no answer for 60 s", null));
        FailedTest dns = findings.failed().get(0);
        assertThat(dns.system()).isEqualTo(SampleRun.SYSTEM);
        assertThat(dns.excerpt().lastLines()).containsExactly("first", "the last line");
        assertThat(dns.excerpt().parts()).extracting(ReportedResult::name).containsExactly("reverse");
        assertThat(findings.flaky())
                .singleElement()
                .satisfies(test -> assertThat(test.excerpt().lastLines())
                        .as("of the attempt that failed")
                        .containsExactly("raced"));
        assertThat(findings.notRun())
                .containsExactly(new NotRun("no system has a tape drive", Outcome.NOT_RUN, List.of("/tape", "/reel")));
        assertThat(findings.problems())
                .extracting(Problem::message)
                .containsExactly("system gamma could not be set up");
        assertThat(findings.again())
                .isEqualTo(new RunAgain(
                        List.of("/kernel/boot", "/net/dns", "/tape", "/reel"),
                        "tests.stream().filter(test -> Set.of(\"/kernel/boot\", \"/net/dns\", \"/tape\", \"/reel\")"
                                + ".contains(test.name())).toList()"));
    }

    @Test
    void findingsBeforeTheEndHaveTheTestsThatHaveEnded() {
        FindingsCollector collector = FindingsCollector.of(DEFAULTS);
        assertThat(collector.findings()).isEmpty();
        new SampleRun(collector).sendAll();

        Findings findings = collector.findings().orElseThrow();
        assertThat(findings.hasEnded()).isFalse();
        assertThat(findings.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(findings.failed()).extracting(FailedTest::name).containsExactly("/net/dns", "/kernel/boot");
        assertThat(findings.flaky()).extracting(FlakyTest::name).containsExactly("/net/flaky");
    }

    @Test
    void knownFailuresComeLastAndDoNotCount() {
        FindingsCollector collector = FindingsCollector.of(DEFAULTS);
        PlainTest known = TestCase.named("/known");
        PlainTest lost = TestCase.named("/lost");
        KnownFailure rule = KnownFailure.of("/known", "the kernel team", LocalDate.MAX, "bug 4711");
        new SampleRun(collector)
                .start(known, lost)
                .test(List.of(SampleRun.record(known, TestEnd.exited(1)).withKnown(rule)), Excerpt.none())
                .test(lost, TestEnd.of(Outcome.LOST, null), Excerpt.none())
                .end();

        Findings findings = collector.findings().orElseThrow();
        assertThat(findings.verdict()).isEqualTo(Verdict.INFRASTRUCTURE);
        assertThat(findings.failed()).extracting(FailedTest::name).containsExactly("/lost", "/known");
        assertThat(findings.failed().get(1).known()).isEqualTo(rule);
    }

    private static History history(PlainTest test, Outcome... outcomes) {
        History history = History.empty();
        for (int day = 1; day <= outcomes.length; day++) {
            TestRecord record = SampleRun.record(test, TestEnd.of(outcomes[day - 1], null))
                    .withTimes(SampleRun.START.minus(Duration.ofDays(outcomes.length + 1 - day)), Duration.ZERO);
            history = history.with(History.of("run " + day, List.of(record)));
        }
        return history;
    }

    private static FailingSince since(Outcome... outcomes) {
        PlainTest test = TestCase.named("/t");
        // The history of a run may have its own attempts already.
        History history = history(test, outcomes)
                .with(History.of(SampleRun.ID, List.of(SampleRun.record(test, TestEnd.exited(1)))));
        FindingsCollector collector = FindingsCollector.of(DEFAULTS.withHistory(history));
        new SampleRun(collector)
                .start(test)
                .test(test, TestEnd.exited(1), Excerpt.none())
                .end();
        return collector.findings().orElseThrow().failed().get(0).since();
    }

    @Test
    void historyTellsSinceWhenATestFails() {
        assertThat(since()).as("no earlier run").isNull();
        assertThat(since(Outcome.SKIPPED)).as("no earlier result").isNull();
        FailingSince isNew = since(Outcome.FAILED, Outcome.PASSED);
        assertThat(isNew.isNew()).isTrue();
        assertThat(isNew.run()).isEqualTo(SampleRun.ID);
        assertThat(isNew.lastPassed()).isEqualTo(SampleRun.START.minus(Duration.ofDays(1)));
        FailingSince old = since(Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.TIMED_OUT);
        assertThat(old)
                .isEqualTo(new FailingSince(
                        "run 2",
                        SampleRun.START.minus(Duration.ofDays(3)),
                        3,
                        SampleRun.START.minus(Duration.ofDays(4))));
        assertThat(since(Outcome.FAILED).lastPassed()).as("it never passed").isNull();
    }

    @Test
    void newFailuresComeFirst() {
        PlainTest old = TestCase.named("/old");
        PlainTest fresh = TestCase.named("/fresh");
        History history = history(old, Outcome.FAILED).with(history(fresh, Outcome.PASSED));
        FindingsCollector collector = FindingsCollector.of(DEFAULTS.withHistory(history));
        new SampleRun(collector)
                .start(old, fresh)
                .test(old, TestEnd.exited(1), Excerpt.none())
                .test(fresh, TestEnd.exited(1), Excerpt.none())
                .end();
        assertThat(collector.findings().orElseThrow().failed())
                .extracting(FailedTest::name)
                .containsExactly("/fresh", "/old");
    }

    /** Runs tests, and keeps the run; {@code /flaky} passes when it runs again. */
    private RunSummary run(List<CommandTest> tests, FindingsCollector collector) throws Exception {
        try (LocalProvisioner systems = LocalProvisioner.withMaxSystems(2);
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .keep(directory.resolve("runs"))
                        .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED))
                        .listener(collector)
                        .build()) {
            return run.run();
        }
    }

    private List<CommandTest> tests() {
        Path marker = directory.resolve("marker");
        return List.of(
                CommandTest.of("/passes", Command.bash("echo fine")),
                CommandTest.of("/fails", Command.bash("seq 100; echo 'the disk is full'; exit 3")),
                CommandTest.of(
                        "/flaky",
                        Command.bash("echo raced; [ -e '" + marker + "' ] || { touch '" + marker + "'; false; }")));
    }

    @Test
    void keptRunHasTheSameFindingsAsItsEvents() throws Exception {
        Path runs = directory.resolve("runs");
        FindingsCollector collector = FindingsCollector.of(DEFAULTS.withRuns(runs));
        RunSummary summary = run(tests(), collector);
        assertThat(summary.exitCode()).isEqualTo(1);

        Findings live = collector.findings().orElseThrow();
        PastRun past = PastRun.latest(runs).orElseThrow();
        Findings kept = Findings.of(past);

        assertThat(kept.run()).isEqualTo(live.run());
        assertThat(kept.directory()).isEqualTo(live.directory()).isEqualTo(past.directory());
        assertThat(kept.verdict()).isEqualTo(live.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(kept.counts()).isEqualTo(live.counts());
        assertThat(kept.again()).isEqualTo(live.again());
        assertThat(kept.again().java())
                .isEqualTo("AdHocOrchestrator.builder(PastRun.read(Path.of(\"" + past.directory()
                        + "\")).notPassed(tests))");
        for (Findings findings : List.of(kept, live)) {
            assertThat(findings.failed()).singleElement().satisfies(test -> {
                assertThat(test.name()).isEqualTo("/fails");
                assertThat(test.attempts()).hasSize(2);
                assertThat(test.excerpt().lastLines()).endsWith("100", "the disk is full");
                assertThat(test.files()).isDirectoryContaining("glob:**output.txt");
            });
            assertThat(findings.flaky()).singleElement().satisfies(test -> {
                assertThat(test.name()).isEqualTo("/flaky");
                assertThat(test.excerpt().lastLines()).containsExactly("raced");
            });
        }
        assertThat(kept.failed().get(0).excerpt().lastLines()).hasSize(20);
        assertThat(past.notPassed(tests())).extracting(CommandTest::name).containsExactly("/fails");
    }

    @Test
    void formerRunTellsSinceWhenATestFails() throws Exception {
        run(tests(), FindingsCollector.of(DEFAULTS));
        PastRun first = PastRun.latest(directory.resolve("runs")).orElseThrow();
        run(tests(), FindingsCollector.of(DEFAULTS));
        PastRun second = PastRun.latest(directory.resolve("runs")).orElseThrow();

        FailingSince since = Findings.of(second, DEFAULTS.withHistory(History.of(first)))
                .failed()
                .get(0)
                .since();
        assertThat(since.run()).isEqualTo(first.id());
        assertThat(since.runs()).isEqualTo(2);
        assertThat(since.lastPassed()).isNull();
    }

    @Test
    void allTestsHaveReasonsButOnlySomeHaveDetails() {
        List<String> calls = new ArrayList<>();
        List<Ended> tests = IntStream.range(0, 2000)
                .mapToObj(i -> {
                    TestRecord record = SampleRun.record(TestCase.named("/t" + i), TestEnd.exited(1));
                    return new Ended(
                            record.test(),
                            "fedora",
                            record.end(),
                            List.of(record),
                            Excerpt.none(),
                            Excerpt.none(),
                            null);
                })
                .toList();
        Findings findings = new Findings(
                new RunFacts(
                        "id",
                        "fedora",
                        null,
                        SampleRun.START,
                        Duration.ZERO,
                        true,
                        Verdict.FAILED,
                        2000,
                        tests,
                        List.of(),
                        test -> {
                            calls.add(test.test().name());
                            return test;
                        }),
                DEFAULTS);
        assertThat(findings.failed())
                .hasSize(2000)
                .allMatch(test -> test.reason().equals("exit code 1"));
        assertThat(calls).hasSize(Findings.MAX_DETAILED);
        assertThat(findings.again().java()).as("too many names for a line").isEmpty();
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> DEFAULTS.withMaxJsonBytes(100))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be at least 16384");
        assertThatThrownBy(() -> DEFAULTS.withMaxMarkdownBytes(100)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> DEFAULTS.withMaxLastLines(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SampleRun.findings(DEFAULTS).markdown(100))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Stream.of(SampleRun.findings(DEFAULTS).toString()))
                .containsExactly("findings of the run run-of-a-sample: FAILED, 2 of 6 tests failed");
    }
}
