package org.atex.fmf;

import java.time.Duration;
import java.util.Locale;

/** Durations in messages. */
final class Durations {
    private Durations() {}

    /** {@return such as {@code 1h30m} or {@code 0.5s}, in milliseconds at the finest} */
    static String words(Duration duration) {
        return Duration.ofMillis(duration.plusNanos(500_000).toMillis())
                .toString()
                .replaceFirst("^PT", "")
                .toLowerCase(Locale.ROOT);
    }
}
