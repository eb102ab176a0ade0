package org.atex.podman;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The time at which an operation gives up.
 *
 * @param nanos the time in terms of {@link System#nanoTime()}
 */
record Deadline(long nanos) {
    private static final long PAUSE_MILLIS = 50;

    static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + TimeUnit.NANOSECONDS.convert(time));
    }

    /** {@return the remaining time in nanoseconds, at least 0} */
    long nanosLeft() {
        return Math.max(0, nanos - System.nanoTime());
    }

    Duration left() {
        return Duration.ofNanos(nanosLeft());
    }

    boolean isOver() {
        return nanosLeft() == 0;
    }

    /** Sleeps 50 ms before the next attempt, or until the deadline if that is earlier. */
    void pause() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.min(nanosLeft(), TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS)));
    }
}
