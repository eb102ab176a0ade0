package org.atex.scenario;

import java.time.Duration;
import java.util.Locale;

/** Words for messages. */
final class Words {
    private static final int MAX_LENGTH = 500;

    private Words() {}

    /** {@return a duration such as {@code 1h30m} or {@code 0.3s}} */
    static String of(Duration duration) {
        return duration.toString().replaceFirst("^PT", "").toLowerCase(Locale.ROOT);
    }

    /** {@return an exception in one line of limited length} */
    static String of(Throwable e) {
        String text;
        try {
            text = e.toString();
        } catch (Throwable broken) {
            // The exception belongs to the user, and so does its toString().
            text = e.getClass().getName();
        }
        return line(text);
    }

    /** {@return a text in one line of limited length} */
    static String line(String text) {
        String start = text.substring(0, Math.min(text.length(), 2 * MAX_LENGTH));
        String line = start.strip().replaceAll("\\s+", " ");
        return line.length() > MAX_LENGTH || start.length() < text.length()
                ? line.substring(0, Math.min(line.length(), MAX_LENGTH)) + "…"
                : line;
    }
}
