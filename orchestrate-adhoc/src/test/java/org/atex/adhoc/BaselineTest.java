package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.Verdict;
import org.atex.artifacts.PastRun;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** With a baseline, only failures that are new make a run fail. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class BaselineTest {
    @TempDir
    private Path directory;

    private static List<PlainTest> tests(String... names) {
        return Stream.of(names).map(TestCase::named).toList();
    }

    private RunSummary run(List<PlainTest> tests, Set<String> failing, Set<String> lost, @Nullable PastRun baseline)
            throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> failing.contains(test.name())
                ? FakeRun.failing(Duration.ZERO)
                : lost.contains(test.name())
                        ? FakeRun.ending(Duration.ZERO, Outcome.LOST)
                        : FakeRun.passing(Duration.ZERO));
        AdHocOrchestrator.Builder builder =
                AdHocOrchestrator.builder(tests).with(executors).keep(directory.resolve("runs"));
        if (baseline != null) {
            builder.baseline(baseline).maxFailures(2);
        }
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run =
                        builder.on(systems).maxSystems(1).into(results).build()) {
            return run.run();
        }
    }

    private PastRun latest() throws Exception {
        return PastRun.latest(directory.resolve("runs")).orElseThrow();
    }

    private static List<String> notes(RunSummary summary) {
        return summary.problems().stream().map(Problem::message).toList();
    }

    @Test
    void failuresOfTheBaselineDoNotCount() throws Exception {
        List<PlainTest> tests = tests("/a", "/b*", "/bc", "/d");
        assertThat(run(tests, Set.of("/b*"), Set.of(), null).verdict()).isEqualTo(Verdict.FAILED);
        PastRun baseline = latest();
        RunSummary summary = run(tests, Set.of("/b*"), Set.of(), baseline);
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(summary.exitCode()).isZero();
        KnownFailure known = summary.tests().get(1).known();
        assertThat(known).isNotNull();
        assertThat(known)
                .hasToString("known failure, owner: baseline: it failed in the run " + baseline.id() + " of "
                        + baseline.started() + ", too");
        assertThat(notes(summary))
                .singleElement()
                .asString()
                .contains("1 test failed, 1 of them also in", "none is new");
        assertThat(latest().failed())
                .as("the failure is recorded, so that the run can be the next baseline")
                .containsExactly("/b*");
        assertThat(latest().attempts()).anyMatch(record -> known.equals(record.known()));
    }

    @Test
    void newFailureCountsAndIsNamed() throws Exception {
        List<PlainTest> tests = tests("/b*", "/bc", "/d");
        run(tests, Set.of("/b*"), Set.of(), null);
        RunSummary summary = run(tests, Set.of("/b*", "/bc"), Set.of(), latest());
        assertThat(summary.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(summary.tests().get(1).known())
                .as("the name of a test in the baseline is not a pattern")
                .isNull();
        assertThat(notes(summary))
                .anySatisfy(note -> assertThat(note)
                        .contains("2 tests failed, 1 of them also in the run", "; 1 new: /bc")
                        .doesNotContain("without a result"));
    }

    @Test
    void testThatPassesAgainIsNamed() throws Exception {
        List<PlainTest> tests = tests("/a", "/b");
        run(tests, Set.of("/b"), Set.of(), null);
        RunSummary summary = run(tests, Set.of(), Set.of(), latest());
        assertThat(notes(summary))
                .singleElement()
                .asString()
                .startsWith("1 test passed that failed in the run")
                .endsWith(": /b");
    }

    @Test
    void testWithoutAResultInTheBaselineCounts() throws Exception {
        run(tests("/a", "/lost"), Set.of(), Set.of("/lost"), null);
        RunSummary summary = run(tests("/a", "/lost"), Set.of("/lost"), Set.of(), latest());
        assertThat(summary.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(notes(summary))
                .anySatisfy(
                        note -> assertThat(note).contains("; 1 new: /lost; 1 of these without a result in that run"));
    }

    @Test
    void infrastructureStillCounts() throws Exception {
        run(tests("/a"), Set.of("/a"), Set.of(), null);
        assertThat(run(tests("/a"), Set.of(), Set.of("/a"), latest()).verdict()).isEqualTo(Verdict.INFRASTRUCTURE);
    }

    @Test
    void baselineOfOtherTestsIsReported() throws Exception {
        run(tests("/other"), Set.of(), Set.of(), null);
        RunSummary summary = run(tests("/a"), Set.of(), Set.of(), latest());
        assertThat(notes(summary)).singleElement().asString().contains("use a run of the same tests as the baseline");
    }
}
