package org.atex.support;

import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A section of code, usually clean-up, that an interrupt must not cut short.
 *
 * {@snippet :
 * try (UninterruptibleSection section = UninterruptibleSection.enter()) {
 *     reader.interrupt();
 *     section.join(reader, Duration.ofSeconds(5));
 * }
 * }
 *
 * <p>The interrupt status of the thread is clear inside the section. If the thread was interrupted before or inside,
 * {@link #close} sets it again.
 *
 * <p>For use by the thread that entered it.
 */
public final class UninterruptibleSection implements AutoCloseable {
    private boolean interrupted = Thread.interrupted();

    private UninterruptibleSection() {}

    /** A step that may wait. */
    @FunctionalInterface
    public interface Step {
        /**
         * Runs the step.
         *
         * @throws InterruptedException if interrupted while waiting
         */
        void run() throws InterruptedException;
    }

    /**
     * A wait with a time limit.
     *
     * @param <T> the type of its result
     */
    @FunctionalInterface
    public interface Wait<T extends @Nullable Object> {
        /**
         * Waits.
         *
         * @param nanos the time limit in nanoseconds, at least 1
         * @return the result
         * @throws InterruptedException if interrupted while waiting
         */
        T await(long nanos) throws InterruptedException;
    }

    /** {@return a section that begins now} */
    public static UninterruptibleSection enter() {
        return new UninterruptibleSection();
    }

    /**
     * Runs a step in a section of its own: a pending interrupt does not affect it, one that arrives meanwhile ends it
     * early. Either is pending afterwards.
     *
     * @param step the step
     */
    public static void run(Step step) {
        try (UninterruptibleSection section = enter()) {
            section.attempt(step);
        }
    }

    /**
     * Runs a step that an interrupt ends early.
     *
     * @param step the step
     * @return whether it was completed
     */
    public boolean attempt(Step step) {
        try {
            step.run();
            return true;
        } catch (InterruptedException e) {
            interrupted = true;
            return false;
        }
    }

    /**
     * Waits, and continues to wait for the rest of the time after each interrupt.
     *
     * @param <T> the type of the result
     * @param nanos the time limit in nanoseconds; {@link Long#MAX_VALUE} for no limit
     * @param wait the wait, called at least once
     * @return the result of the wait
     */
    public <T extends @Nullable Object> T await(long nanos, Wait<T> wait) {
        long start = System.nanoTime();
        while (true) {
            long left = nanos == Long.MAX_VALUE ? nanos : nanos - (System.nanoTime() - start);
            try {
                return wait.await(Math.max(1, left));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    /**
     * Waits for a latch without a time limit.
     *
     * @param latch the latch
     */
    public void await(CountDownLatch latch) {
        var unused = await(Long.MAX_VALUE, nanos -> latch.await(nanos, TimeUnit.NANOSECONDS));
    }

    /**
     * Waits until a future completes, normally or exceptionally.
     *
     * @param future the future
     */
    public void awaitDone(Future<?> future) {
        var unused = awaitDone(future, Long.MAX_VALUE);
    }

    /**
     * Waits until a future completes, normally or exceptionally.
     *
     * @param future the future
     * @param deadline the time limit
     * @return whether it has completed
     */
    public boolean awaitDone(Future<?> future, Deadline deadline) {
        return awaitDone(future, deadline.nanosLeft());
    }

    private boolean awaitDone(Future<?> future, long nanos) {
        return await(nanos, left -> {
            try {
                future.get(left, TimeUnit.NANOSECONDS);
            } catch (ExecutionException | TimeoutException e) {
                // Only the end counts.
            }
            return future.isDone();
        });
    }

    /**
     * Waits for the end of a thread without a time limit. A thread that was not started counts as ended.
     *
     * @param thread the thread
     */
    public void join(Thread thread) {
        var unused = join(thread, Duration.ofNanos(Long.MAX_VALUE));
    }

    /**
     * Waits for the end of a thread. A thread that was not started counts as ended.
     *
     * @param thread the thread
     * @param atMost the time limit
     * @return whether it has ended
     */
    public boolean join(Thread thread, Duration atMost) {
        // join() throws for a thread that was not started.
        return thread.getState() == Thread.State.NEW
                || await(TimeUnit.NANOSECONDS.convert(atMost), left -> thread.join(Duration.ofNanos(left)));
    }

    /**
     * Waits for the end of several threads. Threads that were not started count as ended.
     *
     * @param threads the threads
     * @param atMost the time limit for all of them together
     * @return whether all have ended
     */
    public boolean join(Collection<Thread> threads, Duration atMost) {
        Deadline deadline = Deadline.in(atMost);
        boolean ended = true;
        for (Thread thread : threads) {
            ended &= join(thread, deadline.left());
        }
        return ended;
    }

    /** Ends the section, and restores the interrupt status. */
    @Override
    public void close() {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
