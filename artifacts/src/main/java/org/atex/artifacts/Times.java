package org.atex.artifacts;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;

/**
 * Parses times as {@link Instant#toString()} and {@link Duration#toString()} write them, faster than the JDK does: journals
 * have hundreds of thousands. Instants are fast if most have the minute of the one before. Not thread-safe.
 */
final class Times {
    private static final int NANOS_DIGITS = 9;
    private static final int MAX_DURATION = 40;
    private static final String UNITS = "HMS";
    private static final int[] SECONDS = {3600, 60, 1};

    /** The length of a year, month, day, hour and minute with the separators after each. */
    private static final int MINUTE = 17;

    /** The first characters of the last instant, up to its seconds. */
    private String minute = "none";

    private long startOfMinute;

    /**
     * {@return an instant}
     *
     * @throws DateTimeException if the text is none
     */
    Instant instant(String text) {
        int end = text.length() - 1;
        if (text.startsWith(minute)
                && end >= MINUTE + 2
                && text.charAt(end) == 'Z'
                && isNumber(text, MINUTE, MINUTE + 2)) {
            int second = number(text, MINUTE, MINUTE + 2);
            int nanos = end == MINUTE + 2 ? 0 : text.charAt(MINUTE + 2) == '.' ? fraction(text, MINUTE + 3, end) : -1;
            if (second < 60 && nanos >= 0) {
                return Instant.ofEpochSecond(startOfMinute + second, nanos);
            }
        }
        Instant instant = Instant.parse(text);
        // Only of the usual form, which has no other minute in the same place.
        if (end >= MINUTE && instant.toString().startsWith(text.substring(0, MINUTE))) {
            minute = text.substring(0, MINUTE);
            startOfMinute = Math.floorDiv(instant.getEpochSecond(), 60) * 60L;
        }
        return instant;
    }

    /**
     * {@return a duration}
     *
     * @throws DateTimeException if the text is none
     */
    static Duration duration(String text) {
        long seconds = 0;
        int from = 2;
        if (text.startsWith("PT") && text.length() < MAX_DURATION) {
            for (int i = 0; i < UNITS.length() && from < text.length(); i++) {
                int end = text.indexOf(UNITS.charAt(i), from);
                int point = text.indexOf('.', from);
                boolean isLast = i == UNITS.length() - 1 && point >= 0;
                int whole = isLast ? point : end;
                if (end < 0) {
                    continue;
                }
                if (whole <= from || whole > from + 7 || !isNumber(text, from, whole)) {
                    break;
                }
                seconds += (long) number(text, from, whole) * SECONDS[i];
                int nanos = isLast ? fraction(text, point + 1, end) : 0;
                if (nanos < 0) {
                    break;
                }
                if (end == text.length() - 1) {
                    return Duration.ofSeconds(seconds, nanos);
                }
                from = end + 1;
            }
        }
        return Duration.parse(text); // of other forms, or invalid
    }

    private static boolean isNumber(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    private static int number(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            number = number * 10 + text.charAt(i) - '0';
        }
        return number;
    }

    /** {@return the nanoseconds of the digits after a point; -1 if these are none} */
    private static int fraction(String text, int from, int to) {
        if (from >= to || to - from > NANOS_DIGITS || !isNumber(text, from, to)) {
            return -1;
        }
        int nanos = number(text, from, to);
        for (int i = to - from; i < NANOS_DIGITS; i++) {
            nanos *= 10;
        }
        return nanos;
    }
}
