package org.atex.fmf.tree;

/** Translates a character class of Python, {@code [...]} or a category such as {@code \w}, to Java's syntax. */
final class PyRegexClass {
    private static final String WORD = "\\p{L}\\p{N}_";
    private static final String SPACE = "\\t-\\r\\x{1c}-\\x{1f}\\x{85}\\p{Z}";

    private final PyRegexReader in;
    private final boolean ascii;
    private final StringBuilder out = new StringBuilder("[");

    /** Creates a translator for a class. The opening bracket was already read. */
    PyRegexClass(PyRegexReader in, boolean ascii) {
        this.in = in;
        this.ascii = ascii;
    }

    /** {@return a category as a Java class in brackets, which may be nested in another class} */
    static String category(char letter, boolean ascii) {
        var set = switch (Character.toLowerCase(letter)) {
            case 'd' -> ascii ? "0-9" : "\\p{Nd}";
            case 's' -> ascii ? " \\t-\\r" : SPACE;
            default -> ascii ? "a-zA-Z0-9_" : WORD;
        };
        return (Character.isUpperCase(letter) ? "[^" : "[") + set + "]";
    }

    /** {@return whether a character is white space in Python} */
    static boolean isSpace(char c) {
        return c <= ' ' ? c == ' ' || (c >= '\t' && c <= '\r') || c >= 0x1c : c == 0x85 || Character.isSpaceChar(c);
    }

    /** {@return the text without white space at both ends, like Python's {@code strip}} */
    static String strip(String text) {
        var start = 0;
        var end = text.length();
        while (start < end && isSpace(text.charAt(start))) {
            start++;
        }
        while (end > start && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }

    static void appendLiteral(StringBuilder out, int c) {
        if (PyRegexTranslator.isAsciiLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '/') {
            out.append((char) c);
        } else {
            out.append("\\x{").append(Integer.toHexString(c)).append('}');
        }
    }

    String translate() {
        if (in.take('^')) {
            out.append('^');
        }
        // A "]" in the first position is a plain character.
        var first = true;
        while (first || !in.at("]")) {
            if (in.atEnd()) {
                throw in.bad("unterminated character set");
            }
            item();
            first = false;
        }
        in.next();
        return out.append(']').toString();
    }

    private void item() {
        var low = character();
        if (!in.at("-") || in.at("-]")) {
            return;
        }
        in.next();
        if (low < 0 || in.atEnd()) {
            throw in.bad("bad character range");
        }
        out.append('-');
        var high = character();
        if (high < low) {
            throw in.bad("bad character range");
        }
    }

    /**
     * Appends one member of the class.
     *
     * @return the character, or -1 for a category
     */
    private int character() {
        var c = in.next();
        if (c == '\\') {
            var letter = in.peek();
            if (letter > 0 && "dDsSwW".indexOf(letter) >= 0) {
                in.next();
                out.append(category((char) letter, ascii));
                return -1;
            }
            c = in.escapedCharacter(true);
        }
        appendLiteral(out, c);
        return c;
    }
}
