package org.atex.api;

import java.util.Map;
import java.util.Set;

/**
 * What a test needs of its system: a label with one of some values.
 *
 * @param label the label's name, such as {@code arch}
 * @param anyOf the values that will do; none: any value will, if the label is there
 */
public record Need(String label, Set<String> anyOf) {
    /** Copies the set. */
    public Need {
        anyOf = Set.copyOf(anyOf);
    }

    /**
     * {@return a need for one of some values}
     *
     * @param label the label's name
     * @param anyOf the values that will do
     */
    public static Need of(String label, String... anyOf) {
        return new Need(label, Set.of(anyOf));
    }

    /**
     * {@return whether a system with these labels will do}
     *
     * @param labels the labels of a system
     */
    public boolean isMetBy(Map<String, String> labels) {
        String value = labels.get(label);
        return value != null && (anyOf.isEmpty() || anyOf.contains(value));
    }

    /**
     * {@return whether no system with at least these labels can do: one of them has another value}
     *
     * @param known labels that are known beforehand
     */
    public boolean isRuledOutBy(Map<String, String> known) {
        return known.containsKey(label) && !isMetBy(known);
    }

    @Override
    public String toString() {
        return anyOf.isEmpty()
                ? label
                : label + "=" + String.join("|", anyOf.stream().sorted().toList());
    }
}
