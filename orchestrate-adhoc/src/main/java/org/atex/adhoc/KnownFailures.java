package org.atex.adhoc;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.PastRun;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * The failures that do not count in a run. Immutable.
 *
 * @param rules the rules of the program
 * @param today the date of the run
 * @param baseline an earlier run whose failures do not count, or null
 */
record KnownFailures(
        List<KnownFailure> rules, LocalDate today, @Nullable Baseline baseline) {
    private static final int MAX_NAMES = 10;

    /**
     * An earlier run.
     *
     * @param name the run in words
     * @param failed the names of the tests that failed in it
     * @param known the names of the tests whose result is known from it
     */
    record Baseline(String name, Set<String> failed, Set<String> known) {
        static Baseline of(PastRun run) {
            return new Baseline(
                    "run " + run.id() + " of " + run.started(),
                    run.failed(),
                    run.ends().values().stream()
                            .filter(record -> record.attempt() > 0)
                            .filter(record -> record.end().outcome().verdict() == Verdict.FAILED
                                    || record.end().outcome().verdict() == Verdict.PASSED)
                            .map(TestRecord::name)
                            .collect(Collectors.toSet()));
        }
    }

    KnownFailures {
        rules = List.copyOf(rules);
    }

    static KnownFailures none() {
        return new KnownFailures(List.of(), LocalDate.EPOCH, null);
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
                .orElseGet(() -> ofBaseline(test));
    }

    private @Nullable KnownFailure ofBaseline(String test) {
        return baseline == null || !baseline.failed().contains(test)
                ? null
                : KnownFailure.of(test, "baseline", LocalDate.MAX, "it failed in the " + baseline.name() + ", too");
    }

    /** {@return whether there is something to say about the ends of tests} */
    boolean hasRemarks() {
        return !rules.isEmpty() || baseline != null;
    }

    private boolean isExpired(KnownFailure rule) {
        return today.isAfter(rule.until());
    }

    /**
     * {@return remarks for the user about rules that have expired, and rules without a test that failed}
     *
     * @param ends the final end of each test, by name
     * @param elsewhere the names of tests that are in other shards
     */
    List<String> remarks(Map<String, TestEnd> ends, Set<String> elsewhere) {
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
        if (baseline != null) {
            remarks.addAll(remarks(baseline, ends, elsewhere));
        }
        return remarks;
    }

    private List<String> remarks(Baseline earlier, Map<String, TestEnd> ends, Set<String> elsewhere) {
        Set<String> failed = names(ends, end -> end.outcome().verdict() == Verdict.FAILED);
        Set<String> fixed = names(ends, end -> end.outcome() == Outcome.PASSED);
        fixed.retainAll(earlier.failed());
        Set<String> counting = new TreeSet<>(failed);
        counting.removeIf(test -> of(test, Objects.requireNonNull(ends.get(test))) != null);
        long alike = failed.stream().filter(earlier.failed()::contains).count();
        long unknown = counting.stream()
                .filter(test -> !earlier.known().contains(test))
                .count();
        List<String> remarks = new ArrayList<>();
        if (!failed.isEmpty()) {
            remarks.add(Plural.of(failed.size(), "test") + " failed, " + alike + " of them also in the "
                    + earlier.name()
                    + (counting.isEmpty()
                            ? "; none is new"
                            : "; " + counting.size() + " new: " + names(counting)
                                    + (unknown == 0 ? "" : "; " + unknown + " of these without a result in that run")));
        }
        if (!fixed.isEmpty()) {
            remarks.add(Plural.of(fixed.size(), "test") + " passed that failed in the " + earlier.name() + ": "
                    + names(fixed));
        }
        boolean isOther =
                Stream.concat(ends.keySet().stream(), elsewhere.stream()).noneMatch(earlier.known()::contains);
        if (isOther && !ends.isEmpty()) {
            remarks.add("the " + earlier.name()
                    + " has no result of the tests of this run: use a run of the same tests as" + " the baseline");
        }
        return remarks;
    }

    private static Set<String> names(Map<String, TestEnd> ends, Predicate<TestEnd> which) {
        return ends.entrySet().stream()
                .filter(test -> which.test(test.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String names(Set<String> tests) {
        return tests.stream().limit(MAX_NAMES).collect(Collectors.joining(", "))
                + (tests.size() > MAX_NAMES ? " and " + (tests.size() - MAX_NAMES) + " more" : "");
    }

    private static String names(Map<String, TestEnd> tests) {
        String first = tests.keySet().iterator().next();
        return tests.size() == 1 ? first : first + " and " + (tests.size() - 1) + " more";
    }
}
