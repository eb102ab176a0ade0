package org.atex.adhoc;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.atex.api.Lock;

/** Which locks the running tests hold. A test takes all of its locks together or none, so that none waits for another. */
final class Locks {
    /** How many hold it shared; {@link #EXCLUSIVELY} if one holds it alone. */
    private final Map<String, Integer> held = new HashMap<>();

    private static final int EXCLUSIVELY = -1;

    boolean areFree(Set<Lock> wanted) {
        for (Lock lock : wanted) {
            int holders = held.getOrDefault(lock.name(), 0);
            if (holders == EXCLUSIVELY || holders > 0 && lock.mode() == Lock.Mode.EXCLUSIVE) {
                return false;
            }
        }
        return true;
    }

    void take(Set<Lock> locks) {
        for (Lock lock : locks) {
            if (lock.mode() == Lock.Mode.EXCLUSIVE) {
                held.put(lock.name(), EXCLUSIVELY);
            } else {
                held.merge(lock.name(), 1, Integer::sum);
            }
        }
    }

    void giveBack(Set<Lock> locks) {
        for (Lock lock : locks) {
            held.computeIfPresent(
                    lock.name(), (name, holders) -> holders == EXCLUSIVELY || holders == 1 ? null : holders - 1);
        }
    }
}
