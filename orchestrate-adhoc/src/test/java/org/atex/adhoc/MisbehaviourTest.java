package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.SoftAssertions;
import org.atex.adhoc.MisbehavingRun.Block;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Offer;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every kind of user code misbehaves in every way: this affects one test or one system, is reported as a problem, the
 * other tests run, and the run ends.
 */
@Timeout(600)
class MisbehaviourTest {
    private static final int CELLS_AT_ONCE = 12;
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Limits LIMITS = Limits.all(Duration.ofSeconds(5)).withGrace(Duration.ofMillis(300));

    @TempDir
    private Path work;

    private final CountDownLatch end = new CountDownLatch(1);
    private final RecordingAggregator results = RecordingAggregator.create();

    @AfterEach
    void letBlockedCallsEnd() {
        end.countDown();
    }

    private interface Claim {
        void check(MisbehavingRun run) throws Exception;
    }

    /** Checks all combinations in parallel, as they mostly wait, and reports every failure. */
    private void check(Claim claim) throws Exception {
        Map<String, Future<?>> cells = new LinkedHashMap<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(CELLS_AT_ONCE)) {
            for (Block block : Block.values()) {
                for (Misbehaviour how : Misbehaviour.values()) {
                    Path directory = Files.createDirectory(work.resolve(block + "-" + how));
                    cells.put(block + " " + how, pool.submit(() -> {
                        claim.check(new MisbehavingRun(block, how, directory, end));
                        return true;
                    }));
                }
            }
        }
        SoftAssertions all = new SoftAssertions();
        cells.forEach((cell, result) -> all.assertThatCode(result::get).as(cell).doesNotThrowAnyException());
        all.assertAll();
    }

    @Test
    void misbehaviourAffectsOneTestOrOneSystem() throws Exception {
        check(MisbehavingRun::affectsOneTestOrOneSystem);
    }

    @Test
    void misbehaviourDoesNotDelayAStop() throws Exception {
        check(MisbehavingRun::endsAfterAStop);
    }

    private RunSummary withProvisioner(Provisioner provisioner) throws Exception {
        try (AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(TestCase.named("/t1"), TestCase.named("/t2")))
                .on(provisioner)
                .with(FakeExecutors.passing(SHORT))
                .into(results)
                .limits(LIMITS)
                .maxSystems(2)
                .workDirectory(work)
                .build()) {
            return Runs.in(run, Duration.ofSeconds(30));
        }
    }

    /** A provisioner with invalid offers among its offers. */
    private record Garbage(FakeProvisioner good, java.util.function.UnaryOperator<Offer> change)
            implements Provisioner {
        @Override
        public void provision(int count) {
            good.provision(count);
        }

        @Override
        public Offer take(Duration timeout) throws InterruptedException {
            return change.apply(good.take(timeout));
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

    @Test
    void invalidOfferCountsAsAFailedSystem() throws Exception {
        AtomicInteger offers = new AtomicInteger();
        try (FakeProvisioner good = FakeProvisioner.of(FakeSystem.ready())) {
            RunSummary summary = withProvisioner(new Garbage(good, offer -> switch (offers.incrementAndGet()) {
                case 1 -> null;
                case 2 -> new Offer.Ready(null);
                case 3 -> new Offer.Failed(null);
                default -> offer;
            }));
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 2));
            assertThat(summary.problems()).isNotEmpty();
        }
    }

    @Test
    void systemOfferedTwiceRunsOneTestAtATime() throws Exception {
        List<Remote> kept = new ArrayList<>();
        try (FakeProvisioner good = FakeProvisioner.of(FakeSystem.ready())) {
            RunSummary summary = withProvisioner(new Garbage(good, offer -> {
                if (offer instanceof Offer.Ready(Remote remote)) {
                    kept.add(remote);
                    if (kept.size() == 2) {
                        remote.close();
                        return new Offer.Ready(kept.get(0));
                    }
                }
                return offer;
            }));
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 2));
        }
    }

    @Test
    void executorThatReturnsNullAffectsOneTest() throws Exception {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(TestCase.named("/t1"), TestCase.named("/t2")))
                        .on(systems)
                        .with(connection -> new Executor() {
                            @Override
                            public @Nullable TestEnd run(TestCase test, Artifacts into) {
                                return test.name().equals("/t1") ? null : TestEnd.exited(0);
                            }

                            @Override
                            public void close() {}
                        })
                        .into(results)
                        .workDirectory(work)
                        .build()) {
            RunSummary summary = Runs.in(run, Duration.ofSeconds(30));
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.ERROR, 1, Outcome.PASSED, 1));
        }
    }

    @Test
    void busyLoopsInAllCallsDoNotBlockTheRun() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        int places = 2 * Runtime.getRuntime().availableProcessors();
        List<TestCase> tests = IntStream.range(0, places)
                .mapToObj(i -> (TestCase) TestCase.named("/loop" + i))
                .toList();
        CountDownLatch begun = new CountDownLatch(places);
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(connection -> new Executor() {
                            @Override
                            public TestEnd run(TestCase test, Artifacts into) {
                                begun.countDown();
                                while (!over.get()) {
                                    Thread.onSpinWait();
                                }
                                return TestEnd.exited(0);
                            }

                            @Override
                            public void close() {}
                        })
                        .into(results)
                        .workDirectory(work)
                        .build()) {
            CompletableFuture<RunSummary> summary = Runs.begin(run);
            begun.await();
            run.stop(Stop.NOW);
            assertThat(summary.get(12, TimeUnit.SECONDS).counts()).isEqualTo(Map.of(Outcome.CANCELLED, places));
        } finally {
            over.set(true);
        }
    }
}
