package org.atex.adhoc;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The waiting tests, grouped by {@link PlannedTest.Kind}. Picking a test examines the first test of each kind, so its
 * cost depends on the number of kinds, not on the number of tests. Not thread-safe.
 */
final class WaitingTests {
    private final Map<PlannedTest.Kind, TreeSet<PlannedTest>> kinds = new HashMap<>();
    private int size;

    void add(PlannedTest test) {
        kinds.computeIfAbsent(test.kind, kind -> new TreeSet<>()).add(test);
        size++;
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** {@return whether a waiting test could run on the system} */
    boolean canUse(PoolSystem system) {
        return kinds.keySet().stream().anyMatch(kind -> system.meets(kind.needs()));
    }

    /**
     * {@return whether a waiting test could run on the system and must end before the reservation of the system ends}
     */
    boolean canUseInTime(PoolSystem system, Instant now) {
        return system.facts.expires() == null
                ? canUse(system)
                : kinds.entrySet().stream()
                        .filter(entry -> system.meets(entry.getKey().needs()))
                        .flatMap(entry -> entry.getValue().stream())
                        .anyMatch(test -> system.outlives(test, now));
    }

    /** {@return whether a waiting test may be able to run on a system with these labels; other labels are unknown} */
    boolean mayFit(Map<String, String> labels) {
        return kinds.keySet().stream()
                .anyMatch(kind -> kind.needs().stream().noneMatch(need -> need.isRuledOutBy(labels)));
    }

    /** {@return the number of tests that could run at once with unlimited slots} */
    int parallel() {
        int parallel = 0;
        for (Map.Entry<PlannedTest.Kind, TreeSet<PlannedTest>> entry : kinds.entrySet()) {
            parallel += entry.getKey().excludesItself() ? 1 : entry.getValue().size();
        }
        return parallel;
    }

    /**
     * {@return the first test, in the order of the run, that can start on the system now, or null}
     *
     * @param withDestructive whether to include destructive tests that must wait until the system is idle
     */
    @Nullable
    PlannedTest first(PoolSystem system, Locks locks, Instant now, boolean withDestructive) {
        PlannedTest first = null;
        for (Map.Entry<PlannedTest.Kind, TreeSet<PlannedTest>> entry : kinds.entrySet()) {
            PlannedTest.Kind kind = entry.getKey();
            if ((withDestructive || !kind.destructive() || system.isIdle())
                    && system.meets(kind.needs())
                    && locks.areFree(kind.locks())) {
                PlannedTest candidate = firstThat(entry.getValue(), test -> system.outlives(test, now));
                if (candidate != null && (first == null || candidate.compareTo(first) < 0)) {
                    first = candidate;
                }
            }
        }
        return first;
    }

    private static @Nullable PlannedTest firstThat(Iterable<PlannedTest> tests, Predicate<PlannedTest> condition) {
        for (PlannedTest test : tests) {
            if (condition.test(test)) {
                return test;
            }
        }
        return null;
    }

    void remove(PlannedTest test) {
        TreeSet<PlannedTest> tests = kinds.get(test.kind);
        if (tests == null || !tests.remove(test)) {
            throw new IllegalStateException(test.name() + " is not in the list of waiting tests");
        }
        if (tests.isEmpty()) {
            kinds.remove(test.kind);
        }
        size--;
    }

    /** Removes and returns all tests, in the order of the run. */
    List<PlannedTest> takeAll() {
        List<PlannedTest> all = new ArrayList<>();
        kinds.values().forEach(all::addAll);
        all.sort(null);
        kinds.clear();
        size = 0;
        return all;
    }

    /** {@return whether every waiting test needs a label with a key that is missing here} */
    boolean needsOtherLabels(Map<String, String> labels) {
        return kinds.keySet().stream()
                .allMatch(kind -> kind.needs().stream().anyMatch(need -> !labels.containsKey(need.label())));
    }

    /** {@return a description of the first waiting test and its needs, for messages} */
    String describeFirst() {
        PlannedTest first = null;
        for (TreeSet<PlannedTest> tests : kinds.values()) {
            first = first == null || tests.first().compareTo(first) < 0 ? tests.first() : first;
        }
        if (first == null) {
            return "nothing";
        }
        return first.name()
                + (first.kind.needs().isEmpty() ? "" : ", which needs " + first.kind.needs())
                + (first.facts.limit() == null ? "" : ", which may take " + first.facts.limit());
    }
}
