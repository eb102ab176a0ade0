package org.atex.fmf.tree;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Converts values to text as Python's {@code str} and {@code repr} do. Filters, patterns and contexts use this text.
 */
final class PyText {
    private final StringBuilder out = new StringBuilder();

    private PyText() {}

    /** {@return the result of {@code str}} */
    static String str(@Nullable Object value) {
        return switch (value) {
            case null -> "None";
            case String text -> text;
            case Boolean bool -> bool ? "True" : "False";
            case Double real -> real(real);
            case LocalDateTime time -> time(time);
            case Mapping mapping -> repr(mapping);
            case Sequence sequence -> repr(sequence);
            case Set<?> set -> repr(set);
            case FmfBinary bytes -> repr(bytes);
            default -> value.toString();
        };
    }

    /** {@return the result of {@code repr}} */
    static String repr(@Nullable Object value) {
        var text = new PyText();
        text.append(value);
        return text.out.toString();
    }

    private void append(@Nullable Object value) {
        Limits.checkText(out.length());
        switch (value) {
            case String text -> quote(text);
            case LocalDate date ->
                out.append("datetime.date(%d, %d, %d)"
                        .formatted(date.getYear(), date.getMonthValue(), date.getDayOfMonth()));
            case LocalDateTime time -> appendTime(time);
            case Mapping mapping -> appendMapping(mapping);
            case Sequence sequence
            when sequence.isTuple() -> appendItems("(", sequence.iterator(), sequence.size() == 1 ? ",)" : ")");
            case Sequence sequence -> appendItems("[", sequence.iterator(), "]");
            case Set<?> set when set.isEmpty() -> out.append("set()");
            case Set<?> set -> appendItems("{", set.iterator(), "}");
            case FmfBinary bytes -> appendBytes(bytes.bytes());
            case null, default -> out.append(str(value));
        }
    }

    private void appendItems(String open, Iterator<? extends @Nullable Object> items, String close) {
        out.append(open);
        for (var separator = ""; items.hasNext(); separator = ", ") {
            out.append(separator);
            append(items.next());
        }
        out.append(close);
    }

    private void appendMapping(Mapping mapping) {
        out.append('{');
        for (var i = 0; i < mapping.size(); i++) {
            out.append(i == 0 ? "" : ", ");
            append(mapping.keyAt(i));
            out.append(": ");
            append(mapping.valueAt(i));
        }
        out.append('}');
    }

    private void appendTime(LocalDateTime time) {
        out.append("datetime.datetime(%d, %d, %d, %d, %d"
                .formatted(
                        time.getYear(), time.getMonthValue(), time.getDayOfMonth(), time.getHour(), time.getMinute()));
        var micros = time.getNano() / 1000;
        if (time.getSecond() != 0 || micros != 0) {
            out.append(", ").append(time.getSecond());
        }
        if (micros != 0) {
            out.append(", ").append(micros);
        }
        out.append(')');
    }

    private void appendBytes(byte[] bytes) {
        var quote = contains(bytes, '\'') && !contains(bytes, '"') ? '"' : '\'';
        out.append('b').append(quote);
        for (var octet : bytes) {
            if (octet >= ' ' && octet < 0x7f) {
                appendVisible(octet, quote);
            } else {
                appendControl(octet & 0xff);
            }
        }
        out.append(quote);
    }

    private static boolean contains(byte[] bytes, char wanted) {
        for (var octet : bytes) {
            if (octet == wanted) {
                return true;
            }
        }
        return false;
    }

    private void quote(String text) {
        var quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        for (var i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            var c = text.codePointAt(i);
            if (printable(c)) {
                appendVisible(c, quote);
            } else {
                appendControl(c);
            }
        }
        out.append(quote);
    }

    private void appendVisible(int c, char quote) {
        if (c == quote || c == '\\') {
            out.append('\\');
        }
        out.appendCodePoint(c);
    }

    private void appendControl(int c) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> out.append((c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
        }
    }

    private static boolean printable(int c) {
        if (c < 0x7f) {
            return c >= ' ';
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }

    private static String time(LocalDateTime time) {
        var micros = time.getNano() / 1000;
        var text =
                "%s %02d:%02d:%02d".formatted(time.toLocalDate(), time.getHour(), time.getMinute(), time.getSecond());
        return micros == 0 ? text : text + ".%06d".formatted(micros);
    }

    /** {@return the shortest decimal that is parsed to the same number, in Python's format} */
    static String real(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return Math.copySign(1, value) < 0 ? "-0.0" : "0.0";
        }
        var decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        var exponent = decimal.precision() - decimal.scale() - 1;
        // Python switches to an exponent below 1e-4 and from 1e16 on.
        if (exponent >= -4 && exponent < 16) {
            return decimal.scale() > 0 ? decimal.toPlainString() : decimal.toPlainString() + ".0";
        }
        var digits = decimal.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "")
                + digits.charAt(0)
                + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
}
