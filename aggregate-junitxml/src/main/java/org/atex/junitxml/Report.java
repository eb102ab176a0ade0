package org.atex.junitxml;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.TestRecord;

/**
 * All attempts, by platform and test, in the order in which these came first. The attempts of a run follow those of earlier
 * runs, whose report it continues. For one thread at a time.
 */
final class Report {
    private final Map<String, Suite> suites = new LinkedHashMap<>();
    private long size;

    private static final class Suite {
        private final List<Attempt[]> tests = new ArrayList<>();
        private final Map<String, Integer> indices = new HashMap<>();

        /** How many attempts of a test are those of earlier runs; there are no others in most reports. */
        private final Map<String, Integer> earlier = new HashMap<>();

        /** The tests of which this run stored the last attempt. */
        private final Set<String> complete = new HashSet<>();
    }

    void add(Attempt attempt) {
        Suite suite = suites.computeIfAbsent(attempt.platform(), platform -> new Suite());
        size++;
        if (attempt.isLast()) {
            suite.complete.add(attempt.name());
        }
        Integer index = suite.indices.putIfAbsent(attempt.name(), suite.tests.size());
        if (index == null) {
            suite.tests.add(new Attempt[] {attempt});
            return;
        }
        // A new array: a snapshot may hold the other.
        Attempt[] before = suite.tests.get(index);
        Attempt[] attempts = Arrays.copyOf(before, before.length + 1);
        attempts[before.length] = attempt;
        if (attempt.number() == 0) {
            // That it was not started again does not undo what it came to before.
            System.arraycopy(before, 0, attempts, 1, before.length);
            attempts[0] = attempt;
        }
        suite.tests.set(index, attempts);
    }

    /** All there is was stored by earlier runs: what follows is another run's. */
    void beginRun() {
        for (Suite suite : suites.values()) {
            suite.complete.clear();
            for (Attempt[] attempts : suite.tests) {
                int highest = 0;
                for (Attempt attempt : attempts) {
                    highest = Math.max(highest, attempt.number());
                }
                suite.earlier.put(attempts[0].name(), highest);
            }
        }
    }

    /** {@return the number of an attempt over all runs: it follows those of earlier runs} */
    int number(TestRecord record, String name) {
        Suite suite = suites.get(record.platform());
        int before = suite == null ? 0 : suite.earlier.getOrDefault(name, 0);
        return record.attempt() == 0 ? 0 : before + record.attempt();
    }

    /** {@return whether this run has stored that attempt of a test, or its last one} */
    boolean isTaken(TestRecord record, String name) {
        Suite suite = suites.get(record.platform());
        Integer index = suite == null ? null : suite.indices.get(name);
        if (suite == null || index == null) {
            return false;
        }
        int number = number(record, name);
        return suite.complete.contains(name)
                || number > 0 && Arrays.stream(suite.tests.get(index)).anyMatch(attempt -> attempt.number() == number);
    }

    /** {@return how many attempts there are} */
    long size() {
        return size;
    }

    /** {@return the attempts at each test of each platform, which nobody changes any more} */
    Map<String, List<Attempt[]>> snapshot() {
        Map<String, List<Attempt[]>> snapshot = new LinkedHashMap<>();
        suites.forEach((platform, suite) -> snapshot.put(platform, List.copyOf(suite.tests)));
        return snapshot;
    }
}
