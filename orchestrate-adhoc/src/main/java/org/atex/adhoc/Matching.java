package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.atex.adhoc.PoolSystem.Phase;
import org.jspecify.annotations.Nullable;

/**
 * Selects the waiting test for a free slot, by order, locks, and systems that are kept free. Part of the
 * {@link Schedule}; not thread-safe.
 */
final class Matching {
    private static final Duration SUSPICION = Duration.ofMinutes(10);

    private final WaitingTests waiting;
    private final HostHealth hosts;
    private final Locks locks = new Locks();
    /** The system that is kept free for each destructive test. */
    private final Map<PlannedTest, PoolSystem> claims = new HashMap<>();

    private final Map<HostRecord, Instant> suspectedUntil = new HashMap<>();

    Matching(WaitingTests waiting, HostHealth hosts) {
        this.waiting = waiting;
        this.hosts = hosts;
    }

    /**
     * {@return the test to start in a free slot now, or null if none can start or the slot is kept free}
     *
     * @param system the system with the slot
     * @param running the number of tests running on all systems
     */
    @Nullable
    PlannedTest pick(PoolSystem system, int running, Instant now) {
        if (!system.hasIdleSlot() || waitsForPeers(system, running, now)) {
            return null;
        }
        PlannedTest first = waiting.first(system, locks, now, true);
        if (first == null || system.isWholeFor(first)) {
            return first;
        }
        // The test needs a whole system. Drain one for it; otherwise smaller tests would keep every system busy.
        PoolSystem claimed = claims.get(first);
        if (claimed == null || claimed.phase != Phase.READY) {
            claims.put(first, system);
            return null;
        }
        return claimed == system ? null : waiting.first(system, locks, now, false);
    }

    /**
     * Returns whether a host must wait for results of other hosts: many tests failed on it and none passed. The wait
     * ends after 10 min, or when nothing runs elsewhere.
     */
    private boolean waitsForPeers(PoolSystem system, int running, Instant now) {
        if (!hosts.isSuspicious(system.host) || running <= system.runningNow()) {
            return false;
        }
        return now.isBefore(suspectedUntil.computeIfAbsent(system.host, host -> now.plus(SUSPICION)));
    }

    /** {@return when the next host stops waiting for results of other hosts, or null} */
    @Nullable
    Instant nextEndOfSuspicion(Instant now) {
        return suspectedUntil.values().stream()
                .filter(until -> until.isAfter(now))
                .min(Instant::compareTo)
                .orElse(null);
    }

    void started(PlannedTest test) {
        claims.remove(test);
        locks.take(test.kind.locks());
    }

    void ended(PlannedTest test) {
        locks.giveBack(test.kind.locks());
    }

    void gone(PoolSystem system) {
        claims.values().remove(system);
    }
}
