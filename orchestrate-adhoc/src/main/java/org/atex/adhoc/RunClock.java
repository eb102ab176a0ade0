package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * What time it is in a run: by this machine's clock as it was when the run was made, and from then on by one that does
 * not jump. So the times of a run's events and records have the distances that they really had, though somebody sets
 * the clock meanwhile. Immutable.
 */
final class RunClock implements InstantSource {
    private static final Duration FOREVER = Duration.ofDays(100_000);

    private final InstantSource wall;
    private final Instant begin;
    private final long beginNanos;

    /**
     * Starts it.
     *
     * @param wall this machine's clock
     */
    RunClock(InstantSource wall) {
        this.wall = wall;
        begin = wall.instant();
        beginNanos = System.nanoTime();
    }

    @Override
    public Instant instant() {
        return begin.plusNanos(System.nanoTime() - beginNanos);
    }

    /**
     * {@return when something is by this clock}
     *
     * @param then when it is by this machine's clock, as that is set now
     */
    Instant ofWall(Instant then) {
        Duration left = Duration.between(wall.instant(), then);
        return left.compareTo(FOREVER) > 0 ? then : instant().plus(left);
    }
}
