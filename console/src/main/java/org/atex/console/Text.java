package org.atex.console;

import java.time.Duration;
import java.util.Locale;
import org.atex.api.Outcome;
import org.atex.support.PrintableText;
import org.jspecify.annotations.Nullable;

/**
 * Makes text from tests and systems safe for a console: control characters, including those that move the cursor or
 * change the direction of writing, are escaped, and long text is truncated.
 */
final class Text {
    private static final int NAME = 300;
    private static final int LINE = 200;
    private static final int REASON = 1000;
    private static final int GIST = 80;

    private Text() {}

    static String name(String name) {
        return PrintableText.of(name, NAME);
    }

    /** Returns a line of output. */
    static String line(String line) {
        return PrintableText.of(line, LINE);
    }

    static String reason(String reason) {
        return PrintableText.of(reason, REASON);
    }

    /** Returns the beginning of a reason that was printed before. */
    static String gist(String reason) {
        return PrintableText.of(reason, GIST);
    }

    /** Returns a colon and the reason, or an empty string. */
    static String because(@Nullable String reason) {
        return reason == null || reason.isEmpty() ? "" : ": " + reason(reason);
    }

    static String word(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    /** Returns text behind a heading of fixed width, so that lines can be searched by kind. */
    static String headed(String heading, String text) {
        return String.format(Locale.ROOT, "%-9s %s", heading, text);
    }

    static String shown(Duration duration) {
        if (duration.isNegative()) {
            return shown(Duration.ZERO); // the clock was set back
        }
        long seconds = duration.toSeconds();
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%d.%d s", seconds, duration.toMillisPart() / 100);
        }
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d min", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d h", seconds / 3600, seconds / 60 % 60);
    }
}
