package org.atex.api;

import java.util.Map;
import java.util.Set;

/**
 * A requirement of a test for its system: a {@linkplain Remote#labels() label} with one of some values. Immutable.
 *
 * {@snippet :
 * Need need = Need.of("arch", "x86_64", "aarch64");
 * need.isMetBy(Map.of("arch", "aarch64", "distro", "fedora-41")); // true
 * }
 *
 * @param label the name of the label, such as {@code arch}
 * @param anyOf the accepted values; if empty, any value is accepted, but the system must have the label
 */
public record Need(String label, Set<String> anyOf) {
    /** Copies the set. */
    public Need {
        anyOf = Set.copyOf(anyOf);
    }

    /**
     * {@return a need for a label with one of some values}
     *
     * @param label the name of the label
     * @param anyOf the accepted values; if there are none, any value is accepted
     */
    public static Need of(String label, String... anyOf) {
        return new Need(label, Set.of(anyOf));
    }

    /**
     * {@return whether a system with these labels meets this need}
     *
     * @param labels the labels of a system
     */
    public boolean isMetBy(Map<String, String> labels) {
        String value = labels.get(label);
        return value != null && (anyOf.isEmpty() || anyOf.contains(value));
    }

    /**
     * {@return whether these labels rule this need out: one of them has a value that is not accepted, so no system with
     * these labels can meet it}
     *
     * @param known labels that all systems of a provisioner have
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
