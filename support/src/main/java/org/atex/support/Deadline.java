package org.atex.support;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The time at which an operation gives up.
 *
 * @param nanos the time in terms of {@link System#nanoTime()}
 */
public record Deadline(long nanos) {
    private static final long PAUSE_MILLIS = 50;

    /**
     * {@return the deadline at the end of a time from now}
     *
     * @param time the time
     */
    public static Deadline in(Duration time) {
        long now = System.nanoTime();
        long left = TimeUnit.NANOSECONDS.convert(time);
        // Differences of nanoTime() are valid up to 292 years: a longer time is as good as that.
        return new Deadline(now + Math.min(left, Long.MAX_VALUE / 2));
    }

    /** {@return the remaining time in nanoseconds, at least 0} */
    public long nanosLeft() {
        return Math.max(0, nanos - System.nanoTime());
    }

    /** {@return the remaining time, at least 0} */
    public Duration left() {
        return Duration.ofNanos(nanosLeft());
    }

    /** {@return whether the deadline has passed} */
    public boolean isOver() {
        return nanosLeft() == 0;
    }

    /**
     * Sleeps 50 ms before the next attempt, or until the deadline if that is earlier.
     *
     * @throws InterruptedException if interrupted
     */
    public void sleepBriefly() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.min(nanosLeft(), TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS)));
    }
}
