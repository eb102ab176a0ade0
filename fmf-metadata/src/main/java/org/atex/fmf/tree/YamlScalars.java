package org.atex.fmf.tree;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** Resolves plain and tagged scalars to values: the core schema of YAML 1.2 with the deviations of Python fmf. */
final class YamlScalars {
    private static final Pattern FLOAT = Pattern.compile("[-+]?[0-9][0-9_]*\\.[0-9_]*([eE][-+]?[0-9]+)?"
            + "|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
            + "|[-+]?\\.[0-9_]+([eE][-+][0-9]+)?");
    private static final Pattern INFINITY = Pattern.compile("[-+]?\\.(inf|Inf|INF)");
    private static final Pattern INTEGER = Pattern.compile("[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9_]+)");
    private static final Pattern DATE = Pattern.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})");
    private static final Pattern TIME = Pattern.compile("([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \\t]+)"
            + "([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\\.([0-9]*))?"
            + "(?:[ \\t]*(?:Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?");

    private static final String BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private YamlScalars() {}

    /** {@return the value of a plain scalar without a tag} */
    static @Nullable Object plain(String text) {
        if (text.isEmpty()) {
            return null;
        }
        var first = text.charAt(0);
        return switch (first) {
            case '~', 'n', 'N', 't', 'T', 'f', 'F' -> word(text);
            case '=', '<' -> reserved(text);
            case '-', '+', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number(text);
            default -> text;
        };
    }

    private static String reserved(String text) {
        if (text.equals("=") || text.equals("<<")) {
            throw bad("\"" + text + "\" is reserved. Quote it");
        }
        return text;
    }

    private static @Nullable Object word(String text) {
        return switch (text) {
            case "~", "null", "Null", "NULL" -> null;
            case "true", "True", "TRUE" -> true;
            case "false", "False", "FALSE" -> false;
            default -> text;
        };
    }

    private static Object number(String text) {
        if (!numberLike(text)) {
            return text;
        }
        if (isShortDecimal(text)) {
            return Long.valueOf(text);
        }
        if (INTEGER.matcher(text).matches()) {
            return integer(text);
        }
        if (FLOAT.matcher(text).matches() || INFINITY.matcher(text).matches() || isNan(text)) {
            return real(text);
        }
        return isTime(text) ? time(text) : text;
    }

    /** {@return whether all characters can occur in numbers and times; avoids the patterns for most texts} */
    private static boolean numberLike(String text) {
        for (var i = 1; i < text.length(); i++) {
            if ("0123456789+-._:eExXobBaAcCdDfFiInNtTzZ \t".indexOf(text.charAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isShortDecimal(String text) {
        for (var i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        // 18 digits always fit into a long.
        return text.length() <= 18;
    }

    private static boolean isNan(String text) {
        return text.equals(".nan") || text.equals(".NaN") || text.equals(".NAN");
    }

    private static boolean isTime(String text) {
        return DATE.matcher(text).matches() || TIME.matcher(text).matches();
    }

    /** {@return the value of a scalar with a standard tag, given without its prefix} */
    static @Nullable Object tagged(String tag, String text) {
        return switch (tag) {
            case "str" -> text;
            case "int" -> integer(text);
            case "float" -> real(text);
            case "bool" -> bool(text);
            case "null" -> null;
            case "timestamp" -> time(text);
            case "binary" -> binary(text);
            default -> throw bad("the tag \"!!" + tag + "\" does not apply to a scalar");
        };
    }

    private static Object integer(String text) {
        var digits = text.replace("_", "");
        var negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        var radix = digits.startsWith("0b") ? 2 : digits.startsWith("0o") ? 8 : digits.startsWith("0x") ? 16 : 10;
        if (radix != 10) {
            digits = digits.substring(2);
        } else if (digits.length() > Limits.INTEGER_DIGITS) {
            throw Limits.exceeded("The number of digits of an integer", Limits.INTEGER_DIGITS);
        }
        try {
            if (digits.startsWith("-") || digits.startsWith("+")) {
                throw invalid("\"" + text + "\" is not an integer");
            }
            var number = new BigInteger(digits.strip(), radix);
            return Values.integer(negative ? number.negate() : number);
        } catch (NumberFormatException e) {
            throw invalid("\"" + text + "\" is not an integer");
        }
    }

    private static Object real(String text) {
        var plain = text.replace("_", "").toLowerCase(Locale.ROOT).strip();
        var unsigned = plain.startsWith("+") || plain.startsWith("-") ? plain.substring(1) : plain;
        if (unsigned.equals(".inf") || unsigned.equals("inf") || unsigned.equals("infinity")) {
            return plain.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        if (unsigned.equals(".nan") || unsigned.equals("nan")) {
            return Double.NaN;
        }
        try {
            if (!unsigned.matches("[0-9.]+(e[-+]?[0-9]+)?")) {
                throw invalid("\"" + text + "\" is not a floating-point number");
            }
            return Double.valueOf(plain);
        } catch (NumberFormatException e) {
            throw invalid("\"" + text + "\" is not a floating-point number");
        }
    }

    private static Object bool(String text) {
        var word = text.toLowerCase(Locale.ROOT);
        if (Set.of("yes", "y", "true", "on").contains(word)) {
            return true;
        }
        if (Set.of("no", "n", "false", "off").contains(word)) {
            return false;
        }
        throw invalid("\"" + text + "\" is not a boolean");
    }

    private static Object time(String text) {
        var date = DATE.matcher(text);
        var time = TIME.matcher(text);
        try {
            if (date.matches()) {
                var day = LocalDate.of(number(date, 1), number(date, 2), number(date, 3));
                checkYear(day.getYear());
                return day;
            }
            if (time.matches()) {
                return time(time);
            }
        } catch (DateTimeException e) {
            throw invalid("\"" + text + "\" is not a valid date. Quote it if it is text");
        }
        throw bad("\"" + text + "\" is not a date");
    }

    private static LocalDateTime time(Matcher parts) {
        var fraction = parts.group(7) == null ? "" : parts.group(7);
        var micros = Integer.parseInt((fraction + "000000").substring(0, 6));
        // Rounds on the seventh digit only, as Python fmf does.
        var rounded = fraction.length() > 6 && fraction.charAt(6) > '4' ? micros + 1 : micros;
        var local = LocalDateTime.of(
                number(parts, 1),
                number(parts, 2),
                number(parts, 3),
                number(parts, 4),
                number(parts, 5),
                number(parts, 6),
                rounded * 1000);
        if (parts.group(8) == null) {
            checkYear(local.getYear());
            return local;
        }
        var minutes = number(parts, 9) * 60L + (parts.group(10) == null ? 0 : number(parts, 10));
        var universal = parts.group(8).equals("-") ? local.plusMinutes(minutes) : local.minusMinutes(minutes);
        checkYear(universal.getYear());
        return universal;
    }

    private static void checkYear(int year) {
        if (year < 1 || year > 9999) {
            throw new DateTimeException("the year is out of range");
        }
    }

    private static int number(Matcher parts, int group) {
        return Integer.parseInt(parts.group(group));
    }

    /** Decodes base64 as Python does: other characters are ignored, and sufficient padding ends the data. */
    private static FmfBinary binary(String text) {
        var out = new ByteArrayOutputStream();
        var digits = 0;
        var padding = 0;
        var bits = 0;
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c > 127) {
                throw bad("the text after \"!!binary\" is not base64");
            }
            var digit = BASE64.indexOf(c);
            if (c == '=' && digits >= 2 && digits + ++padding >= 4) {
                return new FmfBinary(out.toByteArray());
            }
            if (digit >= 0) {
                padding = 0;
                bits = (bits << 6 | digit) & 0xffff;
                if (digits > 0) {
                    out.write(bits >> (6 - 2 * digits));
                }
                digits = (digits + 1) % 4;
            }
        }
        if (digits != 0) {
            throw bad("the base64 text after \"!!binary\" is incomplete");
        }
        return new FmfBinary(out.toByteArray());
    }

    /** {@return an error to which the caller adds file and line} */
    private static FmfException invalid(String what) {
        return new FmfException(Kind.INVALID_VALUE, what);
    }

    private static FmfException bad(String what) {
        return new FmfException(Kind.FILE, "Not valid YAML, " + what);
    }
}
