package org.atex.artifacts;

import java.util.regex.Pattern;

/**
 * Makes texts of tests fit for readers of reports: without colours of terminals, and without characters that XML or
 * databases refuse. Such characters become U+FFFD.
 *
 * <p>Thread safety: thread-safe.
 */
public final class PlainText {
    private static final char REPLACEMENT = '\ufffd';
    private static final String CUT = "…";
    private static final Pattern ANSI = Pattern.compile("\u001b\\[[0-9;?]{0,40}[ -/]{0,10}[@-~]");

    private PlainText() {}

    /**
     * {@return a text in one line: line breaks and tabs become spaces}
     *
     * @param text any text
     */
    public static String line(String text) {
        return clean(withoutColours(text), false);
    }

    /**
     * {@return a text of several lines}
     *
     * @param text any text
     */
    public static String lines(String text) {
        return clean(withoutColours(text), true);
    }

    /**
     * {@return the beginning of a text, without half of a surrogate pair; a text that was cut ends with "…"}
     *
     * @param text any text
     * @param max the maximum length, at least 2
     */
    public static String cut(String text, int max) {
        if (text.length() <= max) {
            return text;
        }
        int end = max - CUT.length();
        return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + CUT;
    }

    private static String withoutColours(String text) {
        return text.indexOf('\u001b') < 0 ? text : ANSI.matcher(text).replaceAll("");
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
