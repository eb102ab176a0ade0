package org.atex.api;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A requirement of a test for its system: a {@linkplain Remote#labels() label} with one of some values, or with at least
 * some value. {@link Capability} has the names of common labels. Immutable.
 *
 * {@snippet :
 * Need need = Need.of("arch", "x86_64", "aarch64");
 * need.isMetBy(Map.of("arch", "aarch64", "distro", "fedora-41")); // true
 * }
 *
 * @param label the name of the label, such as {@code arch}
 * @param anyOf the accepted values; if empty, any value is accepted, but the system must have the label
 * @param minimum the smallest accepted value, or null; see {@link #atLeast}
 */
public record Need(
        String label, Set<String> anyOf, @Nullable String minimum) {
    /**
     * Copies the set.
     *
     * @throws IllegalArgumentException if the minimum is not a number, size or version
     */
    public Need {
        anyOf = Set.copyOf(anyOf);
        if (minimum != null && !Magnitude.isOne(minimum)) {
            throw new IllegalArgumentException("the minimum of " + label + " must be a number such as 4, a version such"
                    + " as 9.4, or a size such as '4 GiB', not '" + minimum + "'");
        }
    }

    /**
     * {@return a need for a label with one of some values}
     *
     * @param label the name of the label
     * @param anyOf the accepted values; if there are none, any value is accepted
     */
    public static Need of(String label, String... anyOf) {
        return new Need(label, Set.of(anyOf), null);
    }

    /**
     * {@return a need for a label with a minimum}
     *
     * <p>Values are compared as numbers ({@code 4}), versions ({@code 9.4} is less than {@code 9.10}), or sizes
     * ({@code 4 GiB}; the units are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB). A system does not meet the need if its
     * value cannot be compared with the minimum.
     *
     * @param label the name of the label
     * @param minimum the smallest accepted value
     * @throws IllegalArgumentException if the minimum is not a number, size or version
     */
    public static Need atLeast(String label, String minimum) {
        return new Need(label, Set.of(), minimum);
    }

    /**
     * {@return whether a system with these labels meets this need}
     *
     * @param labels the labels of a system
     */
    public boolean isMetBy(Map<String, String> labels) {
        String value = labels.get(label);
        return value != null
                && (anyOf.isEmpty() || anyOf.contains(value))
                && (minimum == null || Magnitude.isAtLeast(value, minimum));
    }

    /**
     * {@return whether no system can meet both this need and another one: they accept different values of a label}
     *
     * @param other the other need
     */
    public boolean excludes(Need other) {
        return label.equals(other.label)
                && !anyOf.isEmpty()
                && !other.anyOf.isEmpty()
                && Collections.disjoint(anyOf, other.anyOf);
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
        return label
                + (anyOf.isEmpty()
                        ? ""
                        : "=" + String.join("|", anyOf.stream().sorted().toList()))
                + (minimum == null ? "" : ">=" + minimum);
    }
}
