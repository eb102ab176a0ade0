package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;

/**
 * An implementation that violates one rule of the contract.
 *
 * @param rule the number of the rule, in lower case
 * @param others the numbers of rules that the same mistake necessarily violates
 * @param why the reason for these, or an empty string
 * @param variant creates the implementation
 * @param <T> the type of its creator
 */
record Broken<T>(String rule, Set<String> others, String why, T variant) {
    static <T> Broken<T> of(String rule, T variant) {
        return new Broken<>(rule, Set.of(), "", variant);
    }

    /** Returns a copy that also violates other rules. */
    Broken<T> and(String why, String... others) {
        return new Broken<>(rule, Set.of(others), why, variant);
    }

    /** Runs the contract, and asserts that only the tests of the violated rules fail. */
    void assertRejectedBy(Class<?> contract) {
        Set<String> expected = new TreeSet<>(others);
        expected.add(rule);
        SortedMap<String, Throwable> failed = FailedRules.of(contract);
        assertThat(failed.keySet())
                .as(() -> "rules whose tests reject the implementation that violates " + rule
                        + (why.isEmpty() ? "" : " (" + why + ")") + "; the failures of other rules: "
                        + failed.entrySet().stream()
                                .filter(failure -> !expected.contains(failure.getKey()))
                                .map(failure -> failure.getValue().toString())
                                .toList())
                .isEqualTo(expected);
    }

    @Override
    public String toString() {
        return rule;
    }
}
