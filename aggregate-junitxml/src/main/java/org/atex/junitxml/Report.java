package org.atex.junitxml;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All attempts, by platform and test, in the order in which these came first. For one thread at a time. */
final class Report {
    private final Map<String, Suite> suites = new LinkedHashMap<>();

    private static final class Suite {
        private final List<Attempt[]> tests = new ArrayList<>();
        private final Map<String, Integer> indices = new HashMap<>();
    }

    void add(Attempt attempt) {
        Suite suite = suites.computeIfAbsent(attempt.platform(), platform -> new Suite());
        Integer index = suite.indices.putIfAbsent(attempt.name(), suite.tests.size());
        if (index == null) {
            suite.tests.add(new Attempt[] {attempt});
            return;
        }
        // A new array: a snapshot may hold the other.
        Attempt[] before = suite.tests.get(index);
        Attempt[] attempts = Arrays.copyOf(before, before.length + 1);
        attempts[before.length] = attempt;
        suite.tests.set(index, attempts);
    }

    /** {@return whether all is known of that test} */
    boolean isComplete(String platform, String test) {
        Suite suite = suites.get(platform);
        Integer index = suite == null ? null : suite.indices.get(test);
        if (suite == null || index == null) {
            return false;
        }
        Attempt[] attempts = suite.tests.get(index);
        return attempts[attempts.length - 1].isLast();
    }

    /** {@return the attempts at each test of each platform, which nobody changes any more} */
    Map<String, List<Attempt[]>> snapshot() {
        Map<String, List<Attempt[]>> snapshot = new LinkedHashMap<>();
        suites.forEach((platform, suite) -> snapshot.put(platform, List.copyOf(suite.tests)));
        return snapshot;
    }
}
