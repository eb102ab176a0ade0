package org.atex.adhoc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.jspecify.annotations.Nullable;

/** A test of the run, with what has become of it so far. Belongs to the {@link Schedule}. */
final class PlannedTest implements Comparable<PlannedTest> {
    /** Tests of one kind can run in the same places at the same times: only the order tells them apart. */
    record Kind(Set<TestLock> locks, Set<Need> needs, boolean destructive) {
        /** {@return whether two of them can never run side by side} */
        boolean excludesItself() {
            return locks.stream().anyMatch(lock -> lock.mode() == TestLock.Mode.EXCLUSIVE);
        }
    }

    /** The user's own object, for the executor and the user's policies. */
    final TestCase test;
    /** What it said of itself, read once. */
    final PlainTest facts;

    final Kind kind;
    private final int rank;
    private final List<TestEnd> ends = new ArrayList<>();
    private boolean concluded;
    /** How its latest attempt ended, if it is open whether that was the last one. */
    @Nullable
    TestEnd held;
    /** How often an attempt was spoiled for lack of room. */
    int spoiled;

    PlannedTest(TestCase test, PlainTest facts, int rank) {
        this.test = test;
        this.facts = facts;
        this.rank = rank;
        this.kind = new Kind(locksOf(facts), facts.needs(), facts.destructive());
    }

    /** Each lock once: who holds it shared and exclusively holds it exclusively. */
    private static Set<TestLock> locksOf(PlainTest test) {
        Map<String, TestLock> locks = new HashMap<>();
        locks.put(TestLock.EVERYTHING, TestLock.shared(TestLock.EVERYTHING));
        for (TestLock lock : test.locks()) {
            locks.merge(lock.name(), lock, (a, b) -> a.mode() == TestLock.Mode.EXCLUSIVE ? a : b);
        }
        return locks.values().stream().collect(Collectors.toUnmodifiableSet());
    }

    String name() {
        return facts.name();
    }

    /** {@return the attempt that runs, or would run next} */
    int attempt() {
        return ends.size() + 1;
    }

    List<TestEnd> ends() {
        return List.copyOf(ends);
    }

    /** {@return how its attempts ended, with one more} */
    List<TestEnd> endsWith(TestEnd latest) {
        List<TestEnd> all = new ArrayList<>(ends);
        all.add(latest);
        return all;
    }

    void ended(TestEnd end) {
        ends.add(end);
    }

    void conclude() {
        if (concluded) {
            throw new IllegalStateException(name() + " would get a second final outcome");
        }
        concluded = true;
    }

    @Override
    public int compareTo(PlannedTest other) {
        return Integer.compare(rank, other.rank);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
