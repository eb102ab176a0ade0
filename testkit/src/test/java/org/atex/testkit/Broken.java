package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;

/**
 * Something that does all it should but for one rule of the contract.
 *
 * @param rule the rule that it breaks, by the beginning of its test's name
 * @param others rules that cannot but be broken with it
 * @param why the reason for that, or nothing
 * @param variant what breaks it
 * @param <T> how it is made
 */
record Broken<T>(String rule, Set<String> others, String why, T variant) {
    static <T> Broken<T> of(String rule, T variant) {
        return new Broken<>(rule, Set.of(), "", variant);
    }

    /** The same, where the mistake cannot but break other rules too. */
    Broken<T> and(String why, String... others) {
        return new Broken<>(rule, Set.of(others), why, variant);
    }

    /** Runs the contract, and checks that its rule's test rejects it, and no other does. */
    void assertRejectedBy(Class<?> contract) {
        Set<String> expected = new TreeSet<>(others);
        expected.add(rule);
        assertThat(Rejections.of(contract))
                .as("rules whose tests reject what breaks " + rule + (why.isEmpty() ? "" : " (" + why + ")"))
                .isEqualTo(expected);
    }

    @Override
    public String toString() {
        return rule;
    }
}
