package org.atex.fmf.tree;

import java.math.BigInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Parses integers as Python's {@code int} does: with blanks, signs, single underscores and all Unicode digits. */
final class PyInt {
    private static final Pattern FORM =
            Pattern.compile("[\\s\\x1c-\\x1f\\x85\\p{Z}]*([-+]?)(\\p{Nd}+(?:_\\p{Nd}+)*)[\\s\\x1c-\\x1f\\x85\\p{Z}]*");

    private PyInt() {}

    /** {@return the integer, or null if the text is not an integer} */
    static @Nullable BigInteger parse(String text) {
        if (text.isEmpty() || text.length() > Limits.INTEGER_DIGITS) {
            return null;
        }
        // Most texts are parts of versions, such as "9": skip the pattern for single characters.
        var last = text.charAt(text.length() - 1);
        if (text.length() == 1 && last < 128) {
            return last >= '0' && last <= '9' ? BigInteger.valueOf(last - '0') : null;
        }
        var matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        var digits = new StringBuilder(matcher.group(1).equals("-") ? "-" : "");
        matcher.group(2)
                .codePoints()
                .filter(c -> c != '_')
                .forEach(c -> digits.append((char) ('0' + Character.digit(c, 10))));
        return new BigInteger(digits.toString());
    }
}
