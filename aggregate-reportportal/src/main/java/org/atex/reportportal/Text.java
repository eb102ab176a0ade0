package org.atex.reportportal;

import org.atex.artifacts.PlainText;

/** Makes texts of tests fit for the service: their length, and characters that it or its database refuses. */
final class Text {
    /** Maximum lengths, in UTF-16 units. */
    static final int MAX_NAME = 1024;

    static final int MAX_LAUNCH_NAME = 256;
    static final int MAX_LAUNCH_DESCRIPTION = 2048;
    static final int MAX_DESCRIPTION = 65_536;
    static final int MAX_ATTRIBUTE = 128;

    private Text() {}

    /**
     * {@return a name: one line that is not blank, and of limited length}
     *
     * @param text any text
     * @param max the maximum length
     */
    static String name(String text, int max) {
        String line = PlainText.line(text).strip();
        return line.isEmpty() ? "(no name)" : PlainText.cut(line, max);
    }

    /** {@return the value of an attribute; empty if nothing is left of it} */
    static String attribute(String text) {
        // The colon separates key and value where users enter attributes.
        return PlainText.cut(PlainText.line(text).strip(), MAX_ATTRIBUTE);
    }

    static String description(String text, int max) {
        return PlainText.cut(PlainText.lines(text), max);
    }

    /** {@return the end of a text, without half of a surrogate pair} */
    static String tail(String text, int max) {
        if (text.length() <= max) {
            return text;
        }
        int start = text.length() - max;
        return text.substring(Character.isLowSurrogate(text.charAt(start)) ? start + 1 : start);
    }
}
