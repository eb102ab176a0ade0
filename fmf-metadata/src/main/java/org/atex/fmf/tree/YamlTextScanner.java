package org.atex.fmf.tree;

import org.jspecify.annotations.Nullable;

/** Scans the text of plain, quoted and block scalars. */
final class YamlTextScanner {
    private final YamlInput in;

    /** Whether the last plain scalar was followed by a line break. */
    private boolean brokeLine;

    YamlTextScanner(YamlInput in) {
        this.in = in;
    }

    boolean brokeLine() {
        return brokeLine;
    }

    /** A sequence of line breaks inside a scalar. */
    private static final class LineBreaks {
        private char first;
        private final StringBuilder more = new StringBuilder();

        void begin(char c) {
            first = c;
            more.setLength(0);
        }

        /** Folds: one line feed becomes a blank, of several the first is dropped; U+2028 and U+2029 are kept. */
        void fold(StringBuilder text) {
            if (first == '\n') {
                text.append(more.isEmpty() ? " " : more);
            } else {
                keep(text);
            }
        }

        void keep(StringBuilder text) {
            if (first != YamlInput.END) {
                text.append(first);
            }
            text.append(more);
        }
    }

    String plain(int indent, boolean flow) {
        brokeLine = false;
        StringBuilder text = null;
        var breaks = new LineBreaks();
        var from = in.position();
        var to = from;
        while (!in.atDocumentMark() && in.peek() != '#') {
            var start = in.position();
            plainRun(flow);
            if (in.position() > start) {
                if (brokeLine) {
                    text = (text == null ? new StringBuilder() : text).append(in.substring(from, to));
                    breaks.fold(text);
                    from = start;
                    brokeLine = false;
                }
                to = in.position();
            }
            if (!in.atBlank() && !in.atBreak()) {
                break;
            }
            plainSpace(indent, breaks);
            if (!flow && in.column() < indent) {
                break;
            }
        }
        var last = in.substring(from, to);
        return text == null ? last : text.append(last).toString();
    }

    private void plainRun(boolean flow) {
        for (var c = in.peek(); !YamlInput.isBlankOrEnd(c); c = in.peek()) {
            if (c == ':' && in.isBlankOrEnd(1)) {
                return;
            }
            if (flow) {
                if (c == ':') {
                    throw in.error("expected a blank after \":\" inside brackets or braces");
                }
                if (c == ',' || c == '?' || c == '[' || c == ']' || c == '{' || c == '}') {
                    return;
                }
            }
            in.skip();
        }
    }

    private void plainSpace(int indent, LineBreaks breaks) {
        while (true) {
            if (in.atBlank()) {
                if (brokeLine && in.column() < indent && in.peek() == '\t') {
                    throw in.error("a tab cannot be used for indentation");
                }
                in.skip();
            } else if (!in.atBreak()) {
                return;
            } else if (brokeLine) {
                breaks.more.append(in.readBreak());
            } else {
                breaks.begin(in.readBreak());
                brokeLine = true;
            }
        }
    }

    String quoted(char quote) {
        var start = in.position();
        in.skip();
        var simple = onOneLine(quote);
        if (simple != null) {
            return simple;
        }
        var text = new StringBuilder();
        var breaks = new LineBreaks();
        while (true) {
            if (in.atDocumentMark()) {
                throw in.error("the document ends inside quotes");
            }
            if (in.atEnd()) {
                throw in.error("the closing quote is missing", start);
            }
            var newLine = quotedRun(quote, text, breaks);
            if (in.peek() == quote) {
                in.skip();
                return text.toString();
            }
            quotedSpace(newLine, text, breaks);
        }
    }

    /** {@return the text up to the closing quote, or null if it has escapes or line breaks; a fast path} */
    private @Nullable String onOneLine(char quote) {
        for (var i = 0; ; i++) {
            var c = in.peek(i);
            if (c == quote) {
                if (quote == '\'' && in.peek(i + 1) == quote) {
                    return null;
                }
                var start = in.position();
                in.skip(i + 1);
                return in.substring(start, start + i);
            }
            if (c == YamlInput.END || YamlInput.isBreak(c) || (c == '\\' && quote == '"')) {
                return null;
            }
        }
    }

    /**
     * Appends text up to a blank, a line break or the closing quote.
     *
     * @return whether an escaped line break ended it
     */
    private boolean quotedRun(char quote, StringBuilder text, LineBreaks breaks) {
        for (var c = in.peek(); !YamlInput.isBlankOrEnd(c); c = in.peek()) {
            if (c == quote) {
                if (quote == '"' || in.peek(1) != quote) {
                    return false;
                }
                text.append(quote);
                in.skip(2);
            } else if (c == '\\' && quote == '"') {
                in.skip();
                if (in.atBreak()) {
                    in.readBreak();
                    breaks.begin(YamlInput.END);
                    return true;
                }
                escape(text);
            } else {
                text.append(c);
                in.skip();
            }
        }
        return false;
    }

    private void quotedSpace(boolean escapedBreak, StringBuilder text, LineBreaks breaks) {
        var newLine = escapedBreak;
        var start = in.position();
        while (in.atBlank() || in.atBreak()) {
            if (in.atBlank()) {
                in.skip();
            } else if (newLine) {
                breaks.more.append(in.readBreak());
            } else {
                breaks.begin(in.readBreak());
                newLine = true;
            }
        }
        if (newLine) {
            breaks.fold(text);
        } else {
            text.append(in.substring(start, in.position()));
        }
    }

    private void escape(StringBuilder text) {
        var c = in.peek();
        switch (c) {
            case '0' -> text.append('\0');
            case 'a' -> text.append('\u0007');
            case 'b' -> text.append('\b');
            case 't', '\t' -> text.append('\t');
            case 'n' -> text.append('\n');
            case 'v' -> text.append('\u000b');
            case 'f' -> text.append('\f');
            case 'r' -> text.append('\r');
            case 'e' -> text.append('\u001b');
            case ' ', '"', '/', '\\' -> text.append(c);
            case 'N' -> text.append('\u0085');
            case '_' -> text.append('\u00a0');
            case 'L' -> text.append('\u2028');
            case 'P' -> text.append('\u2029');
            case 'x' -> text.appendCodePoint(hexadecimal(2));
            case 'u' -> text.appendCodePoint(hexadecimal(4));
            case 'U' -> text.appendCodePoint(hexadecimal(8));
            default -> throw in.error("unknown escape. Write \\\\ for a backslash", in.position() - 1);
        }
        in.skip();
    }

    /** Reads the digits of an escape, and stops at the last one. */
    private int hexadecimal(int digits) {
        var value = 0L;
        for (var i = 1; i <= digits; i++) {
            var c = in.peek(i);
            var digit = c > 127 ? -1 : Character.digit(c, 16);
            if (digit < 0) {
                throw in.error("expected " + digits + " hexadecimal digits");
            }
            value = value * 16 + digit;
        }
        if (value > Character.MAX_CODE_POINT || (value >= 0xd800 && value <= 0xdfff)) {
            throw in.error("the escape is not a Unicode character");
        }
        in.skip(digits);
        return (int) value;
    }

    String block(int parent) {
        var literal = in.peek() == '|';
        in.skip();
        var keep = ' ';
        var increment = 0;
        for (var i = 0; i < 2; i++) {
            var c = in.peek();
            if ((c == '+' || c == '-') && keep == ' ') {
                keep = c;
                in.skip();
            } else if (c >= '0' && c <= '9' && increment == 0) {
                if (c == '0') {
                    throw in.error("the indentation cannot be 0");
                }
                increment = c - '0';
                in.skip();
            }
        }
        while (in.atBlank()) {
            in.skip();
        }
        if (in.peek() == '#') {
            skipComment();
        }
        if (!in.atBreak() && !in.atEnd()) {
            throw in.error("expected a line break, the text begins on the next line");
        }
        if (in.atBreak()) {
            in.readBreak();
        }
        return lines(literal, keep, increment == 0 ? 0 : Math.max(parent, 0) + increment, parent);
    }

    void skipComment() {
        while (!in.atBreak() && !in.atEnd()) {
            in.skip();
        }
    }

    private String lines(boolean literal, char keep, int given, int parent) {
        var text = new StringBuilder();
        var breaks = new LineBreaks();
        var indent = emptyLines(given, parent, breaks);
        var afterBlank = false;
        while (in.column() == indent && !in.atEnd()) {
            var blank = in.atBlank();
            if (literal || afterBlank || blank || breaks.first != '\n') {
                breaks.keep(text);
            } else {
                breaks.fold(text);
            }
            afterBlank = blank;
            var start = in.position();
            skipComment();
            text.append(in.substring(start, in.position()));
            breaks.begin(in.atBreak() ? in.readBreak() : YamlInput.END);
            emptyLines(indent, parent, breaks);
        }
        if (keep != '-' && breaks.first != YamlInput.END) {
            text.append(breaks.first);
        }
        if (keep == '+') {
            text.append(breaks.more);
        }
        return text.toString();
    }

    /**
     * Skips empty lines.
     *
     * @return the indentation of the text: the given one, or that of the first line if 0 is given
     */
    private int emptyLines(int given, int parent, LineBreaks breaks) {
        var deepest = 0;
        while (true) {
            while ((given == 0 || in.column() < given) && in.peek() == ' ') {
                in.skip();
            }
            deepest = Math.max(deepest, in.column());
            if ((given == 0 || in.column() < given) && in.peek() == '\t') {
                throw in.error("a tab cannot be used for indentation");
            }
            if (!in.atBreak()) {
                return given == 0 ? Math.max(1, Math.max(deepest, parent + 1)) : given;
            }
            breaks.more.append(in.readBreak());
        }
    }
}
