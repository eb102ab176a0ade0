package org.atex.support;

/**
 * Makes text from tests and systems safe for people to read: control characters, including those that move the cursor
 * or change the direction of writing, are shown as numbers, and long text is truncated. Thread-safe.
 */
public final class PrintableText {
    private PrintableText() {}

    /**
     * {@return the text in one line of visible characters} A line break becomes a space, a tab becomes four.
     *
     * @param text the text
     * @param limit the maximum number of characters; the number of those that follow is told
     */
    public static String of(String text, int limit) {
        StringBuilder printable = new StringBuilder(Math.min(text.length(), limit));
        // A longer text has more characters in any case: it need not be counted.
        int possible = (int) Math.min(text.length(), 2L * limit + 1);
        int end = text.codePointCount(0, possible) <= limit ? possible : text.offsetByCodePoints(0, limit);
        text.codePoints().limit(text.codePointCount(0, end)).forEach(c -> append(printable, c));
        if (end < text.length()) {
            printable.append("… (").append(text.length() - end).append(" more characters)");
        }
        return printable.toString();
    }

    private static void append(StringBuilder to, int c) {
        if (c == '\n') {
            to.append(' ');
        } else if (c == '\t') {
            to.append("    ");
        } else if (isVisible(c)) {
            to.appendCodePoint(c);
        } else {
            to.append(String.format(c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
        }
    }

    private static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }
}
