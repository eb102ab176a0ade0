package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/**
 * A filter expression, such as {@code tag: core & tier: 1, 2 | /tests/smoke}. The syntax is that of fmf filters.
 *
 * <p>Immutable and thread-safe.
 */
public final class FmfFilter {
    // Python's \s, which matches more characters than Java's.
    private static final String BLANKS = "[\\s\\x1c-\\x1f\\x85\\p{Z}]*";

    /** Literals joined by {@code &}: all must match. */
    private record Clause(List<Literal> literals) {}

    /** A condition on the values of a key, or on the name of the node if the key is null. */
    private record Literal(@Nullable String key, String text, List<Atom> atoms) {}

    /** One of the values of a literal, which must be present, or absent if it is negative. */
    private static final class Atom {
        private final String text;
        private final boolean negative;

        /** Compiled on first use: in Python fmf, an invalid expression that is never evaluated is not an error. */
        private volatile @Nullable PyRegex pattern;

        Atom(String text, boolean negative) {
            this.text = text;
            this.negative = negative;
        }

        boolean matches(String value, boolean regexp) {
            return regexp ? pattern("^" + text + "$").matchesStart(value) : text.equals(value);
        }

        boolean isIn(String name, boolean regexp) {
            return regexp ? pattern(text).find(name) : text.equals(name);
        }

        private PyRegex pattern(String expression) {
            var compiled = pattern;
            if (compiled == null) {
                compiled = PyRegex.compile(expression);
                pattern = compiled;
            }
            return compiled;
        }
    }

    private final String source;
    private final List<Clause> clauses;
    private final boolean regexp;
    private final boolean sensitive;

    private FmfFilter(String source, boolean regexp, boolean sensitive) {
        this.source = source;
        this.regexp = regexp;
        this.sensitive = sensitive;
        var text = sensitive ? source : source.toLowerCase(Locale.ROOT);
        this.clauses = text.isEmpty()
                ? List.of()
                : split(text, '|').stream().map(FmfFilter::clause).toList();
    }

    /**
     * Creates a case-sensitive filter. Its values are regular expressions: an expression must match an item of the data
     * as a whole, but an expression for a name may match a part of it.
     *
     * @param filter the expression
     * @return the filter
     */
    public static FmfFilter of(String filter) {
        return new FmfFilter(filter, true, true);
    }

    /**
     * Creates a filter.
     *
     * @param filter the expression
     * @param regexp true if its values are regular expressions, false if they are plain text
     * @param caseSensitive whether to distinguish upper and lower case
     * @return the filter
     */
    public static FmfFilter of(String filter, boolean regexp, boolean caseSensitive) {
        return new FmfFilter(filter, regexp, caseSensitive);
    }

    /** {@return the keys that the filter mentions} */
    public Set<String> keys() {
        var keys = new LinkedHashSet<String>();
        for (var clause : clauses) {
            for (var literal : clause.literals) {
                if (literal.key != null) {
                    keys.add(literal.key);
                }
            }
        }
        return keys;
    }

    private static List<String> split(String text, char separator) {
        var pieces = text.split(BLANKS + "(?<!\\\\)" + (separator == '|' ? "\\|" : "&") + BLANKS, -1);
        return List.of(pieces).stream()
                .map(piece -> piece.replace("\\" + separator, String.valueOf(separator)))
                .toList();
    }

    private static Clause clause(String text) {
        return new Clause(split(text, '&').stream().map(FmfFilter::literal).toList());
    }

    private static Literal literal(String text) {
        var colon = text.indexOf(':');
        var value = colon < 0 ? "" : stripStart(text.substring(colon + 1));
        // As in Python fmf, values with a line break in the middle are not recognized: the literal tests the name then.
        var line = value.endsWith("\n") ? value.substring(0, value.length() - 1) : value;
        if (colon < 0 || line.indexOf('\n') >= 0) {
            return new Literal(null, text, List.of(new Atom(text, false)));
        }
        var atoms = new ArrayList<Atom>();
        for (var atom : line.split(BLANKS + "," + BLANKS, -1)) {
            atoms.add(atom.startsWith("-") ? new Atom(atom.substring(1), true) : new Atom(atom, false));
        }
        return new Literal(text.substring(0, colon), text, List.copyOf(atoms));
    }

    private static String stripStart(String text) {
        var start = 0;
        while (start < text.length() && PyRegexClass.isSpace(text.charAt(start))) {
            start++;
        }
        return text.substring(start);
    }

    /**
     * Evaluates the filter for a node.
     *
     * @param node the node
     * @return true if its name and data match
     * @throws FmfException if the data lack a key that the filter mentions (kind {@code FILTER}), or a regular
     *     expression is invalid
     */
    public boolean matches(FmfNode node) {
        return matches(node.mapping(), node.name());
    }

    /**
     * Evaluates the filter for a node in a format that defines defaults. A key that is missing or null has its default
     * value. A boolean matches in both spellings, {@code True} and {@code true}.
     *
     * @param node the node
     * @param defaults the default values of a key as text, or null if the key has no default
     * @return true if its data match; false if the filter tests the name, or a missing key without a default
     * @throws FmfException if a regular expression is invalid
     */
    public boolean matches(FmfNode node, Function<String, @Nullable List<String>> defaults) {
        if (clauses.isEmpty()) {
            return true;
        }
        var data = node.mapping();
        var result = false;
        try {
            for (var clause : clauses) {
                result |= matches(clause, key -> withDefault(data, key, defaults), null);
            }
        } catch (FmfException e) {
            if (e.kind() == Kind.FILTER) {
                return false;
            }
            throw e;
        }
        return result;
    }

    private static @Nullable List<String> withDefault(
            Mapping data, String key, Function<String, @Nullable List<String>> defaults) {
        var value = data.get(key);
        if (value instanceof Boolean bool) {
            return List.of(PyText.str(bool), bool.toString());
        }
        if (value == null) {
            var otherwise = defaults.apply(key);
            return otherwise == null ? items(data, key) : otherwise;
        }
        return items(value);
    }

    /**
     * Evaluates the filter for data.
     *
     * @param data the data, of plain Java values
     * @param name the name of the data, or null if they have none
     * @return true if the data and the name match
     * @throws FmfException if the data lack a key that the filter mentions, the filter tests the name but the data have
     *     none (kind {@code FILTER}), or a regular expression is invalid
     */
    public boolean matches(Map<String, ? extends @Nullable Object> data, @Nullable String name) {
        return matches(JavaValues.mapping(data), name);
    }

    boolean matches(Mapping data, @Nullable String name) {
        if (clauses.isEmpty()) {
            return true;
        }
        Map<String, List<String>> lowered = sensitive ? Map.of() : lowered(data);
        var result = false;
        for (var clause : clauses) {
            // All clauses are evaluated, although one match would do: a missing key is an error in any clause.
            result |= matches(clause, key -> sensitive ? items(data, key) : lowered.get(key), name);
        }
        return result;
    }

    /** Looks up the values of a key as text, or null if the key is missing. */
    private interface Items {
        @Nullable
        List<String> of(String key);
    }

    private boolean matches(Clause clause, Items items, @Nullable String name) {
        // Names first, as in Python fmf: missing keys are allowed in a clause that does not match the name.
        for (var literal : clause.literals) {
            if (literal.key == null && !matchesName(literal, name)) {
                return false;
            }
        }
        var result = true;
        for (var literal : clause.literals) {
            if (literal.key != null) {
                var values = items.of(literal.key);
                if (values == null) {
                    throw new FmfException(
                            Kind.FILTER,
                            "The data have no key \"" + literal.key + "\", which the filter mentions:\n"
                                    + ConditionParser.caret(source, Math.max(0, place(literal.key))));
                }
                result &= literal.atoms.stream().anyMatch(atom -> matches(atom, values));
            }
        }
        return result;
    }

    private int place(String key) {
        return (sensitive ? source : source.toLowerCase(Locale.ROOT)).indexOf(key + ":");
    }

    private boolean matches(Atom atom, List<String> values) {
        Predicate<String> matching = value -> atom.matches(value, regexp);
        return atom.negative
                ? values.stream().noneMatch(matching)
                : values.stream().anyMatch(matching);
    }

    private boolean matchesName(Literal literal, @Nullable String name) {
        if (name == null) {
            throw new FmfException(
                    Kind.FILTER,
                    "The filter tests the name, but the data have none. Check for a missing colon:\n"
                            + ConditionParser.caret(source, Math.max(0, source.indexOf(literal.text))));
        }
        return literal.atoms.getFirst().isIn(name, regexp);
    }

    private static @Nullable List<String> items(Mapping data, String key) {
        return data.containsKey(key) ? items(data.get(key)) : null;
    }

    private static List<String> items(@Nullable Object value) {
        var items = Values.list(value);
        return items == null
                ? List.of(PyText.str(value))
                : items.stream().map(PyText::str).toList();
    }

    private static Map<String, List<String>> lowered(Mapping data) {
        var lowered = new HashMap<String, List<String>>();
        for (var i = 0; i < data.size(); i++) {
            var values = items(data.valueAt(i)).stream().map(value -> value.toLowerCase(Locale.ROOT));
            lowered.put(PyText.str(data.keyAt(i)).toLowerCase(Locale.ROOT), values.toList());
        }
        return lowered;
    }

    @Override
    public String toString() {
        return source;
    }
}
