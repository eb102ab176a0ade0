package org.atex.junitxml;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs a step some time after something changed, on a thread of its own that otherwise waits. A step that takes long comes
 * the less often: it has a fifth of the time at most.
 *
 * <p>Safe for many threads.
 */
final class Refresher implements AutoCloseable {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(500);
    private static final int REST = 4;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changes = lock.newCondition();
    private final Runnable step;
    private final Thread thread;
    private volatile boolean changed;
    private boolean closed;

    Refresher(String name, Runnable step) {
        this.step = step;
        thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    void changed() {
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

    /** Ends the thread; a step under way is waited for. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changes.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                // The step is short, and what follows must not overlap with it.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        long pause = PAUSE;
        try {
            while (isDue(pause)) {
                long start = System.nanoTime();
                step.run();
                pause = Math.max(PAUSE, REST * (System.nanoTime() - start));
            }
        } catch (InterruptedException e) {
            // Nobody but close() ends it, and that does not interrupt; whoever does anyway wants it to end.
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for a change, and then a while for others; says whether to go on. */
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
            // Before the step: what comes during it is a change again.
            changed = false;
            return !closed;
        } finally {
            lock.unlock();
        }
    }
}
