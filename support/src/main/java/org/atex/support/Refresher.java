package org.atex.support;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs a step on a daemon thread of its own, a pause after a change. A slow step runs less often: for at most a fifth of
 * the time.
 *
 * <p>Thread-safe.
 */
public final class Refresher implements AutoCloseable {
    /** Minimum pause between two runs, as a multiple of the duration of the last one. */
    private static final int PAUSE_FACTOR = 4;

    private final long minimum;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changes = lock.newCondition();
    private final Runnable step;
    private final Thread thread;
    private volatile boolean changed;
    private boolean closed;

    /**
     * Starts the thread.
     *
     * @param name its name
     * @param pause the pause between a change and the step, and between two runs of the step
     * @param step the step, which must not throw
     */
    public Refresher(String name, Duration pause, Runnable step) {
        this.minimum = pause.toNanos();
        this.step = step;
        thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    /** Requests a run of the step. Does not block on a running step. */
    public void changed() {
        // Most calls find the flag set, and need no lock. The flag is cleared before the step reads the state, so a
        // change that finds it set is seen by that step.
        if (!changed) {
            lock.lock();
            try {
                changed = true;
                changes.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Ends the thread, and waits for a running step. An interrupt stays pending. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changes.signalAll();
        } finally {
            lock.unlock();
        }
        // Also if interrupted: the caller deletes the journal next, which the step may be reading.
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            section.join(thread);
        }
    }

    private void run() {
        long pause = minimum;
        try {
            while (isDue(pause)) {
                long start = System.nanoTime();
                step.run();
                pause = Math.max(minimum, PAUSE_FACTOR * (System.nanoTime() - start));
            }
        } catch (InterruptedException e) {
            // close() does not interrupt. Another interrupt can only mean that the thread should end.
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits for a change, then for the pause.
     *
     * @return true to run the step, false if closed
     */
    private boolean isDue(long pause) throws InterruptedException {
        lock.lock();
        try {
            while (!changed && !closed) {
                changes.await();
            }
            long left = pause;
            while (left > 0 && !closed) {
                left = changes.awaitNanos(left);
            }
            // Cleared before the step: a change during the step requests another run.
            changed = false;
            return !closed;
        } finally {
            lock.unlock();
        }
    }
}
