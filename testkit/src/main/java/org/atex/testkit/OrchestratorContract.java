package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Need;
import org.atex.api.Orchestrator;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Provisioner;
import org.atex.api.RunSummary;
import org.atex.api.SetupException;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.TestSummary;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Tests of the rules for {@link Orchestrator}: O01 and following in {@code docs/contract.md}. The other blocks are
 * fakes.
 *
 * <p>An implementation inherits the tests by a subclass that creates an orchestrator.
 */
@Timeout(180)
@SuppressWarnings("try") // close() is called early on purpose
public abstract class OrchestratorContract {
    private static final Duration SHORT = Duration.ofMillis(5);

    private final RecordingAggregator aggregator = RecordingAggregator.create();
    private FakeProvisioner provisioner = FakeProvisioner.of(FakeSystem.ready()).maxSystems(3);

    /** For subclasses. */
    protected OrchestratorContract() {}

    /**
     * {@return an orchestrator that starts each test as soon as possible, and does not rerun tests}
     *
     * @param tests the tests
     * @param systems the provisioner; at most three systems are used
     * @param executors the factory of executors
     * @param results the aggregator
     * @throws Exception if it cannot be created
     */
    protected abstract Orchestrator orchestrate(
            List<TestCase> tests, Provisioner systems, Executor.Factory executors, Aggregator results) throws Exception;

    /** {@return whether the orchestrator supports {@link TestCase#needs}} */
    protected boolean canFitNeeds() {
        return true;
    }

    @AfterEach
    void closeLast() {
        provisioner.close();
        aggregator.close();
    }

    private static List<TestCase> tests(int count) {
        return IntStream.rangeClosed(1, count)
                .<TestCase>mapToObj(i -> TestCase.named("/test-" + i))
                .toList();
    }

    private Orchestrator orchestrate(List<TestCase> tests, FakeExecutors executors) throws Exception {
        return orchestrate(tests, provisioner, executors, aggregator);
    }

    private static List<Outcome> outcomes(RunSummary summary) {
        return summary.tests().stream().map(test -> test.end().outcome()).toList();
    }

    private void assertNothingIsLeft(FakeExecutors executors) {
        assertThat(executors.openNow()).as("executors that were not closed").isZero();
        assertThat(provisioner.openNow()).as("systems that were not given back").isZero();
    }

    @Test
    void o01_everyTestHasOneOutcomeInTheOrderOfThePlan() throws Exception {
        FakeExecutors executors = FakeExecutors.running(
                Map.of("/test-2", FakeRun.failing(SHORT), "/test-4", FakeRun.ending(SHORT, Outcome.SKIPPED)));
        List<TestCase> tests = tests(6);
        try (Orchestrator orchestrator = orchestrate(tests, executors)) {
            RunSummary summary = orchestrator.run();

            assertThat(summary.tests().stream().map(TestSummary::name))
                    .containsExactlyElementsOf(
                            tests.stream().map(TestCase::name).toList());
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 4, Outcome.FAILED, 1, Outcome.SKIPPED, 1));
            assertThat(summary.exitCode()).isEqualTo(1);
            assertThat(summary.problems()).isEmpty();
        }
    }

    @Test
    void o02_everyAttemptIsIngestedOnce() throws Exception {
        try (Orchestrator orchestrator = orchestrate(tests(20), FakeExecutors.passing(Duration.ZERO))) {
            orchestrator.run();
        }
        assertThat(aggregator.records().stream().map(TestRecord::name))
                .containsExactlyInAnyOrderElementsOf(
                        tests(20).stream().map(TestCase::name).toList());
        assertThat(aggregator.entries()).allSatisfy(entry -> {
            assertThat(entry.record().attempt()).isEqualTo(1);
            assertThat(entry.record().last()).isTrue();
            assertThat(entry.record().system()).isNotNull();
            assertThat(entry.results()).hasSize(1);
        });
    }

    @Test
    void o03_allSystemsAreGivenBackAfterARun() throws Exception {
        FakeExecutors executors = FakeExecutors.passing(SHORT);
        try (Orchestrator orchestrator = orchestrate(tests(9), executors)) {
            orchestrator.run();
            assertNothingIsLeft(executors);
        }
        assertThat(aggregator.isClosed())
                .as("the aggregator is closed, although only its owner may close it")
                .isFalse();
        provisioner.provision(1);
        assertThat(provisioner.take(Call.SOON))
                .as("the provisioner still works")
                .isNotNull();
    }

    @Test
    void o04_runWithoutTestsIsRejected() {
        assertThatThrownBy(() -> {
                    try (Orchestrator orchestrator = orchestrate(List.of(), FakeExecutors.passing(SHORT))) {
                        orchestrator.run();
                    }
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no test");
    }

    @Test
    void o05_secondRunIsRejected() throws Exception {
        Orchestrator orchestrator = orchestrate(tests(1), FakeExecutors.passing(SHORT));
        orchestrator.run();

        assertThatThrownBy(orchestrator::run).isInstanceOf(IllegalStateException.class);
        orchestrator.close();
        assertThatThrownBy(orchestrator::run).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void o06_closedOrchestratorDoesNotRun() throws Exception {
        FakeExecutors executors = FakeExecutors.passing(SHORT);
        Orchestrator orchestrator = orchestrate(tests(1), executors);
        orchestrator.close();
        orchestrator.close();

        assertThatThrownBy(orchestrator::run).isInstanceOf(IllegalStateException.class);
        orchestrator.stop(Stop.CANCEL);
        assertThat(executors.started()).isEmpty();
    }

    @Test
    void o07_stopBeforeTheRunEndsIt() throws Exception {
        FakeExecutors executors = FakeExecutors.passing(SHORT);
        try (Orchestrator orchestrator = orchestrate(tests(3), executors)) {
            orchestrator.stop(Stop.DRAIN);
            RunSummary summary = orchestrator.run();

            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.NOT_RUN, 3));
            assertThat(summary.exitCode()).isEqualTo(3);
            assertThat(executors.started()).isEmpty();
        }
        assertNothingIsLeft(executors);
    }

    @Test
    void o08_drainLetsRunningTestsEnd() throws Exception {
        ManualClock clock = ManualClock.at(Instant.EPOCH);
        FakeExecutors executors = FakeExecutors.passing(Duration.ofMinutes(1)).withSleeper(clock);
        try (Orchestrator orchestrator = orchestrate(tests(9), executors)) {
            Call<RunSummary> run = Call.of(orchestrator::run);
            clock.awaitSleepers(1);
            orchestrator.stop(Stop.DRAIN);
            // The number of tests that have started by then is not known, so the clock advances until the run ends.
            Call<Boolean> ticks = Call.to(() -> {
                while (true) {
                    clock.awaitSleepers(1);
                    clock.advance(Duration.ofMinutes(1));
                }
            });
            RunSummary summary = run.result();
            ticks.interrupt();

            assertThat(outcomes(summary)).containsOnly(Outcome.PASSED, Outcome.NOT_RUN);
            assertThat(summary.counts().get(Outcome.PASSED)).isBetween(1, 8);
            assertThat(summary.counts().get(Outcome.PASSED))
                    .isEqualTo(executors.started().size());
        }
        assertThat(aggregator.records()).hasSize(9);
        assertNothingIsLeft(executors);
    }

    @Test
    void o09_cancelEndsRunningTestsAndKeepsTheirResults() throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> FakeRun.endless());
        try (Orchestrator orchestrator = orchestrate(tests(9), executors)) {
            Call<RunSummary> run = Call.of(orchestrator::run);
            Call.eventually("a test runs", () -> !executors.started().isEmpty());
            orchestrator.stop(Stop.CANCEL);
            RunSummary summary = run.result();

            assertThat(outcomes(summary)).containsOnly(Outcome.CANCELLED, Outcome.NOT_RUN);
            assertThat(summary.counts()).containsKey(Outcome.CANCELLED);
            assertThat(summary.exitCode()).isEqualTo(3);
        }
        assertThat(aggregator.entries().stream()
                        .filter(entry -> entry.record().end().outcome() == Outcome.CANCELLED))
                .isNotEmpty()
                .allSatisfy(entry -> assertThat(entry.results()).isNotEmpty());
        assertNothingIsLeft(executors);
    }

    @Test
    void o10_stopNowEndsTheRun() throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> FakeRun.endless());
        try (Orchestrator orchestrator = orchestrate(tests(9), executors)) {
            Call<RunSummary> run = Call.of(orchestrator::run);
            Call.eventually("a test runs", () -> !executors.started().isEmpty());
            orchestrator.stop(Stop.NOW);
            orchestrator.stop(Stop.DRAIN);

            assertThat(run.result().tests()).hasSize(9);
        }
        assertThat(provisioner.openNow()).isZero();
    }

    @Test
    void o11_interruptStopsTheRun() throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> FakeRun.endless());
        try (Orchestrator orchestrator = orchestrate(tests(9), executors)) {
            Call<RunSummary> run = Call.of(orchestrator::run);
            Call.eventually("a test runs", () -> !executors.started().isEmpty());

            assertThat(run.interrupt().failure()).isInstanceOf(InterruptedException.class);
            assertNothingIsLeft(executors);
        }
        assertThat(aggregator.records()).isNotEmpty();
    }

    @Test
    void o12_closeStopsAnActiveRun() throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> FakeRun.endless());
        Orchestrator orchestrator = orchestrate(tests(9), executors);
        Call<RunSummary> run = Call.of(orchestrator::run);
        Call.eventually("a test runs", () -> !executors.started().isEmpty());

        Call.to(orchestrator::close).result();

        // Without waiting for the run: close() returns only after all systems are given back.
        assertNothingIsLeft(executors);
        assertThat(run.result().tests()).hasSize(9);
    }

    @Test
    void o13_lostSystemAffectsOneTest() throws Exception {
        FakeExecutors executors = FakeExecutors.running(Map.of("/test-1", FakeRun.ending(SHORT, Outcome.LOST)));
        try (Orchestrator orchestrator = orchestrate(tests(12), executors)) {
            RunSummary summary = orchestrator.run();

            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 11, Outcome.LOST, 1));
            assertThat(summary.exitCode()).isEqualTo(2);
        }
        assertNothingIsLeft(executors);
    }

    @Test
    void o14_failingProvisionerEndsTheRun() throws Exception {
        provisioner = FakeProvisioner.of(FakeSystem.failing("no machine in the rack answers"));
        try (Orchestrator orchestrator = orchestrate(tests(3), FakeExecutors.passing(SHORT))) {
            RunSummary summary = Call.of(orchestrator::run).result();

            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.NOT_RUN, 3));
            assertThat(summary.tests().getFirst().end().note()).contains("no machine in the rack answers");
        }
    }

    @Test
    void o15_failingSetupEndsTheRun() throws Exception {
        FakeExecutors executors = FakeExecutors.passing(SHORT).withSetup(connection -> {
            throw new SetupException("no room on the disk", null);
        });
        try (Orchestrator orchestrator = orchestrate(tests(3), executors)) {
            RunSummary summary = Call.of(orchestrator::run).result();

            assertThat(summary.tests())
                    .hasSize(3)
                    .allSatisfy(test -> assertThat(test.end().outcome()).isIn(Outcome.NOT_RUN, Outcome.SETUP_FAILED))
                    .anySatisfy(test -> assertThat(test.end().note()).contains("no room on the disk"));
        }
        assertNothingIsLeft(executors);
    }

    @Test
    void o16_unstoredResultsAreAProblem() throws Exception {
        RecordingAggregator failing =
                RecordingAggregator.failing(record -> record.name().equals("/test-2"));
        try (Orchestrator orchestrator = orchestrate(tests(3), provisioner, FakeExecutors.passing(SHORT), failing)) {
            RunSummary summary = orchestrator.run();

            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 3));
            assertThat(summary.problems())
                    .anySatisfy(problem -> assertThat(problem.message()).contains("/test-2"));
            assertThat(summary.exitCode()).isEqualTo(4);
        }
        assertThat(failing.records()).hasSize(2);
    }

    @Test
    void o17_testThatFitsNoSystemIsNotRun() throws Exception {
        assumeTrue(canFitNeeds(), "this orchestrator does not support needs");
        provisioner = FakeProvisioner.of(FakeSystem.ready().withLabels(Map.of("arch", "x86_64")))
                .maxSystems(3);
        List<TestCase> tests =
                List.of(TestCase.named("/other").withNeed(Need.of("arch", "s390x")), TestCase.named("/here"));
        try (Orchestrator orchestrator = orchestrate(tests, FakeExecutors.passing(SHORT))) {
            RunSummary summary = Call.of(orchestrator::run).result();

            assertThat(outcomes(summary)).containsExactly(Outcome.NOT_RUN, Outcome.PASSED);
            assertThat(summary.tests().getFirst().end().note()).contains("arch");
        }
    }

    @Test
    void o18_duplicateNameIsRejected() {
        List<TestCase> twice = List.of(TestCase.named("/test"), TestCase.named("/test"));

        assertThatThrownBy(() -> {
                    try (Orchestrator orchestrator = orchestrate(twice, FakeExecutors.passing(SHORT))) {
                        orchestrator.run();
                    }
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/test");
        assertThat(provisioner.asked()).isZero();
    }

    @Test
    void o19_stoppingFromManyThreadsIsHarmless() throws Exception {
        FakeExecutors executors = FakeExecutors.passing(SHORT);
        try (Orchestrator orchestrator = orchestrate(tests(30), executors)) {
            Call<RunSummary> run = Call.of(orchestrator::run);
            for (Stop how : List.of(Stop.DRAIN, Stop.CANCEL, Stop.NOW, Stop.CANCEL, Stop.DRAIN)) {
                Call.to(() -> orchestrator.stop(how)).result();
            }
            RunSummary summary = run.result();
            assertThat(summary.tests()).hasSize(30);
            assertThat(summary.counts().values().stream()
                            .mapToInt(Integer::intValue)
                            .sum())
                    .isEqualTo(30);
        }
        assertThat(provisioner.openNow()).isZero();
    }

    @Test
    void o20_failedCloseIsAProblem() throws Exception {
        FakeExecutors executors = FakeExecutors.passing(SHORT);
        Executor.Factory failing = system -> failingToClose(executors.open(system));
        try (Orchestrator orchestrator = orchestrate(tests(3), provisioner, failing, aggregator)) {
            RunSummary summary = Call.of(orchestrator::run).result();

            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 3));
            assertThat(summary.problems())
                    .anySatisfy(problem -> assertThat(problem.message()).contains("could not delete its directory"));
            assertThat(summary.exitCode()).isEqualTo(2);
        }
        assertThat(aggregator.records()).hasSize(3);
        assertNothingIsLeft(executors);
    }

    private static Executor failingToClose(Executor good) {
        return new Executor() {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                return good.run(test, into);
            }

            @Override
            public void close() {
                good.close();
                throw new SetupException("could not delete its directory", null);
            }
        };
    }

    @Test
    void o22_recordsHaveThePropertiesOfTheTest() throws Exception {
        List<PlainTest> tests = List.of(
                TestCase.named("/a")
                        .withSource(new TestSource("tests/main.fmf", 7))
                        .withTag("slow")
                        .withExpected(Duration.ofMinutes(3)),
                TestCase.named("/b"));
        RunSummary summary;
        try (Orchestrator orchestrator = orchestrate(List.copyOf(tests), FakeExecutors.passing(Duration.ZERO))) {
            summary = orchestrator.run();
        }
        assertThat(aggregator.records()).extracting(TestRecord::test).containsExactlyInAnyOrderElementsOf(tests);
        assertThat(summary.tests()).extracting(TestSummary::test).containsExactlyInAnyOrderElementsOf(tests);
    }
}
