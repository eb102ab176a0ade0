package org.atex.adhoc;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * The failures that do not count in a run. Immutable.
 *
 * @param rules the rules of the program
 * @param today the date of the run
 * @param elsewhere the names of tests that are in other shards
 */
record KnownFailures(List<KnownFailure> rules, LocalDate today, Set<String> elsewhere) {
    KnownFailures {
        rules = List.copyOf(rules);
        elsewhere = Set.copyOf(elsewhere);
    }

    KnownFailures(List<KnownFailure> rules, LocalDate today) {
        this(rules, today, Set.of());
    }

    static KnownFailures none() {
        return new KnownFailures(List.of(), LocalDate.EPOCH);
    }

    /** {@return the rule that makes the end of a test a known failure, or null} */
    @Nullable
    KnownFailure of(String test, TestEnd end) {
        if (end.outcome().verdict() != Verdict.FAILED) {
            return null;
        }
        return rules.stream()
                .filter(rule -> !isExpired(rule) && rule.concerns(test))
                .findFirst()
                .orElse(null);
    }

    /** {@return these rules, some of which may concern only tests of other shards} */
    KnownFailures withElsewhere(Set<String> tests) {
        return new KnownFailures(rules, today, tests);
    }

    private boolean isExpired(KnownFailure rule) {
        return today.isAfter(rule.until());
    }

    /**
     * {@return remarks for the user about rules that have expired, and rules without a test that failed}
     *
     * @param ends the final end of each test, by name
     */
    List<String> remarks(Map<String, TestEnd> ends) {
        List<String> remarks = new ArrayList<>();
        for (KnownFailure rule : rules) {
            Map<String, TestEnd> concerned = ends.entrySet().stream()
                    .filter(test -> rule.concerns(test.getKey()))
                    .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, TreeMap::new));
            if (concerned.isEmpty()) {
                if (elsewhere.stream().noneMatch(rule::concerns)) {
                    remarks.add("no test of the run is concerned by the rule for " + rule.test() + " (" + rule + ")");
                }
            } else if (concerned.values().stream().allMatch(end -> end.outcome() == Outcome.PASSED)) {
                remarks.add(names(concerned) + " passed: remove the rule for " + rule.test() + " (" + rule + ")");
            } else if (isExpired(rule)) {
                remarks.add("the rule for " + rule.test() + " has expired, so failures count again (" + rule + ")");
            }
        }
        return remarks;
    }

    private static String names(Map<String, TestEnd> tests) {
        String first = tests.keySet().iterator().next();
        return tests.size() == 1 ? first : first + " and " + (tests.size() - 1) + " more";
    }
}
