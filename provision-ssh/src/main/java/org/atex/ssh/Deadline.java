package org.atex.ssh;

import java.time.Duration;

/** Does something when a time has passed, unless it is renewed or closed before. Thread-safe. */
final class Deadline implements AutoCloseable {
    private final long limit;
    private final Thread watch;
    private volatile long start = System.nanoTime();
    private volatile boolean expired;

    Deadline(Duration limit, Runnable action) {
        this.limit = limit.toNanos();
        this.watch = Threads.start("deadline", () -> watch(action));
    }

    private void watch(Runnable action) {
        try {
            for (long left = limit; left > 0; left = start + limit - System.nanoTime()) {
                Thread.sleep(Duration.ofNanos(left));
            }
            expired = true;
            action.run();
        } catch (InterruptedException e) {
            // closed in time
        }
    }

    void renew() {
        start = System.nanoTime();
    }

    Duration limit() {
        return Duration.ofNanos(limit);
    }

    boolean hasExpired() {
        return expired;
    }

    @Override
    public void close() {
        watch.interrupt();
    }
}
