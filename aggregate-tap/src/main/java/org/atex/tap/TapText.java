package org.atex.tap;

import org.atex.artifacts.PlainText;

/** Escapes texts of tests for descriptions, directives, comments and diagnostic blocks. */
final class TapText {
    private TapText() {}

    /** {@return a description or the reason of a directive: one line, in which {@code #} begins no directive} */
    static String description(String text) {
        String line = PlainText.line(text).strip();
        if (line.isEmpty()) {
            return "(no name)";
        }
        String escaped = line.replace("\\", "\\\\").replace("#", "\\#");
        // A brace at the end would begin a subtest for some consumers, and has no escape.
        return escaped.endsWith("{") ? escaped + "." : escaped;
    }

    /** {@return the text of a comment or of a bailout: one line} */
    static String line(String text) {
        return PlainText.line(text).strip();
    }

    /** {@return a YAML scalar in double quotes, in one line} Only escapes that all readers of TAP know are used. */
    static String quoted(String text) {
        return "\""
                + PlainText.lines(text)
                        .replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r")
                        .replace("\t", "\\t")
                + "\"";
    }
}
