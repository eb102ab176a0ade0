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
 * The environment in which metadata are used: dimensions, such as {@code distro} or {@code arch}, and their values.
 *
 * <p>Immutable.
 */
public final class FmfContext {
    private static final FmfContext EMPTY = new FmfContext(Map.of());

    private final Map<String, List<Version>> dimensions;

    private FmfContext(Map<String, List<Version>> dimensions) {
        this.dimensions = dimensions;
    }

    /** {@return a context without dimensions} */
    public static FmfContext empty() {
        return EMPTY;
    }

    /**
     * Creates a context from values of any type that metadata can hold. A value that is not text is converted to the
     * text that Python gives it: 9.6 becomes {@code 9.6}, true becomes {@code True}.
     *
     * @param dimensions a value or a collection of values for each dimension
     * @return the context
     * @throws FmfException if a value has a type that metadata cannot hold
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
     * Creates a context from pairs as they are written on command lines: {@code distro=fedora-41}. Several values are
     * separated by commas.
     *
     * @param pairs the pairs
     * @return the context
     * @throws FmfException if a pair has no {@code =} or no dimension before it
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
     * Creates a context from a condition: {@code distro == fedora-41 and arch == x86_64, aarch64}.
     *
     * @param rule comparisons by {@code ==}, joined by {@code and}
     * @return the context
     * @throws FmfException if the condition has any other form
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
                    "Invalid context \"" + rule + "\": use only comparisons by ==, joined by \"and\"");
        }
        return new FmfContext(dimensions);
    }

    /**
     * Sets a dimension.
     *
     * @param dimension its name
     * @param values its values; a dimension without values is defined, unlike one that was never set
     * @return a copy in which the dimension has these values instead of earlier ones
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
     * Combines this context with another one.
     *
     * @param more the other context; its values replace those of this one for a dimension that both define
     * @return a context with the dimensions of both
     */
    public FmfContext and(FmfContext more) {
        var all = new LinkedHashMap<>(dimensions);
        all.putAll(more.dimensions);
        return new FmfContext(all);
    }

    /** {@return the defined dimensions with their values as text, in the order of definition; unmodifiable} */
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
     * Evaluates a case-sensitive condition such as {@code distro >= fedora-40 and arch != ppc64le}.
     *
     * @param condition the condition
     * @return true, false, or undecided if the condition needs a dimension that this context does not define
     * @throws FmfException if the syntax of the condition is invalid
     */
    public Decision decide(String condition) {
        return decide(condition, true);
    }

    /**
     * Evaluates a condition.
     *
     * @param condition the condition
     * @param caseSensitive whether to distinguish upper and lower case
     * @return true, false, or undecided if the condition needs a dimension that this context does not define
     * @throws FmfException if the syntax of the condition is invalid
     */
    public Decision decide(String condition, boolean caseSensitive) {
        return Condition.parse(condition).evaluate(this, caseSensitive);
    }

    /** The value of a condition in a context. */
    public enum Decision {
        /** The condition holds. */
        TRUE,
        /** The condition does not hold. */
        FALSE,
        /** The condition needs a dimension, or a part of a version, that the context does not define. */
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
