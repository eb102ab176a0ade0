package org.atex.fmf;

import java.time.Duration;
import java.util.Locale;

/** Formats durations for messages. */
final class Durations {
    private Durations() {}

    /** {@return the duration as in {@code 1h30m} or {@code 0.5s}, rounded to milliseconds} */
    static String words(Duration duration) {
        return Duration.ofMillis(duration.plusNanos(500_000).toMillis())
                .toString()
                .replaceFirst("^PT", "")
                .toLowerCase(Locale.ROOT);
    }
}
