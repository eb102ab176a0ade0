package org.atex.adhoc;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Calls code after a time, on one thread that exists from the first alarm until {@link #close}. Thread-safe. */
class Alarms implements AutoCloseable {
    /** A call that is due later. */
    @FunctionalInterface
    interface Alarm {
        /** Prevents the call, unless it has begun. */
        void cancel();
    }

    private final ScheduledThreadPoolExecutor timer;

    Alarms() {
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("atex-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
    }

    /**
     * Calls the code once, after a time.
     *
     * @throws java.util.concurrent.RejectedExecutionException if this is closed
     */
    Alarm after(Duration time, Runnable code) {
        ScheduledFuture<?> future = timer.schedule(code, time.toNanos(), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    boolean isClosed() {
        return timer.isShutdown();
    }

    /** Cancels all alarms. */
    @Override
    public void close() {
        timer.shutdownNow();
    }
}
