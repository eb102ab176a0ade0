package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The clock of a run: starts at the time of this machine's clock and then runs on the monotonic clock. The times of
 * events and records keep their true distances even if the machine's clock is set during the run. Immutable and
 * thread-safe.
 */
final class RunClock implements InstantSource {
    /** Longer times, such as until {@link Instant#MAX}, are not converted: adding them would overflow. */
    private static final Duration FOREVER = Duration.ofDays(100_000);

    private final InstantSource wall;
    private final Instant begin;
    private final long beginNanos;

    /**
     * Starts the clock.
     *
     * @param wall the clock of this machine
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
     * {@return the instant of this clock that corresponds to an instant of the machine's clock}
     *
     * @param then an instant by the machine's clock as it is set now
     */
    Instant ofWall(Instant then) {
        Duration left = Duration.between(wall.instant(), then);
        return left.compareTo(FOREVER) > 0 ? then : instant().plus(left);
    }
}
