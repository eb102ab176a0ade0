package org.atex.adhoc;

import java.util.Map;
import java.util.TreeSet;
import org.atex.api.TestLock;

/**
 * The queues of tests with one {@link PlannedTest.Demand}: they can run on the same systems and differ in their locks.
 * Confined to {@link WaitingTests}.
 */
final class Line {
    final PlannedTest.Demand demand;
    /** The queues with tests, by their first test. */
    final TreeSet<TestQueue> queues = new TreeSet<>();
    /** Those of them whose locks are free. */
    final TreeSet<TestQueue> startable = new TreeSet<>();
    /** The number of slots of ready systems that fit. */
    int readySlots;
    /** The number of tests that could run at once with unlimited slots. */
    int parallel;

    Line(PlannedTest.Demand demand) {
        this.demand = demand;
    }

    boolean isEmpty() {
        return queues.isEmpty();
    }

    /** {@return the first test, which may have to wait for locks} */
    PlannedTest first() {
        return queues.first().first();
    }

    /** {@return the number of free slots of a system that its tests can use at once} */
    int slotsOn(PoolSystem system) {
        boolean excludesItself = demand.locks().stream().anyMatch(lock -> lock.mode() == TestLock.Mode.EXCLUSIVE);
        return excludesItself ? Math.min(1, system.freeSlots()) : system.freeSlots();
    }

    /** {@return whether its tests can use the system, now or when it is prepared or other tests have ended on it} */
    boolean mayUseLater(PoolSystem system) {
        return system.isOrWillBeInUse() && fits(system.kind.labels) && !(demand.fresh() && system.hasWorked);
    }

    /** {@return whether a system with these labels fits} */
    boolean fits(Map<String, String> labels) {
        return demand.isMetBy(labels);
    }

    /** {@return whether a system with these labels may fit; other labels are unknown} */
    boolean mayFit(Map<String, String> labels) {
        return Needs.mayBeMet(demand.needs(), labels);
    }
}
