package org.atex.reportportal;

import java.util.regex.Pattern;

/** Makes texts of tests fit for the service: their length, and characters that it or its database refuses. */
final class Text {
    /** Maximum lengths, in UTF-16 units. */
    static final int MAX_NAME = 1024;

    static final int MAX_LAUNCH_NAME = 256;
    static final int MAX_LAUNCH_DESCRIPTION = 2048;
    static final int MAX_DESCRIPTION = 65_536;
    static final int MAX_ATTRIBUTE = 128;

    private static final char REPLACEMENT = '\ufffd';
    private static final String CUT = "…";
    private static final Pattern ANSI = Pattern.compile("\u001b\\[[0-9;?]{0,40}[ -/]{0,10}[@-~]");

    private Text() {}

    /**
     * {@return a name: one line that is not blank, and of limited length}
     *
     * @param text any text
     * @param max the maximum length
     */
    static String name(String text, int max) {
        String line = clean(text, false).strip();
        return line.isEmpty() ? "(no name)" : cut(line, max);
    }

    /** {@return the value of an attribute; empty if nothing is left of it} */
    static String attribute(String text) {
        // The colon separates key and value where users enter attributes.
        return cut(clean(text, false).strip(), MAX_ATTRIBUTE);
    }

    /** {@return a text of several lines, without colours of terminals} */
    static String message(String text) {
        String plain = text.indexOf('\u001b') < 0 ? text : ANSI.matcher(text).replaceAll("");
        return clean(plain, true);
    }

    static String description(String text, int max) {
        return cut(message(text), max);
    }

    /** {@return the beginning of a text, without half of a surrogate pair; a text that was cut ends with "…"} */
    static String cut(String text, int max) {
        if (text.length() <= max) {
            return text;
        }
        int end = max - CUT.length();
        return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + CUT;
    }

    /** {@return the end of a text, without half of a surrogate pair} */
    static String tail(String text, int max) {
        if (text.length() <= max) {
            return text;
        }
        int start = text.length() - max;
        return text.substring(Character.isLowSurrogate(text.charAt(start)) ? start + 1 : start);
    }

    private static String clean(String text, boolean lines) {
        if (isClean(text, lines)) {
            return text;
        }
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().forEach(c -> clean.appendCodePoint(isRefused(c, lines) ? replacement(c) : c));
        return clean.toString();
    }

    private static boolean isClean(String text, boolean lines) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c) || isRefused(c, lines)) {
                return false;
            }
        }
        return true;
    }

    private static int replacement(int c) {
        return Character.isWhitespace(c) ? ' ' : REPLACEMENT;
    }

    private static boolean isRefused(int c, boolean lines) {
        if (c == '\n' || c == '\t' || c == '\r') {
            return !lines;
        }
        return Character.isISOControl(c)
                || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)
                || (c & 0xfffe) == 0xfffe;
    }
}
