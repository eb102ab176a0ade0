package org.atex.adhoc;

import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The waiting tests of one {@link PlannedTest.Kind}, in the order of the run. Queues are ordered by their first test.
 * Confined to {@link WaitingTests}.
 */
final class TestQueue implements Comparable<TestQueue> {
    final PlannedTest.Kind kind;
    final Line line;
    final TreeSet<PlannedTest> tests = new TreeSet<>();

    /** The first test, as of {@link #update}. The queue must not be in an ordered set when it changes. */
    private @Nullable PlannedTest first;

    /** Whether the locks of the first test are free. */
    boolean startable;

    TestQueue(PlannedTest.Kind kind, Line line) {
        this.kind = kind;
        this.line = line;
    }

    @Nullable
    PlannedTest peek() {
        return first;
    }

    PlannedTest first() {
        if (first == null) {
            throw new IllegalStateException("no test waits in the queue of " + kind);
        }
        return first;
    }

    /** Determines the first test. {@return whether there is one} */
    boolean update() {
        first = tests.isEmpty() ? null : tests.first();
        return first != null;
    }

    /** {@return the number of its tests that could run at once with unlimited slots} */
    int parallel() {
        return kind.excludesItself() ? Math.min(1, tests.size()) : tests.size();
    }

    @Override
    public int compareTo(TestQueue other) {
        return first().compareTo(other.first());
    }
}
