package org.atex.support;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;

/** The end of a lease in labels: seconds since 1970. */
public final class LeaseEnd {
    private LeaseEnd() {}

    /**
     * {@return the text of an end}
     *
     * @param time the time from now to the end
     */
    public static String in(Duration time) {
        return String.valueOf(Instant.now().plus(time).getEpochSecond());
    }

    /**
     * {@return whether an end is in the past; false for a text in another format}
     *
     * @param text the text of an end
     */
    public static boolean hasPassed(String text) {
        try {
            return Instant.ofEpochSecond(Long.parseLong(text)).isBefore(Instant.now());
        } catch (NumberFormatException | DateTimeException e) {
            return false;
        }
    }
}
