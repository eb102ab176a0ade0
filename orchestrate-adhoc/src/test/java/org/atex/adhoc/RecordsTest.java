package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.Executor;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.testkit.Call;
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

/** Records contain the test, system and time of each attempt, and tests respect locks, reservations and stops. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class RecordsTest {
    private static final Duration SHORT = Duration.ofMillis(1);

    @TempDir
    private Path directory;

    private final RecordingAggregator results = RecordingAggregator.create();
    private final List<RunEvent> events = Collections.synchronizedList(new ArrayList<>());
    private final FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());

    @AfterEach
    void everySystemIsReleased() {
        assertThat(systems.openNow()).as("systems still held after the run").isZero();
        systems.close();
        results.close();
    }

    private static List<TestCase> tests(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> (TestCase) TestCase.named("/t" + i))
                .toList();
    }

    private AdHocOrchestrator.Builder run(List<TestCase> tests, Executor.Factory executors) {
        return AdHocOrchestrator.builder(tests)
                .on(systems)
                .with(executors)
                .into(results)
                .workDirectory(directory.resolve("work"))
                .listener(events::add);
    }

    @Test
    void summaryHasTheWarningsOfTheExecutors() throws Exception {
        Executor.Factory executors = FakeExecutors.running(test -> FakeRun.passing(SHORT));
        Executor.Factory warning = new Executor.Factory() {
            @Override
            public Executor open(Remote system) throws InterruptedException {
                return executors.open(system);
            }

            @Override
            public List<String> warnings() {
                return List.of("the key 'duraton' is unknown and ignored");
            }
        };
        try (AdHocOrchestrator run = run(tests(1), warning).build()) {
            RunSummary summary = run.run();
            assertThat(summary.problems())
                    .containsExactly(Problem.overcome("the key 'duraton' is unknown and ignored"));
            assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        }
    }

    private static RunEvent.SystemHeld nextHeld(BlockingQueue<RunEvent> all) throws InterruptedException {
        while (true) {
            RunEvent event = all.poll(10, TimeUnit.SECONDS);
            assertThat(event).as("the event of a held system").isNotNull();
            if (event instanceof RunEvent.SystemHeld held) {
                return held;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void heldSystemStaysUntilItsFileIsDeletedOrTheRunIsStopped(boolean stopped) throws Exception {
        BlockingQueue<RunEvent> all = new LinkedBlockingQueue<>();
        try (AdHocOrchestrator run = run(
                        tests(5),
                        FakeExecutors.running(
                                test -> test.name().equals("/t0") ? FakeRun.failing(SHORT) : FakeRun.passing(SHORT)))
                .holdFailed(1, Duration.ofDays(1))
                .listener(all::add)
                .build()) {
            CompletableFuture<RunSummary> summary = Runs.begin(run);
            RunEvent.SystemHeld held = nextHeld(all);
            assertThat(held.test()).isEqualTo("/t0");
            assertThat(held.marker()).content().contains(held.system().name(), "/t0 failed", "Delete this file");
            Call.eventually("all tests are stored", () -> results.records().size() == 5);
            assertThat(systems.openNow()).as("systems while one is held").isPositive();
            assertThat(summary).isNotDone();
            if (stopped) {
                run.stop(Stop.DRAIN);
            } else {
                Files.delete(held.marker());
            }
            assertThat(summary.get(10, TimeUnit.SECONDS).counts())
                    .isEqualTo(Map.of(Outcome.FAILED, 1, Outcome.PASSED, 4));
            assertThat(held.marker()).doesNotExist();
        }
    }

    @Test
    void systemOfAKnownFailureIsNotHeld() throws Exception {
        BlockingQueue<RunEvent> all = new LinkedBlockingQueue<>();
        try (AdHocOrchestrator run = run(tests(2), FakeExecutors.running(test -> FakeRun.failing(SHORT)))
                .holdFailed(1, Duration.ofDays(1))
                .known(KnownFailure.of("/t*", "the team", LocalDate.MAX, ""))
                .listener(all::add)
                .build()) {
            run.run();
        }
        assertThat(all).noneMatch(RunEvent.SystemHeld.class::isInstance);
    }

    @Test
    void recordSaysWhyTheAttemptWasMade() throws Exception {
        AtomicBoolean failed = new AtomicBoolean();
        try (AdHocOrchestrator run = run(
                        tests(1),
                        FakeExecutors.running(test ->
                                failed.compareAndSet(false, true) ? FakeRun.failing(SHORT) : FakeRun.passing(SHORT)))
                .reruns(RerunPolicy.maxReruns(1))
                .build()) {
            run.run();
        }
        assertThat(results.records())
                .extracting(TestRecord::attempt, TestRecord::cause)
                .containsExactly(tuple(1, AttemptCause.FIRST), tuple(2, AttemptCause.RERUN));
    }

    @Test
    void failedAttemptWithoutItsRerunIsStoredWithItsOutput() throws Exception {
        CountDownLatch failed = new CountDownLatch(1);
        try (AdHocOrchestrator run = run(tests(2), FakeExecutors.running(test -> FakeRun.failing(SHORT)))
                .maxSystems(1)
                .reruns((test, ends) -> true)
                .destruction(DestructionPolicy.always())
                .listener(event -> {
                    if (event instanceof RunEvent.TestFinished finished
                            && finished.record().name().equals("/t0")) {
                        failed.countDown();
                    }
                })
                .build()) {
            CompletableFuture<RunSummary> summary = Runs.begin(run);
            failed.await();
            run.stop(Stop.CANCEL, "enough");
            RunSummary stopped = summary.get(20, TimeUnit.SECONDS);
            assertThat(stopped.tests().get(0).end().outcome()).isIn(Outcome.FAILED, Outcome.CANCELLED);
        }
        List<RecordingAggregator.Entry> stored = results.entries().stream()
                .filter(entry -> entry.record().name().equals("/t0"))
                .toList();
        assertThat(stored).allSatisfy(entry -> assertThat(entry.results()).isNotEmpty());
        assertThat(stored.stream().filter(entry -> entry.record().last())).hasSize(1);
        assertThat(stored).extracting(entry -> entry.record().attempt()).doesNotHaveDuplicates();
    }

    @Test
    void impossibleRerunLeavesTheRecordOfThePreviousAttempt() throws Exception {
        // There is one system only, and the failed test spends it.
        FakeProvisioner only = FakeProvisioner.of(n -> n == 1 ? FakeSystem.ready() : FakeSystem.failing("sold out"));
        try (only;
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests(1))
                        .on(only)
                        .with(FakeExecutors.running(test -> FakeRun.failing(SHORT)))
                        .into(results)
                        .reruns(RerunPolicy.maxReruns(1))
                        .destruction(DestructionPolicy.always())
                        .giveUpAfter(Duration.ofMillis(100))
                        .workDirectory(directory.resolve("work"))
                        .build()) {
            RunSummary summary = run.run();
            assertThat(summary.tests().get(0).end().outcome()).isEqualTo(Outcome.FAILED);
            assertThat(summary.tests().get(0).end().note()).contains("not run again", "sold out");
        }
        assertThat(results.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.record().attempt()).isEqualTo(1);
            assertThat(entry.record().last()).isTrue();
            assertThat(entry.results()).isNotEmpty();
        });
    }

    @Test
    void nothingStartsAfterAStop() throws Exception {
        for (int i = 0; i < 100; i++) {
            AtomicBoolean stopped = new AtomicBoolean();
            List<String> late = Collections.synchronizedList(new ArrayList<>());
            CountDownLatch some = new CountDownLatch(1 + i % 20);
            try (AdHocOrchestrator run = AdHocOrchestrator.builder(tests(60))
                    .on(systems)
                    .with(FakeExecutors.passing(Duration.ZERO))
                    .into(new Forgetful())
                    .maxSystems(4)
                    .listener(event -> {
                        if (event instanceof RunEvent.TestStarted started) {
                            if (stopped.get()) {
                                late.add(started.test().name());
                            }
                            some.countDown();
                        }
                    })
                    .build()) {
                CompletableFuture<RunSummary> summary = Runs.begin(run);
                some.await();
                run.stop(Stop.DRAIN);
                Instant at = Instant.now();
                RunSummary ended = summary.get(20, TimeUnit.SECONDS);
                assertThat(ended.tests().stream()
                                .flatMap(test -> test.attempts().stream())
                                .filter(record -> record.started().isAfter(at.plusMillis(50))))
                        .as("tests started after the stop")
                        .isEmpty();
            }
        }
    }

    /** Discards all results. */
    private static final class Forgetful implements Aggregator {
        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            try {
                artifacts.delete();
            } catch (IOException e) {
                throw new AggregationException("could not delete", e);
            }
        }

        @Override
        public void close() {}
    }

    /** Records the tests that run at the same time on a system. */
    private static final class Neighbours implements Executor.Factory {
        private final Set<String> running = ConcurrentHashMap.newKeySet();
        private final Map<String, Set<String>> seen = new ConcurrentHashMap<>();
        private final String patient;
        private final CountDownLatch patientMet = new CountDownLatch(1);

        /**
         * Creates the record.
         *
         * @param patient the test that goes on until another one runs beside it; empty for none
         */
        Neighbours(String patient) {
            this.patient = patient;
        }

        @Override
        public Executor open(org.atex.api.Remote system) {
            return new Executor() {
                @Override
                public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                    running.add(test.name());
                    running.forEach(other -> meet(test.name(), other));
                    if (test.name().equals(patient)) {
                        patientMet.await(20, TimeUnit.SECONDS);
                    } else {
                        new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS);
                    }
                    running.forEach(other -> meet(test.name(), other));
                    running.remove(test.name());
                    return TestEnd.exited(0);
                }

                @Override
                public void close() {}
            };
        }

        private void meet(String a, String b) {
            if (!a.equals(b)) {
                seen.computeIfAbsent(a, n -> ConcurrentHashMap.newKeySet()).add(b);
                seen.computeIfAbsent(b, n -> ConcurrentHashMap.newKeySet()).add(a);
                if (a.equals(patient) || b.equals(patient)) {
                    patientMet.countDown();
                }
            }
        }
    }

    @Test
    void destructiveTestRunsAloneOnItsSystem() throws Exception {
        Neighbours neighbours = new Neighbours("/t0");
        List<TestCase> tests = new ArrayList<>(tests(12));
        tests.add(3, TestCase.named("/destroyer").withDestructive(true));
        try (FakeProvisioner big = FakeProvisioner.of(FakeSystem.ready().withSlots(4));
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(big)
                        .with(neighbours)
                        .into(new Forgetful())
                        .maxSystems(1)
                        .build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(neighbours.seen).doesNotContainKey("/destroyer").containsKey("/t0");
    }

    @Test
    void lockListedAsSharedAndExclusiveIsExclusive() throws Exception {
        Neighbours neighbours = new Neighbours("");
        List<TestCase> tests = IntStream.range(0, 8)
                .mapToObj(i -> (TestCase)
                        TestCase.named("/t" + i).withLock(TestLock.shared("db")).withLock(TestLock.exclusive("db")))
                .toList();
        try (AdHocOrchestrator run = run(tests, neighbours).maxSystems(4).build()) {
            assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(neighbours.seen).isEmpty();
    }

    @Test
    void noTestStartsAfterTheReservation() {
        Schedule schedule = Simulation.rules().withMaxSystems(1).schedule(List.of(TestCase.named("/t")), 1);
        schedule.on(new Event.Begin(), Simulation.EPOCH);
        schedule.on(new Event.Arriving(0), Simulation.EPOCH);
        Instant end = Simulation.EPOCH.plusSeconds(60);
        schedule.on(new Event.Offered(new PoolSystem.Facts(1, 0, "s", "s", Map.of(), 1, end)), Simulation.EPOCH);
        // The preparation took longer than the reservation.
        List<Decision> decisions = schedule.on(new Event.Prepared(1), end.plusSeconds(1));
        assertThat(decisions)
                .noneMatch(decision -> decision instanceof Decision.Run)
                .anyMatch(decision -> decision instanceof Decision.Release);
    }

    @Test
    void shortRunsLeaveNoPendingRequest() throws Exception {
        for (int i = 0; i < 500; i++) {
            try (AdHocOrchestrator run = AdHocOrchestrator.builder(tests(1 + i % 3))
                    .on(systems)
                    .with(FakeExecutors.passing(Duration.ZERO))
                    .into(new Forgetful())
                    .build()) {
                run.run();
            }
            assertThat(systems.take(Duration.ZERO)).as("left by run %d", i).isInstanceOf(org.atex.api.Offer.None.class);
        }
    }

    @Test
    void unusedOrchestratorLeavesNoThread() throws Exception {
        Path tmp = Path.of(System.getProperty("java.io.tmpdir"));
        long before = runDirectories(tmp);
        for (int i = 0; i < 20; i++) {
            AdHocOrchestrator.builder(tests(1))
                    .on(systems)
                    .with(FakeExecutors.passing(SHORT))
                    .into(results)
                    .build();
        }
        assertThat(runDirectories(tmp)).isEqualTo(before);
        // LeakCheck fails the test if a thread is left.
    }

    private static long runDirectories(Path tmp) throws IOException {
        try (var all = Files.list(tmp)) {
            return all.filter(path -> path.getFileName().toString().startsWith("atex-run-"))
                    .count();
        }
    }
}
