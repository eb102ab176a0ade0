package org.atex.fmf.tree;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/**
 * What is known about where metadata are to be used: dimensions, such as {@code distro}, and their values.
 *
 * <p>Immutable.
 */
public final class FmfContext {
    private static final FmfContext EMPTY = new FmfContext(Map.of());

    private final Map<String, List<Version>> dimensions;

    private FmfContext(Map<String, List<Version>> dimensions) {
        this.dimensions = dimensions;
    }

    /** {@return a context that knows nothing} */
    public static FmfContext empty() {
        return EMPTY;
    }

    /**
     * Makes a context of values that may have any type: what is not text is taken in its Python text form, 9.6 as
     * {@code 9.6}, true as {@code True}.
     *
     * @param dimensions a value or a collection of values for each dimension
     * @return the context
     */
    public static FmfContext of(Map<String, ? extends @Nullable Object> dimensions) {
        var versions = new LinkedHashMap<String, List<Version>>();
        dimensions.forEach((dimension, value) -> versions.put(
                dimension,
                (value instanceof Collection<?> values ? values : Collections.singletonList(value))
                        .stream()
                                .map(item -> Version.of(PyText.str(JavaValues.value(item))))
                                .toList()));
        return new FmfContext(versions);
    }

    /**
     * Reads pairs as they stand on command lines: {@code distro=fedora-41}, several values separated by commas.
     *
     * @param pairs the pairs
     * @return the context
     * @throws FmfException if one of them has no {@code =}
     */
    public static FmfContext ofPairs(Collection<String> pairs) {
        var context = EMPTY;
        for (var pair : pairs) {
            var equals = pair.indexOf('=');
            if (equals < 1) {
                throw new FmfException(
                        Kind.INVALID_CONTEXT, "Invalid context \"" + pair + "\": write it like distro=fedora-41");
            }
            var values =
                    Arrays.stream(pair.substring(equals + 1).split(",", -1)).map(String::strip);
            context = context.with(pair.substring(0, equals).strip(), values.toList());
        }
        return context;
    }

    /**
     * Reads a context from a rule: {@code distro == fedora-41 and arch == x86_64, aarch64}.
     *
     * @param rule comparisons by {@code ==} joined by {@code and}
     * @return the context
     * @throws FmfException if the rule is anything else
     */
    public static FmfContext parse(String rule) {
        var dimensions = new LinkedHashMap<String, List<Version>>();
        List<List<Condition.Term>> groups;
        try {
            groups = Condition.parse(rule).groups();
        } catch (FmfException e) {
            throw new FmfException(Kind.INVALID_CONTEXT, "Invalid context: " + e.getMessage(), e);
        }
        for (var term : groups.size() == 1 ? groups.getFirst() : List.<Condition.Term>of()) {
            if (!(term instanceof Condition.Comparison comparison
                    && comparison.operator().equals("=="))) {
                dimensions.clear();
                break;
            }
            dimensions.put(comparison.dimension(), comparison.values());
        }
        if (dimensions.isEmpty()) {
            throw new FmfException(
                    Kind.INVALID_CONTEXT,
                    "Invalid context \"" + rule + "\": it may consist of == joined by \"and\", nothing else");
        }
        return new FmfContext(dimensions);
    }

    /**
     * Sets a dimension.
     *
     * @param dimension its name
     * @param values its values; none is not the same as an undefined dimension
     * @return a context with the dimension set to these values
     */
    public FmfContext with(String dimension, String... values) {
        return with(dimension, List.of(values));
    }

    private FmfContext with(String dimension, List<String> values) {
        var all = new LinkedHashMap<>(dimensions);
        all.put(dimension, values.stream().map(Version::of).toList());
        return new FmfContext(all);
    }

    /**
     * Adds another context.
     *
     * @param more what else is known; it wins where both define a dimension
     * @return a context that knows both
     */
    public FmfContext and(FmfContext more) {
        var all = new LinkedHashMap<>(dimensions);
        all.putAll(more.dimensions);
        return new FmfContext(all);
    }

    /** {@return the names of the dimensions that are defined, with their values as text; unmodifiable} */
    public Map<String, List<String>> dimensions() {
        var texts = new LinkedHashMap<String, List<String>>();
        dimensions.forEach((dimension, values) ->
                texts.put(dimension, values.stream().map(Version::text).toList()));
        return Collections.unmodifiableMap(texts);
    }

    /** {@return the values of a dimension, or null if it is not defined} */
    @Nullable
    List<Version> values(String dimension) {
        return dimensions.get(dimension);
    }

    /**
     * Evaluates a condition such as {@code distro >= fedora-40 and arch != ppc64le}.
     *
     * @param condition the condition
     * @return true, false, or that this context knows too little
     * @throws FmfException if the condition is not written as it must be
     */
    public Decision decide(String condition) {
        return decide(condition, true);
    }

    /**
     * Evaluates a condition.
     *
     * @param condition the condition
     * @param caseSensitive whether capital and small letters differ
     * @return true, false, or that this context knows too little
     * @throws FmfException if the condition is not written as it must be
     */
    public Decision decide(String condition, boolean caseSensitive) {
        return Condition.parse(condition).evaluate(this, caseSensitive);
    }

    /** What evaluating a condition comes to. */
    public enum Decision {
        /** It holds. */
        TRUE,
        /** It does not hold. */
        FALSE,
        /** The context does not say. */
        UNDECIDED;

        static Decision of(boolean holds) {
            return holds ? TRUE : FALSE;
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FmfContext context && dimensions.equals(context.dimensions);
    }

    @Override
    public int hashCode() {
        return dimensions.hashCode();
    }

    @Override
    public String toString() {
        return dimensions().toString();
    }
}
