package org.atex.junitxml;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Formats times for readers, independent of the locale. */
final class Times {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private Times() {}

    /** {@return a duration in milliseconds, at most {@code Long.MAX_VALUE}} */
    static long millis(Duration duration) {
        return duration.compareTo(Duration.ofMillis(Long.MAX_VALUE)) > 0 ? Long.MAX_VALUE : duration.toMillis();
    }

    /** {@return seconds with three decimals; never negative} */
    static String seconds(long millis) {
        long positive = Math.max(0, millis);
        String decimals = Long.toString(1000 + positive % 1000).substring(1);
        return positive / 1000 + "." + decimals;
    }

    /** {@return a time stamp in UTC with seconds, without a zone, as some readers reject zones} */
    static String stamp(long millis) {
        return SECONDS.format(Instant.ofEpochMilli(millis));
    }
}
