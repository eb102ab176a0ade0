package org.atex.adhoc;

import java.time.Duration;

/** When to say that something still goes on: each minute, and each five minutes after the first ten. */
final class Beat {
    private static final long OFTEN = Duration.ofMinutes(1).toSeconds();
    private static final long SELDOM = Duration.ofMinutes(5).toSeconds();
    private static final long AT_FIRST = Duration.ofMinutes(10).toSeconds();

    private long next = OFTEN;

    /** Whether it is to be said now; once for each time. */
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
