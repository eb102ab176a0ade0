package org.atex.benchmarks;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Remote;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;

/**
 * Measures the time from the end of a test on one of 1,000 fake systems to the start of the next test there, the 99th
 * percentile. The baseline is the same for a plain pool of threads, in which a task that has ended passes the next one
 * to the pool.
 */
final class HandOver implements Scenario {
    private static final int SYSTEMS = 1000;
    private static final int TESTS = 10_000;

    @Override
    public String name() {
        return "hand-over";
    }

    @Override
    public String about() {
        return "from one test to the next on 1,000 systems, 99th percentile, against a plain pool of threads";
    }

    @Override
    public int samples() {
        return 3;
    }

    /** {@return the duration of a test: spread over 1 s, so that ends do not coincide} */
    private static Duration each(int test) {
        return Duration.ofMillis(500 + test * 7919L % 1000);
    }

    /** Remembers when the latest test on a system ended. */
    private static final class Timed implements Executor {
        private final Queue<Long> gaps;
        private volatile long end;

        Timed(Queue<Long> gaps) {
            this.gaps = gaps;
        }

        @Override
        public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
            if (end != 0) {
                gaps.add(System.nanoTime() - end);
            }
            Thread.sleep(each(Integer.parseInt(test.name().substring(2))));
            end = System.nanoTime();
            return TestEnd.exited(0);
        }

        @Override
        public void close() {}
    }

    @Override
    public Sample measure() throws Exception {
        Queue<Long> gaps = new ConcurrentLinkedQueue<>();
        Map<Connection, Executor> executors = new ConcurrentHashMap<>();
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(SYSTEMS)) {
            double unused = Runs.run(
                    Runs.tests(TESTS),
                    systems,
                    (Remote system) -> executors.computeIfAbsent(system.connection(), key -> new Timed(gaps)));
        }
        return new Sample(percentile(gaps), percentile(plain()));
    }

    private static Queue<Long> plain() throws InterruptedException {
        Queue<Long> gaps = new ConcurrentLinkedQueue<>();
        CountDownLatch ends = new CountDownLatch(TESTS);
        try (ExecutorService pool = Executors.newCachedThreadPool()) {
            for (int i = 0; i < SYSTEMS; i++) {
                int first = i;
                pool.execute(() -> run(first, 0, pool, gaps, ends));
            }
            ends.await();
        }
        return gaps;
    }

    private static void run(int test, long before, ExecutorService pool, Queue<Long> gaps, CountDownLatch ends) {
        if (before != 0) {
            gaps.add(System.nanoTime() - before);
        }
        try {
            Thread.sleep(each(test));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        long end = System.nanoTime();
        if (test + SYSTEMS < TESTS) {
            pool.execute(() -> run(test + SYSTEMS, end, pool, gaps, ends));
        }
        ends.countDown();
    }

    private static double percentile(Queue<Long> gaps) {
        long[] sorted = gaps.stream().mapToLong(gap -> gap).sorted().toArray();
        return sorted[(int) (sorted.length * 0.99)] / 1e9;
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f ms, plain threads %.2f ms, ratio %.1f (goal: less than 5 ms)",
                median.seconds() * 1000,
                median.baseline() * 1000,
                median.ratio());
    }
}
