package org.atex.fmf.tree;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A value of a dimension, such as {@code fedora-41} or {@code 9.6}, split at {@code :}, {@code -} and {@code .}. */
record Version(String text, List<Part> parts) {
    /** The result of a comparison. Versions of different names are not ordered: they are different, or undecided. */
    enum Order {
        LESS,
        EQUAL,
        GREATER,
        DIFFERENT,
        UNDECIDED
    }

    /** One part: its text, the text after case folding, and its number, or null if it is not an integer. */
    record Part(String text, String folded, @Nullable BigInteger number) {
        static Part of(String text) {
            return new Part(text, fold(text), PyInt.parse(text));
        }

        boolean sameText(Part other, boolean caseSensitive) {
            return caseSensitive ? text.equals(other.text) : folded.equals(other.folded);
        }

        int compare(Part other, boolean caseSensitive) {
            if (number != null && other.number != null) {
                return number.compareTo(other.number);
            }
            return caseSensitive ? Directory.compare(text, other.text) : Directory.compare(folded, other.folded);
        }
    }

    static Version of(String text) {
        var parts = new ArrayList<Part>();
        var start = 0;
        for (var i = 0; i <= text.length(); i++) {
            if (i == text.length() || ":-.".indexOf(text.charAt(i)) >= 0) {
                parts.add(Part.of(text.substring(start, i)));
                start = i + 1;
            }
        }
        return new Version(text, List.copyOf(parts));
    }

    /** Approximates Unicode case folding, which Java lacks: upper case, then lower case, then the final sigma. */
    private static String fold(String text) {
        return text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT).replace('\u03c2', '\u03c3');
    }

    /**
     * Compares this value of a context with a value of a rule. Parts beyond those of the rule are ignored.
     *
     * @param minor whether only values with the same major version are comparable, as for {@code ~<}
     * @param ordered whether the operator needs an order, as {@code <} does
     * @param caseSensitive whether to distinguish upper and lower case
     */
    Order compare(Version rule, boolean minor, boolean ordered, boolean caseSensitive) {
        if (!parts.getFirst().sameText(rule.parts.getFirst(), caseSensitive)) {
            return ordered ? Order.UNDECIDED : Order.DIFFERENT;
        }
        if (minor && rule.parts.size() > 1) {
            if (parts.size() == 1) {
                return Order.UNDECIDED;
            }
            if (!parts.get(1).sameText(rule.parts.get(1), caseSensitive)) {
                if (!ordered) {
                    return Order.DIFFERENT;
                }
                if (rule.parts.size() > 2) {
                    return Order.UNDECIDED;
                }
            }
        }
        for (var i = 1; i < Math.min(parts.size(), rule.parts.size()); i++) {
            var order = parts.get(i).compare(rule.parts.get(i), caseSensitive);
            if (order != 0) {
                return order < 0 ? Order.LESS : Order.GREATER;
            }
        }
        return compareLength(rule, minor, ordered);
    }

    private Order compareLength(Version rule, boolean minor, boolean ordered) {
        if (rule.parts.size() <= parts.size()) {
            return Order.EQUAL;
        }
        if (minor) {
            return Order.UNDECIDED;
        }
        if (!ordered) {
            return Order.DIFFERENT;
        }
        return parts.size() == 1 ? Order.UNDECIDED : Order.LESS;
    }
}
