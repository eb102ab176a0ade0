package org.atex.reportportal;

import java.time.Clock;
import java.time.Duration;

/**
 * Times and limits of the sender that only tests change.
 *
 * @param firstPause the pause after the first failed try of a call; each further one is twice as long
 * @param longestPause the longest pause, unless the service asks for a longer one
 * @param callWithin the time limit of a call
 * @param uploadWithin the time limit of a call with a file
 * @param earlyTries the number of tries of a call for which the service says that it is too early
 * @param clock the clock
 * @param sleeper waits between tries
 */
record Tuning(
        Duration firstPause,
        Duration longestPause,
        Duration callWithin,
        Duration uploadWithin,
        int earlyTries,
        Clock clock,
        Sleeper sleeper) {
    static final Tuning DEFAULT = new Tuning(
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofMinutes(15),
            20,
            Clock.systemUTC(),
            Thread::sleep);

    /** Waits, in real time or in the time of a test. Thread-safe. */
    @FunctionalInterface
    interface Sleeper {
        /**
         * Waits for a time.
         *
         * @throws InterruptedException if interrupted
         */
        void sleep(Duration duration) throws InterruptedException;
    }

    Tuning withSleeper(Clock other, Sleeper sleeping) {
        return new Tuning(firstPause, longestPause, callWithin, uploadWithin, earlyTries, other, sleeping);
    }

    Tuning withPauses(Duration first, Duration longest) {
        return new Tuning(first, longest, callWithin, uploadWithin, earlyTries, clock, sleeper);
    }

    Tuning withCallWithin(Duration limit) {
        return new Tuning(firstPause, longestPause, limit, limit, earlyTries, clock, sleeper);
    }
}
