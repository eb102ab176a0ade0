package org.atex.testkit;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Remote;
import org.atex.api.TestCase;

/**
 * A factory of executors in memory. A test sleeps for its duration, writes one result line, and ends as configured.
 * Executors are cheap enough for thousands of systems.
 *
 * {@snippet :
 * FakeExecutors executors = FakeExecutors.running(Map.of(
 *         "/flaky", FakeRun.failing(Duration.ofMillis(10)),
 *         "/hangs", FakeRun.endless())); // other tests pass
 * }
 *
 * <p>Thread safety: every method may be called from any thread. The functions and setups that are passed in must be
 * thread-safe.
 */
public final class FakeExecutors implements Executor.Factory {
    /** The preparation of a system. */
    @FunctionalInterface
    public interface Setup {
        /**
         * Prepares a system.
         *
         * @param connection the connection to the system
         * @throws InterruptedException if the thread is interrupted
         */
        void on(Connection connection) throws InterruptedException;
    }

    private final Function<TestCase, FakeRun> runs;
    private final Sleeper sleeper;
    private final Setup setup;
    private final AtomicInteger open;
    private final ConcurrentLinkedQueue<String> started;

    private FakeExecutors(
            Function<TestCase, FakeRun> runs,
            Sleeper sleeper,
            Setup setup,
            AtomicInteger open,
            ConcurrentLinkedQueue<String> started) {
        this.runs = runs;
        this.sleeper = sleeper;
        this.setup = setup;
        this.open = open;
        this.started = started;
    }

    /**
     * {@return executors on which tests run as a function defines, in real time}
     *
     * @param runs returns the run of a test; called on each start of a test
     */
    public static FakeExecutors running(Function<TestCase, FakeRun> runs) {
        return new FakeExecutors(
                runs, Sleeper.real(), connection -> {}, new AtomicInteger(), new ConcurrentLinkedQueue<>());
    }

    /**
     * {@return executors on which every test passes}
     *
     * @param takes the duration of each test
     */
    public static FakeExecutors passing(Duration takes) {
        return running(test -> FakeRun.passing(takes));
    }

    /**
     * {@return executors on which tests run as defined by their names}
     *
     * @param runs the runs by test name; other tests pass immediately
     */
    public static FakeExecutors running(Map<String, FakeRun> runs) {
        Map<String, FakeRun> known = new ConcurrentHashMap<>(runs);
        return running(test -> known.getOrDefault(test.name(), FakeRun.passing(Duration.ZERO)));
    }

    /**
     * {@return executors with another sleeper and the same counters}
     *
     * @param other the sleeper, such as a {@link ManualClock}
     */
    public FakeExecutors withSleeper(Sleeper other) {
        return new FakeExecutors(runs, other, setup, open, started);
    }

    /**
     * {@return executors with another preparation and the same counters}
     *
     * @param other the preparation; it may throw the exceptions of {@link #open}
     */
    public FakeExecutors withSetup(Setup other) {
        return new FakeExecutors(runs, sleeper, other, open, started);
    }

    @Override
    public Executor open(Remote system) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before the executor was opened");
        }
        Connection connection = system.connection();
        if (connection instanceof FakeConnection fake) {
            fake.refuseIfLost("open an executor");
        }
        setup.on(connection);
        open.incrementAndGet();
        return new FakeExecutor(connection, this);
    }

    /** {@return the number of executors that are open} */
    public int openNow() {
        return open.get();
    }

    /** {@return the names of the started tests, in order, with one element for each start} */
    public List<String> started() {
        return List.copyOf(started);
    }

    FakeRun starting(TestCase test) {
        started.add(test.name());
        return runs.apply(test);
    }

    Sleeper sleeper() {
        return sleeper;
    }

    void closed() {
        open.decrementAndGet();
    }
}
