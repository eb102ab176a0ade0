package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Offer;
import org.atex.api.PlainTest;
import org.atex.api.Provisioner;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.api.TestRecord;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stops runs with misbehaving parts at random moments: each test has one outcome, each attempt is stored once, no lock
 * is violated, no system is left, and the run ends in time.
 */
@Timeout(600)
class StopsAtEveryMomentTest {
    private static final int RUNS = 800;
    private static final int AT_ONCE = 8;
    private static final Misbehaviour[] QUICK = {
        Misbehaviour.RUNTIME_EXCEPTION,
        Misbehaviour.STACK_OVERFLOW,
        Misbehaviour.NO_CLASS,
        Misbehaviour.UNDECLARED_IO_EXCEPTION,
        Misbehaviour.MESSAGE_THROWS
    };

    @TempDir
    private Path work;

    @Test
    void everyTestHasOneOutcome() throws Exception {
        List<Future<?>> runs = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE)) {
            for (int seed = 0; seed < RUNS; seed++) {
                int mine = seed;
                runs.add(pool.submit(() -> {
                    new OneRun(mine).check(work.resolve(Integer.toString(mine)));
                    return true;
                }));
            }
        }
        for (Future<?> run : runs) {
            run.get();
        }
    }

    private static final class OneRun {
        private final int seed;
        private final Random random;
        private final CountDownLatch end = new CountDownLatch(1);
        private final Map<String, AtomicInteger> holders = new ConcurrentHashMap<>();
        private final Set<String> violations = ConcurrentHashMap.newKeySet();

        OneRun(int seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        private synchronized boolean chance(int percent) {
            return random.nextInt(100) < percent;
        }

        private synchronized Duration pause() {
            return Duration.ofNanos(random.nextInt(3_000_000));
        }

        private void maybe(int percent) {
            if (chance(percent)) {
                Misbehaviour how;
                synchronized (this) {
                    how = QUICK[random.nextInt(QUICK.length)];
                }
                how.happen(end);
            }
        }

        private List<TestCase> tests() {
            List<TestCase> tests = new ArrayList<>();
            int count = 1 + random.nextInt(20);
            for (int i = 0; i < count; i++) {
                PlainTest test = TestCase.named("/t" + i).withPriority(random.nextInt(3));
                if (random.nextInt(3) == 0) {
                    String lock = "lock" + random.nextInt(2);
                    test = test.withLock(random.nextBoolean() ? TestLock.exclusive(lock) : TestLock.shared(lock));
                }
                tests.add(random.nextInt(10) == 0 ? test.withDestructive(true) : test);
            }
            return tests;
        }

        void check(Path directory) throws Exception {
            List<TestCase> tests = tests();
            RecordingAggregator results = RecordingAggregator.create();
            int slots = 1 + random.nextInt(3);
            try (FakeProvisioner systems = FakeProvisioner.of(
                            n -> FakeSystem.ready().withSlots(slots).after(pause()));
                    AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                            .on(new Shaky(systems))
                            .with(system -> executor(system.connection()))
                            .into(results)
                            .setup(remote -> maybe(5))
                            .listener(event -> maybe(1))
                            .reruns((test, ends) ->
                                    ends.size() < 3 && !ends.getLast().outcome().equals(org.atex.api.Outcome.PASSED))
                            .destruction((test, testEnd) -> chance(10))
                            .maxSystems(1 + random.nextInt(4))
                            .giveUpAfter(Duration.ofMillis(500))
                            .limits(Limits.defaults().withGrace(Duration.ofSeconds(1)))
                            .workDirectory(directory)
                            .build()) {
                CompletableFuture<RunSummary> summary = Runs.begin(run);
                for (int i = random.nextInt(3); i >= 0; i--) {
                    new CountDownLatch(1).await(random.nextInt(25_000), TimeUnit.MICROSECONDS);
                    run.stop(Stop.values()[random.nextInt(3)]);
                }
                RunSummary ended = summary.get(30, TimeUnit.SECONDS);
                assertInOrder(tests, ended, results);
                assertThat(systems.openNow())
                        .as("systems held in run %d: %s", seed, ended.problems())
                        .isZero();
            }
        }

        private void assertInOrder(List<TestCase> tests, RunSummary ended, RecordingAggregator results) {
            assertThat(ended.tests()).as("run %d", seed).hasSize(tests.size());
            assertThat(violations).as("locks violated in run %d", seed).isEmpty();
            assertThat(results.records().stream().filter(TestRecord::last).map(TestRecord::name))
                    .as("final records of run %d: %s", seed, ended.problems())
                    .containsExactlyInAnyOrderElementsOf(
                            tests.stream().map(TestCase::name).toList());
            assertThat(results.records().stream().map(record -> record.name() + " " + record.attempt()))
                    .as("attempts of run %d", seed)
                    .doesNotHaveDuplicates();
        }

        private Executor executor(Connection connection) {
            maybe(5);
            AtomicReference<Connection> here = new AtomicReference<>(connection);
            return new Executor() {
                @Override
                public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                    take(test);
                    try {
                        new CountDownLatch(1).await(pause().toNanos(), TimeUnit.NANOSECONDS);
                        maybe(10);
                        return TestEnd.exited(chance(20) ? 1 : 0);
                    } finally {
                        giveBack(test);
                    }
                }

                @Override
                public void close() {
                    here.set(null);
                    maybe(5);
                }
            };
        }

        /** Adds one for a shared lock, and a large number for an exclusive lock. */
        private void take(TestCase test) {
            for (TestLock lock : test.locks()) {
                boolean alone = lock.mode() == TestLock.Mode.EXCLUSIVE;
                int now = holders.computeIfAbsent(lock.name(), n -> new AtomicInteger())
                        .addAndGet(alone ? 1000 : 1);
                if (alone ? now != 1000 : now >= 1000) {
                    violations.add(lock.name() + " by " + test.name());
                }
            }
        }

        private void giveBack(TestCase test) {
            for (TestLock lock : test.locks()) {
                holders.get(lock.name()).addAndGet(lock.mode() == TestLock.Mode.EXCLUSIVE ? -1000 : -1);
            }
        }

        private final class Shaky implements Provisioner {
            private final FakeProvisioner good;

            Shaky(FakeProvisioner good) {
                this.good = good;
            }

            @Override
            public void provision(int count) {
                maybe(3);
                good.provision(count);
            }

            @Override
            public Offer take(Duration timeout) throws InterruptedException {
                maybe(3);
                return good.take(timeout);
            }

            @Override
            public void clear() {
                good.clear();
                maybe(20);
            }

            @Override
            public void close() {
                good.close();
            }
        }
    }
}
