package org.atex.artifacts;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.TestRecord;

/**
 * The attempts of a report by platform and test, both in the order in which they first occurred. In a continued report,
 * the attempts of this run follow those of earlier runs. Not thread-safe.
 */
final class ReportAttempts<A extends ReportAttempt> {
    private final Map<String, PlatformTests<A>> suites = new LinkedHashMap<>();
    private long size;

    private static final class PlatformTests<A> {
        private final List<List<A>> tests = new ArrayList<>();
        private final Map<String, Integer> indices = new HashMap<>();

        /** The highest number of an attempt of earlier runs, by test. Empty unless the report was continued. */
        private final Map<String, Integer> earlier = new HashMap<>();

        /** The tests for which this run has stored the last attempt. */
        private final Set<String> complete = new HashSet<>();
    }

    void add(A attempt) {
        PlatformTests<A> suite = suites.computeIfAbsent(attempt.platform(), platform -> new PlatformTests<>());
        size++;
        if (attempt.isLast()) {
            suite.complete.add(attempt.name());
        }
        Integer index = suite.indices.putIfAbsent(attempt.name(), suite.tests.size());
        if (index == null) {
            suite.tests.add(List.of(attempt));
            return;
        }
        // A new list, as a snapshot may refer to the old one.
        List<A> attempts = new ArrayList<>(suite.tests.get(index));
        // "Not run" goes first: the result of an earlier attempt remains the final one.
        attempts.add(attempt.number() == 0 ? 0 : attempts.size(), attempt);
        suite.tests.set(index, List.copyOf(attempts));
    }

    /** Starts a new run: all attempts added so far belong to earlier runs. */
    void beginRun() {
        for (PlatformTests<A> suite : suites.values()) {
            suite.complete.clear();
            for (List<A> attempts : suite.tests) {
                int highest = 0;
                for (A attempt : attempts) {
                    highest = Math.max(highest, attempt.number());
                }
                suite.earlier.put(attempts.getFirst().name(), highest);
            }
        }
    }

    /** {@return the number of an attempt over all runs, which follows those of earlier runs; 0 if it never started} */
    int number(TestRecord record, String name) {
        PlatformTests<A> suite = suites.get(record.platform());
        int before = suite == null ? 0 : suite.earlier.getOrDefault(name, 0);
        return record.attempt() == 0 ? 0 : before + record.attempt();
    }

    /** {@return whether this run has already stored this attempt of the test, or the last one} */
    boolean isStored(TestRecord record, String name) {
        PlatformTests<A> suite = suites.get(record.platform());
        Integer index = suite == null ? null : suite.indices.get(name);
        if (suite == null || index == null) {
            return false;
        }
        int number = number(record, name);
        return suite.complete.contains(name)
                || number > 0 && suite.tests.get(index).stream().anyMatch(attempt -> attempt.number() == number);
    }

    /** {@return the number of attempts} */
    long size() {
        return size;
    }

    /** {@return an immutable copy: for each platform, the attempts at each test} */
    Map<String, List<List<A>>> snapshot() {
        Map<String, List<List<A>>> snapshot = new LinkedHashMap<>();
        suites.forEach((platform, suite) -> snapshot.put(platform, List.copyOf(suite.tests)));
        return snapshot;
    }
}
