package org.atex.fmf.tree;

import org.jspecify.annotations.Nullable;

/** Reads the elements of a Python regular expression: characters, escapes, names and quantifiers. */
final class PyRegexReader {
    private final String source;
    private int at;

    /** A quantifier: its text in Java's syntax, and the minimum and maximum number of repetitions. */
    record Quantifier(String java, long min, long max) {}

    PyRegexReader(String source) {
        this.source = source;
    }

    FmfException bad(String what) {
        return PyRegexTranslator.invalid(source, at, what);
    }

    boolean atEnd() {
        return at >= source.length();
    }

    int position() {
        return at;
    }

    void position(int position) {
        at = position;
    }

    void skip(int characters) {
        at += characters;
    }

    /** {@return the next character, or -1 at the end} */
    int peek() {
        return atEnd() ? -1 : source.codePointAt(at);
    }

    int next() {
        if (atEnd()) {
            throw bad("it ends too early");
        }
        var c = source.codePointAt(at);
        at += Character.charCount(c);
        return c;
    }

    void back() {
        at -= Character.charCount(source.codePointBefore(at));
    }

    boolean at(String text) {
        return source.startsWith(text, at);
    }

    boolean take(char c) {
        if (atEnd() || source.charAt(at) != c) {
            return false;
        }
        at++;
        return true;
    }

    String takeWhile(String characters) {
        var start = at;
        while (!atEnd() && characters.indexOf(source.charAt(at)) >= 0) {
            at++;
        }
        return source.substring(start, at);
    }

    String until(char end) {
        var stop = source.indexOf(end, at);
        if (stop < 0) {
            throw bad("missing " + end);
        }
        var text = source.substring(at, stop);
        at = stop + 1;
        return text;
    }

    String name(char end) {
        var name = until(end);
        if (name.isEmpty()
                || !name.codePoints().allMatch(c -> c == '_' || Character.isUnicodeIdentifierPart(c))
                || Character.isDigit(name.codePointAt(0))) {
            throw bad("bad group name \"" + name + "\"");
        }
        return name;
    }

    void checkFlags(String letters) {
        if (letters.contains("L") || (letters.contains("a") && letters.contains("u"))) {
            throw bad("bad inline flags");
        }
    }

    boolean atBoundary() {
        return at("\\A") || at("\\Z") || at("\\b") || at("\\B");
    }

    boolean skipComment() {
        if (!at("(?#")) {
            return false;
        }
        until(')');
        return true;
    }

    /**
     * Skips white space and comments, which verbose expressions may contain.
     *
     * @return whether there was any
     */
    boolean skipVerbose() {
        var start = at;
        takeWhile(" \t\n\r\u000b\f");
        if (take('#')) {
            var end = source.indexOf('\n', at);
            at = end < 0 ? source.length() : end + 1;
        }
        return at > start;
    }

    /** {@return the quantifier at this position, or null} */
    @Nullable
    Quantifier quantifier() {
        var c = peek();
        var braces = c == '{' ? braces() : null;
        if (c != '*' && c != '+' && c != '?' && braces == null) {
            return null;
        }
        if (braces == null) {
            at++;
        }
        var base = braces != null
                ? braces
                : new Quantifier(Character.toString(c), c == '+' ? 1 : 0, c == '?' ? 1 : Integer.MAX_VALUE);
        var mode = take('?') ? "?" : take('+') ? "+" : "";
        return new Quantifier(base.java + mode, base.min, base.max);
    }

    private @Nullable Quantifier braces() {
        // Braces that are no quantifier, such as "{a}", are plain characters: restore the position.
        var start = at++;
        var low = takeWhile("0123456789");
        var comma = take(',');
        var high = comma ? takeWhile("0123456789") : low;
        if (!take('}') || (low.isEmpty() && !comma)) {
            at = start;
            return null;
        }
        var min = low.isEmpty() ? 0 : count(low);
        var max = high.isEmpty() ? Integer.MAX_VALUE : count(high);
        if (min > max) {
            throw bad("min repeat greater than max repeat");
        }
        return new Quantifier("{" + min + (high.isEmpty() ? "," : "," + max) + "}", min, max);
    }

    private int count(String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            throw bad("the repetition number is too large");
        }
    }

    /**
     * Reads the number of a group after a backslash.
     *
     * @return the number, or 0 if no reference follows
     */
    int groupReference() {
        if (atEnd() || source.charAt(at) < '1' || source.charAt(at) > '9') {
            return 0;
        }
        if (isOctal(at) && isOctal(at + 1) && isOctal(at + 2)) {
            // Three octal digits are a character.
            return 0;
        }
        var number = source.charAt(at++) - '0';
        if (!atEnd() && Character.digit(source.charAt(at), 10) >= 0 && source.charAt(at) < 128) {
            number = number * 10 + source.charAt(at++) - '0';
        }
        return number;
    }

    private boolean isOctal(int position) {
        return position < source.length() && source.charAt(position) >= '0' && source.charAt(position) <= '7';
    }

    /**
     * Reads an escaped character after its backslash.
     *
     * @return the character
     */
    int escapedCharacter(boolean inClass) {
        if (isOctal(at) && (source.charAt(at) == '0' || inClass || (isOctal(at + 1) && isOctal(at + 2)))) {
            return octal();
        }
        var c = next();
        return switch (c) {
            case 'a' -> 0x07;
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'v' -> 0x0b;
            case 'x' -> hex(2);
            case 'u' -> hex(4);
            case 'U' -> hex(8);
            case 'N' -> byName();
            case 'b' -> {
                if (!inClass) {
                    throw bad("bad escape");
                }
                yield '\b';
            }
            default -> {
                if (PyRegexTranslator.isAsciiLetter(c) || (c >= '0' && c <= '9')) {
                    throw bad("bad escape \\" + Character.toString(c));
                }
                yield c;
            }
        };
    }

    private int octal() {
        var value = 0;
        for (var i = 0; i < 3 && isOctal(at); i++) {
            value = value * 8 + source.charAt(at++) - '0';
        }
        if (value > 0377) {
            throw bad("octal escape value outside of range 0-0o377");
        }
        return value;
    }

    private int hex(int digits) {
        var value = 0L;
        for (var i = 0; i < digits; i++) {
            var digit = atEnd() || source.charAt(at) > 127 ? -1 : Character.digit(source.charAt(at), 16);
            if (digit < 0) {
                throw bad("incomplete escape");
            }
            at++;
            value = value * 16 + digit;
        }
        if (value > Character.MAX_CODE_POINT) {
            throw bad("bad escape, no such character");
        }
        return (int) value;
    }

    private int byName() {
        if (!take('{')) {
            throw bad("missing {");
        }
        try {
            return Character.codePointOf(until('}'));
        } catch (IllegalArgumentException e) {
            throw bad("undefined character name");
        }
    }
}
