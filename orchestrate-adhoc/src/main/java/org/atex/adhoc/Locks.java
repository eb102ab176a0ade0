package org.atex.adhoc;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.atex.api.TestLock;

/**
 * The locks held by running tests. A test takes all its locks at once or none, so that deadlocks are impossible. Not
 * thread-safe.
 */
final class Locks {
    /** The number of shared holders by lock name, or {@link #EXCLUSIVELY}. */
    private final Map<String, Integer> held = new HashMap<>();

    private static final int EXCLUSIVELY = -1;

    boolean areFree(Set<TestLock> wanted) {
        for (TestLock lock : wanted) {
            int holders = held.getOrDefault(lock.name(), 0);
            if (holders == EXCLUSIVELY || holders > 0 && lock.mode() == TestLock.Mode.EXCLUSIVE) {
                return false;
            }
        }
        return true;
    }

    void take(Set<TestLock> locks) {
        for (TestLock lock : locks) {
            if (lock.mode() == TestLock.Mode.EXCLUSIVE) {
                held.put(lock.name(), EXCLUSIVELY);
            } else {
                held.merge(lock.name(), 1, Integer::sum);
            }
        }
    }

    void giveBack(Set<TestLock> locks) {
        for (TestLock lock : locks) {
            held.computeIfPresent(
                    lock.name(), (name, holders) -> holders == EXCLUSIVELY || holders == 1 ? null : holders - 1);
        }
    }
}
