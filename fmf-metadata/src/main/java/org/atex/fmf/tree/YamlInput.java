package org.atex.fmf.tree;

/**
 * A text that is being scanned, with the current position.
 *
 * <p>Lines end as in YAML 1.1: with a line feed, a carriage return, U+0085, U+2028 or U+2029.
 */
final class YamlInput {
    /** The character returned behind the end of the text. The text itself cannot contain it. */
    static final char END = '\0';

    /** The number of characters of a line that an error shows on each side of its position. */
    private static final int SHOWN = 40;

    private final String text;
    private int at;
    private int line;
    private int lineStart;

    /** Creates an input from a text. Removes a byte order mark, and replaces carriage returns by line feeds. */
    YamlInput(String source) {
        var start = source.startsWith("\ufeff") ? 1 : 0;
        this.text = source.indexOf('\r') < 0
                ? source.substring(start)
                : source.substring(start).replace("\r\n", "\n").replace('\r', '\n');
        check();
    }

    private void check() {
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if ((c < ' ' || c > '~') && !allowed(i, c)) {
                throw error("control characters are not allowed", i);
            }
        }
    }

    private boolean allowed(int i, char c) {
        if (Character.isHighSurrogate(c)) {
            return i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1));
        }
        if (Character.isLowSurrogate(c)) {
            return i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
        }
        return c == '\t' || c == '\n' || c == 0x85 || (c >= 0xa0 && c <= 0xfffd);
    }

    int position() {
        return at;
    }

    int line() {
        return line;
    }

    int column() {
        return at - lineStart;
    }

    char peek() {
        return at < text.length() ? text.charAt(at) : END;
    }

    char peek(int ahead) {
        return at + ahead < text.length() ? text.charAt(at + ahead) : END;
    }

    String substring(int from, int to) {
        return text.substring(from, to);
    }

    /** {@return the number of code points between two positions} */
    int distance(int from, int to) {
        return text.codePointCount(from, to);
    }

    void skip() {
        at++;
    }

    void skip(int characters) {
        at += characters;
    }

    /** Moves to a later position in the same line. */
    void moveTo(int position) {
        at = position;
    }

    boolean atEnd() {
        return at >= text.length();
    }

    boolean atBlank() {
        return isBlank(peek());
    }

    boolean atBreak() {
        return isBreak(peek());
    }

    boolean isBlankOrEnd(int ahead) {
        return isBlankOrEnd(peek(ahead));
    }

    /** {@return whether a line begins here that separates documents, {@code ---} or {@code ...}} */
    boolean atDocumentMark() {
        return at == lineStart && (text.startsWith("---", at) || text.startsWith("...", at)) && isBlankOrEnd(3);
    }

    /**
     * Skips a line break.
     *
     * @return the character that represents it in a scalar
     */
    char readBreak() {
        var c = peek();
        at++;
        line++;
        lineStart = at;
        return c == 0x85 ? '\n' : c;
    }

    /** Starts a new line at the end of the text, even if the text does not end with a line break. */
    void beginLine() {
        if (at > lineStart) {
            lineStart = at;
            line++;
        }
    }

    static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    static boolean isBreak(char c) {
        return c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    static boolean isBlankOrEnd(char c) {
        return c == ' ' || c == '\n' || c == '\t' || c == END || isBreak(c);
    }

    /** {@return whether a character may be in the name of an anchor, a tag handle or a directive} */
    static boolean isNamePart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }

    YamlError error(String what) {
        return error(what, at);
    }

    /** {@return an error that shows a position: its line, shortened, and a caret under it} */
    YamlError error(String what, int position) {
        var place = Math.min(position, text.length());
        var number = 1;
        for (var i = text.indexOf('\n'); i >= 0 && i < place; i = text.indexOf('\n', i + 1)) {
            number++;
        }
        var begin = text.lastIndexOf('\n', place - 1) + 1;
        var end = text.indexOf('\n', place);
        end = end < 0 ? text.length() : end;
        var from = Math.max(begin, place - SHOWN);
        var to = Math.min(end, place + SHOWN);
        var shown = (from > begin ? "..." : "") + text.substring(from, to) + (to < end ? "..." : "");
        var before = (from > begin ? 3 : 0) + text.codePointCount(from, place);
        return new YamlError(number, "Not valid YAML, " + what + "\n  " + shown + "\n  " + " ".repeat(before) + "^");
    }
}
