package org.atex.podman;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A moment until which something is tried.
 *
 * @param nanos when, as {@link System#nanoTime()} has it
 */
record Deadline(long nanos) {
    private static final long PAUSE_MILLIS = 50;

    static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + TimeUnit.NANOSECONDS.convert(time));
    }

    long nanosLeft() {
        return Math.max(0, nanos - System.nanoTime());
    }

    Duration left() {
        return Duration.ofNanos(nanosLeft());
    }

    boolean isOver() {
        return nanosLeft() == 0;
    }

    /** Waits a little before the next attempt. */
    void pause() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.min(nanosLeft(), TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS)));
    }
}
