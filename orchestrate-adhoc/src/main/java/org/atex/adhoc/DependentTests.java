package org.atex.adhoc;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.adhoc.PlannedTest.Dependency;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/** The tests that wait for the end of other tests. Part of the {@link Schedule}; not thread-safe. */
final class DependentTests {
    /** The tests, in the order of the run, with the number of tests that each waits for. */
    private final Map<PlannedTest, Integer> open = new LinkedHashMap<>();

    private final Map<PlannedTest, List<PlannedTest>> dependents = new HashMap<>();

    DependentTests(List<PlannedTest> tests) {
        for (PlannedTest test : tests) {
            for (Dependency dependency : test.after) {
                add(test, dependency.test());
            }
            if (test.previous != null) {
                add(test, test.previous);
            }
        }
    }

    private void add(PlannedTest test, PlannedTest other) {
        List<PlannedTest> known = dependents.computeIfAbsent(other, key -> new ArrayList<>());
        if (!known.contains(test)) {
            known.add(test);
            open.merge(test, 1, Integer::sum);
        }
    }

    /** Lets a test wait for another one than before. */
    void waitsFor(PlannedTest test, PlannedTest other) {
        List<PlannedTest> known = dependents.computeIfAbsent(other, key -> new ArrayList<>());
        if (known.contains(test)) {
            oneEnded(test); // it waited for both
        } else {
            known.add(test);
        }
    }

    /**
     * Lets a test of a serial group wait for another one, for which it did not wait or does not wait any more. It may wait
     * for other tests, too.
     */
    void waitsAgainFor(PlannedTest test, PlannedTest other) {
        open.merge(test, 1, Integer::sum);
        List<PlannedTest> known = dependents.computeIfAbsent(other, key -> new ArrayList<>());
        if (!known.contains(test)) {
            known.add(test);
        }
    }

    boolean contains(PlannedTest test) {
        return open.containsKey(test);
    }

    int size() {
        return open.size();
    }

    /** {@return whether one of the tests can run on a system with these labels} */
    boolean canUse(Map<String, String> labels) {
        return open.keySet().stream().anyMatch(test -> test.kind.demand().isMetBy(labels));
    }

    /** {@return the tests, in the order given} */
    Set<PlannedTest> all() {
        return Collections.unmodifiableSet(open.keySet());
    }

    /** {@return why a test does not run now, for people} */
    static String whyNot(PlannedTest test) {
        Stream<PlannedTest> others =
                Stream.concat(test.after.stream().map(Dependency::test), Stream.ofNullable(test.previous));
        return "for the end of "
                + others.filter(other -> !other.isOver())
                        .map(PlannedTest::name)
                        .distinct()
                        .collect(Collectors.joining(", "));
    }

    /** {@return the tests that wait for the end of a test, and maybe of others} */
    List<PlannedTest> of(PlannedTest test) {
        return dependents.getOrDefault(test, List.of()).stream()
                .filter(open::containsKey)
                .toList();
    }

    /** One of the tests for which a test waits has ended. {@return whether it waits for no other one} */
    boolean oneEnded(PlannedTest test) {
        return open.computeIfPresent(test, (key, count) -> count == 1 ? null : count - 1) == null;
    }

    void remove(PlannedTest test) {
        open.remove(test);
    }

    /** Removes and returns all tests. */
    List<PlannedTest> takeAll() {
        List<PlannedTest> all = List.copyOf(open.keySet());
        open.clear();
        return all;
    }

    /**
     * {@return the end of a test that does not run because of another one, or null if it runs}
     *
     * @param test the test
     * @param ended one of the tests for which it waits
     * @param end how that has ended
     */
    static @Nullable TestEnd endWithout(PlannedTest test, PlannedTest ended, TestEnd end) {
        if (end.outcome() != Outcome.PASSED && test.after.contains(new PlannedTest.Dependency(ended, true))) {
            return TestEnd.of(
                    Outcome.SKIPPED, "skipped: it runs only if " + ended.name() + " passes, but that " + words(end));
        }
        PlannedGroup group = test.group;
        if (group == null || test.previous == null || !test.previous.equals(ended)) {
            return null;
        }
        if (group.endOfRest == null) {
            group.endOfRest = endOfRest(group, ended, end);
        }
        return group.endOfRest;
    }

    private static @Nullable TestEnd endOfRest(PlannedGroup group, PlannedTest ended, TestEnd end) {
        if (ended.lostSystem && group.rules.afterLoss() != TestGroup.Rest.CONTINUE) {
            return TestEnd.of(
                    Outcome.NOT_RUN,
                    "not run: the system of its group " + group.name() + " was lost or replaced after " + ended.name()
                            + " " + words(end));
        }
        boolean failed = end.outcome() != Outcome.PASSED && end.outcome() != Outcome.SKIPPED;
        return failed && group.rules.afterFailure() == TestGroup.Rest.SKIP
                ? TestEnd.of(
                        Outcome.SKIPPED,
                        "skipped: " + ended.name() + " of its group " + group.name() + " " + words(end))
                : null;
    }

    static String words(TestEnd end) {
        return switch (end.outcome()) {
            case PASSED -> "passed";
            case FAILED -> "failed";
            case ERROR -> "ended with an error";
            case TIMED_OUT -> "timed out";
            case SKIPPED -> "was skipped";
            case LOST -> "was lost";
            case SETUP_FAILED -> "could not be set up";
            case CANCELLED -> "was cancelled";
            case NOT_RUN -> "was not run";
        };
    }
}
