package org.atex.adhoc;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.atex.api.TestLock;

/** Which locks the running tests hold. A test takes all of its locks together or none, so that none waits for another. */
final class Locks {
    /** How many hold it shared; {@link #EXCLUSIVELY} if one holds it alone. */
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
