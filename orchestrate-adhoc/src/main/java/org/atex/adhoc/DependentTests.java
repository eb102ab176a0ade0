package org.atex.adhoc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.adhoc.PlannedTest.Dependency;
import org.atex.api.Need;

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

    boolean contains(PlannedTest test) {
        return open.containsKey(test);
    }

    int size() {
        return open.size();
    }

    /** {@return whether one of the tests can run on a system with these labels} */
    boolean canUse(Map<String, String> labels) {
        return open.keySet().stream().anyMatch(test -> {
            for (Need need : test.kind.demand().needs()) {
                if (!need.isMetBy(labels)) {
                    return false;
                }
            }
            return true;
        });
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
}
