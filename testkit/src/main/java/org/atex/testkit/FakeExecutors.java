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
 * Executors that run nothing: a test takes its time and then ends as it was told, with one line of results. Cheap enough
 * for thousands of systems.
 *
 * <p>Thread safety: from any thread, the functions that it is given included.
 */
public final class FakeExecutors implements Executor.Factory {
    /** What is done to make a system ready. */
    @FunctionalInterface
    public interface Setup {
        /**
         * Makes a system ready.
         *
         * @param connection the channel to it
         * @throws InterruptedException if interrupted
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
     * {@return executors whose tests do what a function says, in real time}
     *
     * @param runs what a test does; asked each time it runs
     */
    public static FakeExecutors running(Function<TestCase, FakeRun> runs) {
        return new FakeExecutors(
                runs, Sleeper.real(), connection -> {}, new AtomicInteger(), new ConcurrentLinkedQueue<>());
    }

    /**
     * {@return executors all of whose tests pass}
     *
     * @param takes how long each takes
     */
    public static FakeExecutors passing(Duration takes) {
        return running(test -> FakeRun.passing(takes));
    }

    /**
     * {@return executors whose tests are known by name}
     *
     * @param runs what each does; others pass at once
     */
    public static FakeExecutors running(Map<String, FakeRun> runs) {
        Map<String, FakeRun> known = new ConcurrentHashMap<>(runs);
        return running(test -> known.getOrDefault(test.name(), FakeRun.passing(Duration.ZERO)));
    }

    /**
     * {@return the same executors with another way to let time pass}
     *
     * @param other a manual clock, for instance
     */
    public FakeExecutors withSleeper(Sleeper other) {
        return new FakeExecutors(runs, other, setup, open, started);
    }

    /**
     * {@return the same executors with something to do when they are opened}
     *
     * @param other what; it may throw what {@link #open} may
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

    /** {@return how many are open and not yet closed} */
    public int openNow() {
        return open.get();
    }

    /** {@return the names of the tests that were started, in that order, again for each time} */
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
