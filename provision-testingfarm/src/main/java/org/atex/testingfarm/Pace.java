package org.atex.testingfarm;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * When the requests of a provisioner are polled: each at a random moment within the first interval, and then once per
 * interval, to which a random delay of up to a tenth is added. The polls of one or of many provisioners are thus spread
 * over time. A service that demands a pause is overloaded by more than one request, so all polls wait.
 *
 * <p>Not thread-safe; guarded by the lock of the reservations.
 */
final class Pace {
    private static final double JITTER = 0.1;

    private final Duration interval;
    private final RandomGenerator random;
    private Instant pausedUntil = Instant.MIN;

    Pace(Duration interval, RandomGenerator random) {
        this.interval = interval;
        this.random = random;
    }

    /** {@return the interval without its random delay} */
    Duration regular() {
        return interval;
    }

    /** {@return the time until the first poll of a request} */
    Duration first() {
        return times(random.nextDouble());
    }

    /** {@return the time until the next poll of a request} */
    Duration next() {
        return times(1 + JITTER * random.nextDouble());
    }

    private Duration times(double factor) {
        return Duration.ofNanos((long) (interval.toNanos() * factor));
    }

    void pauseUntil(Instant end) {
        pausedUntil = end.isAfter(pausedUntil) ? end : pausedUntil;
    }

    boolean isPaused(Instant now) {
        return now.isBefore(pausedUntil);
    }
}
