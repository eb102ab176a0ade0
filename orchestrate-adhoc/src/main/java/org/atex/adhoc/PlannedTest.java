package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.Lock;
import org.atex.api.Need;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/** A test of the run, with what has become of it so far. Belongs to the {@link Schedule}. */
final class PlannedTest implements Comparable<PlannedTest> {
    /** Tests of one kind can run in the same places at the same times: only the order tells them apart. */
    record Kind(Set<Lock> locks, Set<Need> needs) {
        /** {@return whether two of them can never run side by side} */
        boolean excludesItself() {
            return locks.stream().anyMatch(lock -> lock.mode() == Lock.Mode.EXCLUSIVE);
        }
    }

    final TestCase test;
    final Kind kind;
    private final int rank;
    private final List<TestEnd> ends = new ArrayList<>();
    private boolean concluded;

    PlannedTest(TestCase test, int rank) {
        this.test = test;
        this.rank = rank;
        this.kind = new Kind(locksOf(test), Set.copyOf(test.needs()));
    }

    private static Set<Lock> locksOf(TestCase test) {
        Set<Lock> locks = test.locks();
        return locks.stream().anyMatch(lock -> lock.name().equals(Lock.EVERYTHING))
                ? Set.copyOf(locks)
                : Stream.concat(locks.stream(), Stream.of(Lock.shared(Lock.EVERYTHING)))
                        .collect(Collectors.toUnmodifiableSet());
    }

    String name() {
        return test.name();
    }

    /** {@return the attempt that runs, or would run next} */
    int attempt() {
        return ends.size() + 1;
    }

    List<TestEnd> ends() {
        return List.copyOf(ends);
    }

    void ended(TestEnd end) {
        ends.add(end);
    }

    boolean isConcluded() {
        return concluded;
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
