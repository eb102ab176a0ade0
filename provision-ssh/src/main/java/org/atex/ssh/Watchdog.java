package org.atex.ssh;

import java.time.Duration;
import org.atex.support.Threads;

/** A watchdog that runs an action when it expires, unless it is renewed or closed before. Thread-safe. */
final class Watchdog implements AutoCloseable {
    private final long limit;
    private final Thread watch;
    private volatile long start = System.nanoTime();
    private volatile boolean expired;

    /**
     * Starts the watchdog, in a thread of its own.
     *
     * @param limit the time from now, or from the last {@link #renew}, to the expiry
     * @param action the action on expiry, run at most once
     */
    Watchdog(Duration limit, Runnable action) {
        this.limit = limit.toNanos();
        this.watch = Threads.start("watchdog", () -> watch(action));
    }

    private void watch(Runnable action) {
        try {
            // Renewing moves the start only: the thread notices it when it wakes, and sleeps for the rest.
            for (long remaining = limit; remaining > 0; remaining = start + limit - System.nanoTime()) {
                Thread.sleep(Duration.ofNanos(remaining));
            }
            // Set first: the action makes the caller fail, and the caller then asks for the reason.
            expired = true;
            action.run();
        } catch (InterruptedException e) {
            // The watchdog was closed before it expired.
        }
    }

    /** Restarts the time from now. Has no effect after the expiry. */
    void renew() {
        start = System.nanoTime();
    }

    Duration limit() {
        return Duration.ofNanos(limit);
    }

    /** {@return whether the limit passed without a renewal; then the action was run or is running} */
    boolean hasExpired() {
        return expired;
    }

    /** Cancels the watchdog. An action that has begun may be interrupted. */
    @Override
    public void close() {
        watch.interrupt();
    }
}
