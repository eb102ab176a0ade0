package org.atex.console;

import java.time.Duration;

/**
 * Decides when to repeat that an activity still goes on: every minute, and every five minutes after the first ten. Not
 * thread-safe.
 */
final class Reminder {
    private static final long OFTEN = Duration.ofMinutes(1).toSeconds();
    private static final long SELDOM = Duration.ofMinutes(5).toSeconds();
    private static final long AT_FIRST = Duration.ofMinutes(10).toSeconds();

    private long next = OFTEN;

    /** Returns whether a reminder is due, once per interval. */
    boolean isDue(Duration elapsed) {
        long seconds = elapsed.toSeconds();
        if (seconds < next) {
            return false;
        }
        long step = seconds < AT_FIRST ? OFTEN : SELDOM;
        next = seconds / step * step + step;
        return true;
    }
}
