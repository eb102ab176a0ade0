package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import org.atex.fmf.tree.FmfException.Kind;

/** A replacement template in the syntax of Python's {@code re.sub}. Immutable after parsing. */
final class PyTemplate {
    /** The parts of the template: literal text as {@code String}, Java's group numbers as {@code Integer}. */
    private final List<Object> parts = new ArrayList<>();

    private final StringBuilder literal = new StringBuilder();
    private final String source;
    private final PyRegexTranslator.Groups groups;
    private int at;

    private PyTemplate(String source, PyRegexTranslator.Groups groups) {
        this.source = source;
        this.groups = groups;
    }

    static PyTemplate parse(String source, PyRegexTranslator.Groups groups) {
        var template = new PyTemplate(source, groups);
        template.parse();
        return template;
    }

    void append(Matcher match, StringBuilder out) {
        for (var part : parts) {
            if (part instanceof Integer group) {
                var text = match.group(group);
                out.append(text == null ? "" : text);
            } else {
                out.append(part);
            }
        }
    }

    private void parse() {
        while (at < source.length()) {
            var c = source.charAt(at++);
            if (c == '\\') {
                escape();
            } else {
                literal.append(c);
            }
        }
        endLiteral();
    }

    private void escape() {
        if (at == source.length()) {
            throw bad("backslash at the end");
        }
        var c = source.charAt(at++);
        switch (c) {
            case 'g' -> named();
            case '0' -> octal(2);
            case '1', '2', '3', '4', '5', '6', '7', '8', '9' -> numbered(c);
            case 'n' -> literal.append('\n');
            case 't' -> literal.append('\t');
            case 'r' -> literal.append('\r');
            case 'a' -> literal.append('\u0007');
            case 'f' -> literal.append('\f');
            case 'v' -> literal.append('\u000b');
            case 'b' -> literal.append('\b');
            case '\\' -> literal.append('\\');
            default -> {
                if (PyRegexTranslator.isAsciiLetter(c)) {
                    throw bad("unknown escape \\" + c);
                }
                literal.append('\\').append(c);
            }
        }
    }

    private void octal(int digits) {
        var value = 0;
        for (var i = 0; i < digits && at < source.length() && isOctal(source.charAt(at)); i++) {
            value = value * 8 + source.charAt(at++) - '0';
        }
        literal.append((char) value);
    }

    private void numbered(char first) {
        var number = first - '0';
        if (at < source.length() && isDigit(source.charAt(at))) {
            if (first <= '7'
                    && isOctal(source.charAt(at))
                    && at + 1 < source.length()
                    && isOctal(source.charAt(at + 1))) {
                var value = number * 64 + (source.charAt(at) - '0') * 8 + source.charAt(at + 1) - '0';
                if (value > 0377) {
                    throw bad("octal escape above \\377");
                }
                at += 2;
                literal.append((char) value);
                return;
            }
            number = number * 10 + source.charAt(at++) - '0';
        }
        group(number);
    }

    private void named() {
        var end = source.indexOf('>', at);
        if (at >= source.length() || source.charAt(at) != '<' || end < 0) {
            throw bad("\\g without <name>");
        }
        var name = source.substring(at + 1, end);
        at = end + 1;
        var index = PyInt.parse(name);
        if (index != null) {
            group(index.signum() < 0 || index.bitLength() > 31 ? Integer.MAX_VALUE : index.intValue());
            return;
        }
        var number = groups.names().get(name);
        if (number == null) {
            throw bad("unknown group \"" + name + "\"");
        }
        group(number);
    }

    private void group(int number) {
        if (number > groups.count()) {
            throw bad("unknown group " + number);
        }
        endLiteral();
        parts.add(number == 0 ? 0 : groups.javaNumber(number));
    }

    private void endLiteral() {
        if (!literal.isEmpty()) {
            parts.add(literal.toString());
            literal.setLength(0);
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isOctal(char c) {
        return c >= '0' && c <= '7';
    }

    private FmfException bad(String what) {
        return new FmfException(
                Kind.INVALID_VALUE,
                "Invalid replacement text, " + what + ":\n" + ConditionParser.caret(source, Math.max(0, at - 1)));
    }
}
