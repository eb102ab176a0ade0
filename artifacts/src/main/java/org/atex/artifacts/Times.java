package org.atex.artifacts;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * Parses times as {@link Instant#toString()} and {@link Duration#toString()} write them, faster than the JDK does: journals
 * have hundreds of thousands.
 */
final class Times {
    private static final int NANOS_DIGITS = 9;
    private static final int MAX_DURATION = 40;
    private static final String UNITS = "HMS";
    private static final int[] SECONDS = {3600, 60, 1};

    private Times() {}

    /**
     * {@return an instant}
     *
     * @throws DateTimeException if the text is none
     */
    static Instant instant(String text) {
        int end = text.length() - 1;
        if (end < 19 || !hasShape(text, "0000-00-00T00:00:00") || text.charAt(end) != 'Z') {
            return Instant.parse(text);
        }
        int nanos = 0;
        if (end > 19) {
            nanos = text.charAt(19) == '.' ? fraction(text, 20, end) : -1;
            if (nanos < 0) {
                return Instant.parse(text);
            }
        }
        return LocalDateTime.of(
                        number(text, 0, 4),
                        number(text, 5, 7),
                        number(text, 8, 10),
                        number(text, 11, 13),
                        number(text, 14, 16),
                        number(text, 17, 19),
                        nanos)
                .toInstant(ZoneOffset.UTC);
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

    private static boolean hasShape(String text, String shape) {
        for (int i = 0; i < shape.length(); i++) {
            char expected = shape.charAt(i);
            char c = text.charAt(i);
            if (expected == '0' ? c < '0' || c > '9' : c != expected) {
                return false;
            }
        }
        return true;
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
