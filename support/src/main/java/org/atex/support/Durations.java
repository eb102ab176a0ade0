package org.atex.support;

import java.time.Duration;
import java.util.Locale;

/** Formats durations for messages. Thread-safe. */
public final class Durations {
    private Durations() {}

    /**
     * {@return the duration as in {@code 1h30m} or {@code 0.5s}, rounded to milliseconds}
     *
     * @param duration the duration
     */
    public static String words(Duration duration) {
        return Duration.ofMillis(duration.plusNanos(500_000).toMillis())
                .toString()
                .replaceFirst("^PT", "")
                .toLowerCase(Locale.ROOT);
    }
}
