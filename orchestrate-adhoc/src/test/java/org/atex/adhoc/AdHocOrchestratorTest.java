package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.atex.api.After;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Capability;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.KnownFailure;
import org.atex.api.Need;
import org.atex.api.Offer;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Provisioner;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.RunSummary;
import org.atex.api.SetupException;
import org.atex.api.Stop;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
@ExtendWith(LeakCheck.class)
class AdHocOrchestratorTest {
    private static final Duration SHORT = Duration.ofMillis(1);

    @TempDir
    private Path directory;

    private final RecordingAggregator results = RecordingAggregator.create();
    private final List<RunEvent> events = Collections.synchronizedList(new ArrayList<>());
    private final List<FakeProvisioner> provisioners = new ArrayList<>();

    @AfterEach
    void everySystemIsReleased() {
        for (FakeProvisioner provisioner : provisioners) {
            assertThat(provisioner.openNow())
                    .as("systems still held after the run")
                    .isZero();
            provisioner.close();
        }
        results.close();
    }

    private FakeProvisioner systems(FakeSystem system) {
        FakeProvisioner provisioner = FakeProvisioner.of(system);
        provisioners.add(provisioner);
        return provisioner;
    }

    private static List<TestCase> tests(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> (TestCase) TestCase.named("/t" + i))
                .toList();
    }

    private AdHocOrchestrator.Builder run(List<TestCase> tests, Executor.Factory executors) {
        return AdHocOrchestrator.builder(tests)
                .with(executors)
                .into(results)
                .workDirectory(directory.resolve("work"))
                .listener(events::add);
    }

    private RunSummary run(List<TestCase> tests, int systems, Executor.Factory executors) throws InterruptedException {
        try (AdHocOrchestrator run = run(tests, executors)
                .on(systems(FakeSystem.ready()))
                .maxSystems(systems)
                .build()) {
            return run.run();
        }
    }

    private <E extends RunEvent> List<E> events(Class<E> type) {
        synchronized (events) {
            return events.stream().filter(type::isInstance).map(type::cast).toList();
        }
    }

    private static <E extends RunEvent> RunListener latch(Class<E> type, CountDownLatch latch) {
        return event -> {
            if (type.isInstance(event)) {
                latch.countDown();
            }
        };
    }

    @Test
    void eventsContainEverythingNeededToFollowTheRun() throws Exception {
        List<TestCase> tests = List.of(
                TestCase.named("/a").withTag("slow").withExpected(Duration.ofHours(1)),
                TestCase.named("/b").withNeed(Need.of("arch", "x86_64")));
        FakeSystem system = FakeSystem.ready().withLabels(Map.of("arch", "x86_64"));
        try (AdHocOrchestrator run = run(tests, FakeExecutors.passing(SHORT))
                .on("beaker", systems(system))
                .maxSystems(1)
                .build()) {
            run.run();
        }
        assertThat(events.stream().map(event -> event.stamp().number()))
                .as("the numbers of the events, in the order of delivery")
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, events.size()).boxed().toList());
        assertThat(events.stream().map(event -> event.stamp().run()).distinct()).hasSize(1);
        assertThat(events(RunEvent.RunStarted.class).get(0).plan()).isEqualTo(tests);
        SystemInfo ready = events(RunEvent.SystemReady.class).get(0).system();
        assertThat(ready.provisioner()).isEqualTo("beaker");
        assertThat(ready.labels()).containsEntry("arch", "x86_64");
        assertThat(events(RunEvent.SystemsRequested.class))
                .allMatch(asked -> asked.provisioner().equals("beaker"));
        assertThat(events(RunEvent.TestStarted.class))
                .hasSize(2)
                .allMatch(started -> started.system().equals(ready));
        assertThat(results.records()).allMatch(record -> ready.equals(record.system()));
        assertThat(events(RunEvent.Ingested.class))
                .extracting(RunEvent.Ingested::record)
                .containsExactlyInAnyOrderElementsOf(results.records());
    }

    @Test
    void provisionerNamesMustBeUnique() {
        AdHocOrchestrator.Builder builder = run(tests(1), FakeExecutors.passing(SHORT));
        builder.on("one", systems(FakeSystem.ready()));
        assertThatThrownBy(() -> builder.on("one", systems(FakeSystem.ready())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("two provisioners of the run are named one");
    }

    @Test
    void runsEveryTestAndStoresItsResults() throws Exception {
        RunSummary summary = run(tests(50), 4, FakeExecutors.passing(SHORT));
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(summary.exitCode()).isZero();
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 50));
        assertThat(results.records()).extracting(TestRecord::name).hasSize(50).doesNotHaveDuplicates();
        assertThat(results.entries()).allMatch(entry -> entry.results().size() == 1);
        assertThat(directory.resolve("work")).isEmptyDirectory();
    }

    @Test
    void refusesARunWithoutTestsUnlessAllowed() throws Exception {
        AdHocOrchestrator.Builder nothing =
                run(List.of(), FakeExecutors.passing(SHORT)).on(systems(FakeSystem.ready()));
        assertThatThrownBy(nothing::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no test to run", "allowEmpty()");
        try (AdHocOrchestrator run = nothing.allowEmpty().build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
    }

    @Test
    void refusesAnOrderThatThrows() {
        AdHocOrchestrator.Builder disorder = run(tests(2), FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready()))
                .order((a, b) -> {
                    throw new IllegalStateException("no order");
                });
        assertThatThrownBy(disorder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no order");
    }

    @Test
    void refusesATestIfNoProvisionerMeetsAllItsNeeds() {
        AdHocOrchestrator.Builder builder = run(
                        List.of(TestCase.named("/both")
                                .withNeed(Need.of("arch", "x86_64"))
                                .withNeed(Need.of("size", "big"))),
                        FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready().withLabels(Map.of("arch", "x86_64", "size", "small"))))
                .on(systems(FakeSystem.ready().withLabels(Map.of("arch", "aarch64", "size", "big"))));
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/both needs a system with all of", "size=big", "arch=x86_64");
    }

    @Test
    void refusesATestIfAllSystemsAreReservedForOthers() throws Exception {
        List<TestCase> tests =
                new ArrayList<>(List.of(TestCase.named("/reserved").withNeed(Need.of(Capability.RESERVED, "others"))));
        FakeProvisioner reserved = systems(FakeSystem.ready().withLabels(Map.of(Capability.RESERVED, "others")));
        try (AdHocOrchestrator run =
                run(tests, FakeExecutors.passing(SHORT)).on(reserved).build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        tests.add(TestCase.named("/any"));
        AdHocOrchestrator.Builder builder =
                run(tests, FakeExecutors.passing(SHORT)).on(reserved);
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/any needs a system that is not reserved");
    }

    @Test
    void groupsAndDependenciesAreObserved() throws Exception {
        List<TestCase> tests = new ArrayList<>(tests(20));
        for (int i = 1; i <= 5; i++) {
            tests.add(TestCase.named("/upgrade" + i).withGroup("upgrade"));
        }
        tests.add(TestCase.named("/last").withPriority(100).withAfter(After.passOf("/upgrade5")));
        try (AdHocOrchestrator run = run(tests, FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready()).maxSystems(4))
                .group(TestGroup.serial("upgrade"))
                .build()) {
            assertThat(run.run().counts()).isEqualTo(Map.of(Outcome.PASSED, 26));
        }
        List<RunEvent.TestStarted> upgrades = events(RunEvent.TestStarted.class).stream()
                .filter(event -> event.test().name().startsWith("/upgrade"))
                .toList();
        assertThat(upgrades)
                .extracting(event -> event.test().name())
                .containsExactly("/upgrade1", "/upgrade2", "/upgrade3", "/upgrade4", "/upgrade5");
        assertThat(upgrades)
                .extracting(RunEvent.TestStarted::system)
                .containsOnly(upgrades.get(0).system());
        assertThat(events(RunEvent.TestStarted.class))
                .extracting(event -> event.test().name())
                .containsSubsequence("/upgrade5", "/last");
    }

    @Test
    void rulesOfAGroupWithoutTestsAreReported() throws Exception {
        try (AdHocOrchestrator run = run(tests(1), FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready()))
                .group(TestGroup.free("typo"))
                .build()) {
            assertThat(run.run().problems())
                    .anySatisfy(problem -> assertThat(problem.message()).contains("typo", "no test of the run"));
        }
    }

    @Test
    void knownFailuresDoNotCountUntilTheyExpire() throws Exception {
        LocalDate day = LocalDate.of(2030, 6, 15);
        List<TestCase> tests = new ArrayList<>(tests(3));
        String first = tests.get(0).name();
        AdHocOrchestrator.Builder builder = run(tests, FakeExecutors.running(test -> FakeRun.failing(SHORT)))
                .on(systems(FakeSystem.ready()))
                .clock(() -> day.atStartOfDay(ZoneId.systemDefault()).toInstant());
        builder.known(
                KnownFailure.of(first, "the net team", day, "issue 7"),
                KnownFailure.of("/t[1]", "nobody", day, "not a pattern"),
                KnownFailure.of(tests.get(1).name(), "the disk team", day.minusDays(1), "issue 8"),
                KnownFailure.of("*2", "the cpu team", day, "issue 9"));
        RunSummary summary;
        try (AdHocOrchestrator run = builder.build()) {
            summary = run.run();
        }
        assertThat(summary.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(summary.tests())
                .extracting(
                        test -> test.known() == null ? "counts" : test.known().owner())
                .containsExactly("the net team", "counts", "the cpu team");
        assertThat(summary.problems())
                .extracting(Problem::message)
                .anySatisfy(message -> assertThat(message).contains("has expired", "the disk team", "issue 8"))
                .anySatisfy(message -> assertThat(message).contains("no test of the run", "nobody"));
        assertThat(summary.tests().get(0).verdict()).isEqualTo(Verdict.PASSED);
        assertThat(results.records())
                .as("the failure is recorded")
                .extracting(record -> record.end().outcome())
                .containsOnly(Outcome.FAILED);
    }

    @Test
    void tellsWhyEachTestWaits() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        List<TestCase> tests = List.of(
                TestCase.named("/holder").withPriority(1).withLock(TestLock.exclusive("port")),
                TestCase.named("/locked").withLock(TestLock.shared("port")),
                TestCase.named("/alone").withLock(TestLock.exclusive(TestLock.EVERYTHING)),
                TestCase.named("/after").withAfter(After.endOf("/holder")));
        Executor.Factory executors = FakeExecutors.running(test -> {
            begun.countDown();
            awaitUnchecked(asked);
            return FakeRun.passing(SHORT);
        });
        try (AdHocOrchestrator run = run(tests, executors)
                .on(systems(FakeSystem.ready()).maxSystems(2))
                .build()) {
            assertThat(run.whyWaiting()).isEmpty();
            CompletableFuture<RunSummary> summary = Runs.begin(run);
            begun.await();

            assertThat(run.whyWaiting())
                    .containsEntry("/locked", "for the lock port, which /holder holds")
                    .containsEntry("/alone", "until no other test runs")
                    .containsEntry("/after", "for the end of /holder")
                    .hasSize(3);
            asked.countDown();
            assertThat(summary.get(20, TimeUnit.SECONDS).verdict()).isEqualTo(Verdict.PASSED);
            assertThat(run.whyWaiting()).isEmpty();
        }
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void knownFailureThatPassesIsTold() throws Exception {
        try (AdHocOrchestrator run = run(tests(1), FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready()))
                .known(KnownFailure.of("/t*", "the net team", LocalDate.MAX, "issue 7"))
                .build()) {
            assertThat(run.run().problems())
                    .extracting(Problem::message)
                    .anySatisfy(message -> assertThat(message).contains("passed: remove the rule for /t*"));
        }
    }

    @Test
    void deliversEventsInOrder() throws Exception {
        run(tests(1), 1, FakeExecutors.passing(SHORT));
        assertThat(events.stream()
                        .map(event -> event.getClass().getSimpleName())
                        .filter(name -> !name.equals("Waiting")))
                .startsWith("RunStarted", "SystemsRequested", "SystemReady", "TestStarted", "TestFinished")
                .contains("Ingested", "SystemGone")
                .endsWith("RunEnded");
    }

    @Test
    void runsAFailedTestAgain() throws Exception {
        Map<String, Integer> tries = new HashMap<>();
        FakeExecutors executors = FakeExecutors.running(test ->
                tries.merge(test.name(), 1, Integer::sum) == 1 ? FakeRun.failing(SHORT) : FakeRun.passing(SHORT));
        try (AdHocOrchestrator run = run(tests(1), executors)
                .on(systems(FakeSystem.ready()))
                .reruns(RerunPolicy.maxReruns(2))
                .build()) {
            RunSummary summary = run.run();
            assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
            assertThat(summary.tests().get(0).flaky()).isTrue();
        }
        assertThat(results.records()).extracting(TestRecord::attempt).containsExactly(1, 2);
        assertThat(results.records()).extracting(TestRecord::last).containsExactly(false, true);
    }

    @Test
    void replacesTheSystemAfterADestructiveTest() throws Exception {
        List<TestCase> tests =
                List.of(TestCase.named("/first").withDestructive(true).withPriority(1), TestCase.named("/second"));
        FakeProvisioner systems = systems(FakeSystem.ready());
        try (AdHocOrchestrator run = run(tests, FakeExecutors.passing(SHORT))
                .on(systems)
                .maxSystems(1)
                .build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(systems.handedOut()).hasSize(2);
        assertThat(systems.mostOpen()).isEqualTo(1);
        assertThat(results.records()).extracting(TestRecord::system).doesNotHaveDuplicates();
    }

    @Test
    void resetsASpentSystemIfPossible() throws Exception {
        List<TestCase> tests =
                List.of(TestCase.named("/first").withDestructive(true).withPriority(1), TestCase.named("/second"));
        FakeProvisioner systems = systems(FakeSystem.ready().withReset());
        FakeExecutors executors = FakeExecutors.passing(SHORT);
        try (AdHocOrchestrator run =
                run(tests, executors).on(systems).maxSystems(1).build()) {
            run.run();
        }
        assertThat(systems.handedOut()).hasSize(1);
        assertThat(executors.openNow()).as("executors still open").isZero();
    }

    @Test
    void usesEverySlot() throws Exception {
        FakeProvisioner systems = systems(FakeSystem.ready().withSlots(3));
        CountDownLatch together = new CountDownLatch(3);
        Executor.Factory executors = system -> new Together(together);
        try (AdHocOrchestrator run =
                run(tests(3), executors).on(systems).maxSystems(1).build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(results.records()).extracting(TestRecord::slot).containsExactlyInAnyOrder(1, 2, 3);
    }

    /** Ends each test only when the given number of tests runs at once. */
    private record Together(CountDownLatch others) implements Executor {
        @Override
        public org.atex.api.TestEnd run(TestCase test, org.atex.api.Artifacts into) throws InterruptedException {
            others.countDown();
            others.await();
            return org.atex.api.TestEnd.exited(0);
        }

        @Override
        public void close() {}
    }

    @Test
    void runsTestsOnReadySystemsWhileOthersAreInPreparation() throws Exception {
        CountDownLatch allRan = new CountDownLatch(5);
        FakeExecutors fakes = FakeExecutors.passing(SHORT).withSetup(new FakeExecutors.Setup() {
            private int opened;

            @Override
            public void on(Connection connection) throws InterruptedException {
                boolean first;
                synchronized (this) {
                    first = opened++ == 0;
                }
                if (!first) {
                    allRan.await();
                }
            }
        });
        try (AdHocOrchestrator run = run(tests(5), fakes)
                .on(systems(FakeSystem.ready()))
                .maxSystems(3)
                .listener(latch(RunEvent.TestFinished.class, allRan))
                .build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
    }

    @Test
    void cancelRightAfterTheStartEndsTheTestImmediately() throws Exception {
        for (int i = 0; i < 20; i++) {
            CountDownLatch begun = new CountDownLatch(1);
            try (AdHocOrchestrator run = run(tests(4), FakeExecutors.running(test -> FakeRun.endless()))
                    .on(systems(FakeSystem.ready()))
                    .platform("run " + i)
                    .listener(latch(RunEvent.TestStarted.class, begun))
                    .build()) {
                CompletableFuture<RunSummary> summary = inBackground(run);
                begun.await();
                run.stop(Stop.CANCEL);
                assertThat(summary.get(10, TimeUnit.SECONDS).verdict()).isEqualTo(Verdict.INCOMPLETE);
            }
        }
    }

    private static CompletableFuture<RunSummary> inBackground(AdHocOrchestrator run) {
        CompletableFuture<RunSummary> result = new CompletableFuture<>();
        Thread.ofVirtual().name("test-run").start(() -> {
            try {
                result.complete(run.run());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    @Test
    void stoppingStoresTheResultsOfEndedTests() throws Exception {
        CountDownLatch begun = new CountDownLatch(41);
        CountDownLatch ended = new CountDownLatch(40);
        FakeExecutors executors =
                FakeExecutors.running(test -> test.name().equals("/t40") ? FakeRun.endless() : FakeRun.passing(SHORT));
        try (AdHocOrchestrator run = run(tests(41), executors)
                .on(systems(FakeSystem.ready()))
                .maxSystems(8)
                .listener(latch(RunEvent.TestStarted.class, begun))
                .listener(latch(RunEvent.TestFinished.class, ended))
                .build()) {
            CompletableFuture<RunSummary> summary = inBackground(run);
            begun.await();
            ended.await();
            run.stop(Stop.NOW);
            RunSummary stopped = summary.get(10, TimeUnit.SECONDS);
            assertThat(stopped.counts()).isEqualTo(Map.of(Outcome.PASSED, 40, Outcome.CANCELLED, 1));
        }
        assertThat(results.records()).hasSize(41);
    }

    @Test
    void drainWaitsForRunningTests() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        try (AdHocOrchestrator run = run(tests(10), FakeExecutors.passing(Duration.ofMillis(200)))
                .on(systems(FakeSystem.ready()))
                .maxSystems(1)
                .listener(latch(RunEvent.TestStarted.class, begun))
                .build()) {
            CompletableFuture<RunSummary> summary = inBackground(run);
            begun.await();
            run.stop(Stop.DRAIN, "enough is enough");
            RunSummary drained = summary.get(10, TimeUnit.SECONDS);
            assertThat(drained.counts()).isEqualTo(Map.of(Outcome.PASSED, 1, Outcome.NOT_RUN, 9));
            assertThat(drained.tests().get(9).end().note()).contains("enough is enough");
            assertThat(drained.exitCode()).isEqualTo(3);
        }
        assertThat(results.records()).as("a test that never ran has a record").hasSize(10);
    }

    @Test
    void stopBeforeTheRunEndsItAtItsStart() throws Exception {
        try (AdHocOrchestrator run = run(tests(3), FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready()))
                .build()) {
            run.stop(Stop.DRAIN);
            assertThat(run.run().counts()).isEqualTo(Map.of(Outcome.NOT_RUN, 3));
        }
    }

    @Test
    void interruptingTheRunCancelsIt() throws Exception {
        CountDownLatch begun = new CountDownLatch(2);
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        try (AdHocOrchestrator run = run(tests(5), FakeExecutors.running(test -> FakeRun.endless()))
                .on(systems(FakeSystem.ready()))
                .maxSystems(2)
                .listener(latch(RunEvent.TestStarted.class, begun))
                .build()) {
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    run.run();
                    thrown.complete(new AssertionError("run() returned"));
                } catch (Throwable e) {
                    thrown.complete(e);
                }
            });
            begun.await();
            thread.interrupt();
            assertThat(thrown.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        }
        assertThat(results.records())
                .extracting(record -> record.end().outcome())
                .containsExactlyInAnyOrder(
                        Outcome.CANCELLED, Outcome.CANCELLED, Outcome.NOT_RUN, Outcome.NOT_RUN, Outcome.NOT_RUN);
        assertThat(results.records())
                .allMatch(record -> String.valueOf(record.end().note()).contains("interrupted"));
    }

    @Test
    void closeCancelsARunInProgress() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AdHocOrchestrator run = run(tests(2), FakeExecutors.running(test -> FakeRun.endless()))
                .on(systems(FakeSystem.ready()))
                .listener(latch(RunEvent.TestStarted.class, begun))
                .build();
        CompletableFuture<RunSummary> summary = inBackground(run);
        begun.await();
        run.close();
        assertThat(provisioners.get(0).openNow())
                .as("close() waits for the end")
                .isZero();
        assertThat(summary.get(10, TimeUnit.SECONDS).verdict()).isEqualTo(Verdict.INCOMPLETE);
        run.close();
        assertThatThrownBy(run::run).isInstanceOf(IllegalStateException.class);
    }

    /** A provisioner with a call that does not return until a test has started elsewhere. */
    private record Blocking(Provisioner good, CountDownLatch until, boolean inTake) implements Provisioner {
        @Override
        public void provision(int count) {
            await(!inTake);
            good.provision(count);
        }

        private void await(boolean blocks) {
            try {
                if (blocks) {
                    until.await();
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            await(inTake);
            return good.take(atMost);
        }

        @Override
        public void clear() {
            good.clear();
        }

        @Override
        public void close() {
            good.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void blockedProvisionerDoesNotDelayAnother(boolean inTake) throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        try (Provisioner blocking = new Blocking(systems(FakeSystem.ready()), started, inTake);
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests(6))
                        .on(blocking)
                        .on(systems(FakeSystem.ready()))
                        .with(FakeExecutors.passing(SHORT))
                        .into(results)
                        .maxSystems(2)
                        .listener(event -> {
                            if (event instanceof RunEvent.TestStarted) {
                                started.countDown();
                            }
                        })
                        .build()) {
            assertThat(run.run().counts()).isEqualTo(Map.of(Outcome.PASSED, 6));
        }
    }

    @Test
    void keepsArtifactsThatCannotBeStored() throws Exception {
        RecordingAggregator picky =
                RecordingAggregator.failing(record -> record.name().equals("/t1"));
        try (AdHocOrchestrator run = run(tests(3), FakeExecutors.passing(SHORT))
                .into(picky)
                .on(systems(FakeSystem.ready()))
                .build()) {
            RunSummary summary = run.run();
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 3));
            assertThat(summary.verdict()).isEqualTo(Verdict.NOT_STORED);
            assertThat(summary.problems()).singleElement().asString().contains("/t1", directory.toString());
        }
        assertThat(picky.records()).hasSize(2);
        try (Stream<Path> kept = Files.walk(directory.resolve("work"), 2)) {
            assertThat(kept.filter(path -> path.getFileName().toString().matches("\\d+")))
                    .as("the artifacts of the third")
                    .singleElement()
                    .matches(path -> Files.exists(path.resolve("results")));
        }
    }

    @Test
    void throwingExecutorAffectsOneTest() throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> {
            if (test.name().equals("/t0")) {
                throw new IllegalStateException("a bug");
            }
            return FakeRun.passing(SHORT);
        });
        RunSummary summary = run(tests(3), 1, executors);
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 2, Outcome.ERROR, 1));
        assertThat(summary.tests().get(0).end().note()).contains("a bug");
    }

    @Test
    void throwingListenerReceivesNoFurtherEvents() throws Exception {
        List<RunEvent> told = new ArrayList<>();
        try (AdHocOrchestrator run = run(tests(3), FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready()))
                .listener(event -> {
                    told.add(event);
                    throw new IllegalStateException("a bug");
                })
                .build()) {
            RunSummary summary = run.run();
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 3));
            assertThat(summary.problems()).singleElement().asString().contains("a bug");
        }
        assertThat(told).hasSize(1);
        assertThat(events(RunEvent.RunEnded.class))
                .as("other listeners receive further events")
                .hasSize(1);
    }

    @Test
    void replacesASystemWithAFailedPreparation() throws Exception {
        int[] opened = {0};
        FakeExecutors executors = FakeExecutors.passing(SHORT).withSetup(connection -> {
            if (opened[0]++ == 0) {
                throw new SetupException("no luck", null);
            }
        });
        FakeProvisioner systems = systems(FakeSystem.ready());
        try (AdHocOrchestrator run =
                run(tests(2), executors).on(systems).maxSystems(1).build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(systems.handedOut()).hasSize(2);
        assertThat(events(RunEvent.SetupFailed.class))
                .singleElement()
                .matches(event -> event.why().contains("no luck"));
    }

    @Test
    void provisionerWithoutSystemsEndsTheRunInTime() throws Exception {
        try (AdHocOrchestrator run = run(tests(2), FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.never()))
                .systemWithin(Duration.ofMillis(200))
                .build()) {
            RunSummary summary = run.run();
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.NOT_RUN, 2));
            assertThat(summary.tests().get(0).end().note())
                    .contains("no system to run on: none was provisioned within PT0.2S");
            assertThat(summary.exitCode()).isEqualTo(2);
        }
    }

    /** A provisioner of a user without systems, which does not wait. */
    private record Hasty(AtomicInteger takes) implements Provisioner {
        @Override
        public void provision(int count) {}

        @Override
        public Offer take(Duration atMost) {
            takes.incrementAndGet();
            return new Offer.None("all racks are taken");
        }

        @Override
        public void clear() {}

        @Override
        public void close() {}
    }

    @Test
    void noteSaysWhatProvisionersWaitFor() throws Exception {
        AtomicInteger takes = new AtomicInteger();
        try (AdHocOrchestrator run = run(tests(1), FakeExecutors.passing(SHORT))
                .on(new Hasty(takes))
                .systemWithin(Duration.ofSeconds(2))
                .build()) {
            assertThat(run.run().tests().get(0).end().note())
                    .endsWith("no system to run on: none was provisioned within PT2S; all racks are taken");
        }
        assertThat(takes.get())
                .as("a provisioner that does not wait must not keep a processor busy")
                .isBetween(1, 20);
    }

    @Test
    void hangingTestEndsAtTheLimitOfTheRun() throws Exception {
        try (AdHocOrchestrator run = run(tests(1), FakeExecutors.running(test -> FakeRun.endless()))
                .on(systems(FakeSystem.ready()))
                .runWithin(Duration.ofSeconds(2))
                .build()) {
            RunSummary summary = run.run();
            assertThat(summary.tests().get(0).end().outcome()).isEqualTo(Outcome.CANCELLED);
            assertThat(summary.tests().get(0).end().note()).contains("limit of PT2S");
        }
    }

    @Test
    void givesTestsUpWithoutDiskSpaceForArtifacts() throws Exception {
        Path work = directory.resolve("work");
        try (AdHocOrchestrator run = run(tests(3), FakeExecutors.passing(SHORT))
                .on(systems(FakeSystem.ready()))
                .setup(remote -> deleteAndBlock(work))
                .maxSystems(1)
                .diskSpaceWithin(Duration.ofMillis(300))
                .build()) {
            RunSummary summary = run.run();
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.NOT_RUN, 3));
            assertThat(summary.verdict()).isEqualTo(Verdict.INFRASTRUCTURE);
            assertThat(summary.tests().get(0).end().note()).contains("no disk space for artifacts", work.toString());
        }
    }

    private static void deleteAndBlock(Path work) {
        try {
            if (Files.isDirectory(work)) {
                Artifacts.at(work).delete();
                Files.createFile(work);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void twoRunsCanShareAProcess() throws Exception {
        try (AdHocOrchestrator a = run(tests(20), FakeExecutors.passing(SHORT))
                        .on(systems(FakeSystem.ready()))
                        .workDirectory(directory.resolve("a"))
                        .build();
                AdHocOrchestrator b = run(tests(20), FakeExecutors.passing(SHORT))
                        .on(systems(FakeSystem.ready()))
                        .platform("another")
                        .workDirectory(directory.resolve("b"))
                        .build()) {
            CompletableFuture<RunSummary> other = inBackground(b);
            assertThat(a.run().verdict()).isEqualTo(Verdict.PASSED);
            assertThat(other.get().verdict()).isEqualTo(Verdict.PASSED);
        }
    }

    @Test
    void platformOfATestIsTheNameOfItsProvisioner() throws Exception {
        List<TestCase> tests = List.of(
                TestCase.named("/new").withNeed(Need.of("os", "new")),
                TestCase.named("/old").withNeed(Need.of("os", "old")));
        FakeProvisioner systemsOfNew = systems(FakeSystem.ready().withLabels(Map.of("os", "new")));
        FakeProvisioner systemsOfOld = systems(FakeSystem.ready().withLabels(Map.of("os", "old")));
        try (AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                .on("rhel-10", systemsOfNew)
                .on("rhel-9", systemsOfOld)
                .with(FakeExecutors.passing(SHORT))
                .into(results)
                .build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(results.records().stream().map(record -> record.name() + " on " + record.platform()))
                .containsExactlyInAnyOrder("/new on rhel-10", "/old on rhel-9");
    }

    @Test
    void platformOfTheRunOverridesNamesOfProvisioners() throws Exception {
        try (AdHocOrchestrator run = AdHocOrchestrator.builder(tests(2))
                .on("pool", systems(FakeSystem.ready()))
                .platform("rhel-9")
                .with(FakeExecutors.passing(SHORT))
                .into(results)
                .build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(results.records()).allMatch(record -> record.platform().equals("rhel-9"));
    }

    @Test
    void runsAThousandTestsAtOnce() throws Exception {
        CountDownLatch together = new CountDownLatch(1000);
        RunSummary summary = run(tests(1000), 1000, connection -> new Together(together));
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 1000));
    }

    @Test
    void buildRefusesInvalidConfigurations() {
        Aggregator sink = results;
        Executor.Factory executors = FakeExecutors.passing(SHORT);
        FakeProvisioner x86 = systems(FakeSystem.ready().withLabels(Map.of("arch", "x86_64")));
        assertThatThrownBy(() -> AdHocOrchestrator.builder(tests(1)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("into(aggregator)");
        assertThatThrownBy(() -> AdHocOrchestrator.builder(List.of(TestCase.named("/a"), TestCase.named("/a")))
                        .on(x86)
                        .with(executors)
                        .into(sink)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/a is listed twice");
        assertThatThrownBy(() -> AdHocOrchestrator.builder(
                                List.of(TestCase.named("/arm").withNeed(Need.of("arch", "aarch64"))))
                        .on(x86)
                        .with(executors)
                        .into(sink)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("arch=aarch64")
                .hasMessageContaining("x86_64");
    }

    @Test
    void systemThatArrivesTooLateIsReleased() throws ExecutionException, InterruptedException {
        // Two systems are requested; the second one arrives after all tests have run on the first one.
        FakeProvisioner systems = FakeProvisioner.of(
                n -> n == 1 ? FakeSystem.ready() : FakeSystem.ready().after(Duration.ofMillis(100)));
        provisioners.add(systems);
        try (AdHocOrchestrator run =
                run(tests(2), FakeExecutors.passing(SHORT)).on(systems).build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
    }
}
