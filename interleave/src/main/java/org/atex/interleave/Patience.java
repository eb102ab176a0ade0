package org.atex.interleave;

import java.time.Duration;
import org.atex.support.Arguments;

/**
 * How long a moving actor may take.
 *
 * @param limit the time from one stop to the next
 * @param lockedAfter the time after which an actor that waits for the lock of a parked one counts as stuck; it cannot go
 *     on, so the time affects the speed only
 * @param waitingAfter the time after which an actor counts as stuck that waits for any other thread
 */
record Patience(Duration limit, Duration lockedAfter, Duration waitingAfter) {
    static final Duration DEFAULT_LIMIT = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Duration LONGEST_END = Duration.ofSeconds(10);

    /** For a given order: the actor may wait for something that the plan does not know. */
    static Patience forPlan(Duration limit) {
        return new Patience(limit, Duration.ofSeconds(1), limit);
    }

    /** For many orders, in some of which actors have to wait. */
    static Patience forSearch(Duration limit, Duration waitingAfter) {
        return new Patience(limit, Duration.ofMillis(20), waitingAfter);
    }

    static Duration checked(Duration time, String name) {
        Arguments.positive(time, name);
        if (time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + " must be at most " + LONGEST + ", not " + time);
        }
        return time;
    }

    static String text(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    /** {@return the time that interrupted actors have to end} */
    Duration end() {
        return limit.compareTo(LONGEST_END) < 0 ? limit : LONGEST_END;
    }
}
