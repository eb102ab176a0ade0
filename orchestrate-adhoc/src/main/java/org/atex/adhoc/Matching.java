package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.atex.adhoc.PoolSystem.Phase;
import org.jspecify.annotations.Nullable;

/** Which waiting test a free place gets: by the order, the locks, and what is kept free. Belongs to the {@link Schedule}. */
final class Matching {
    private static final Duration SUSPICION = Duration.ofMinutes(10);

    private final Backlog backlog;
    private final HostBook hosts;
    private final Locks locks = new Locks();
    /** Which system is kept free for a test that needs a whole one. */
    private final Map<PlannedTest, PoolSystem> claims = new HashMap<>();

    private final Map<HostRecord, Instant> suspectedUntil = new HashMap<>();

    Matching(Backlog backlog, HostBook hosts) {
        this.backlog = backlog;
        this.hosts = hosts;
    }

    /**
     * {@return the test that a free place gets now; null if there is none, or the place is kept for another one}
     *
     * @param system where the place is
     * @param running how many tests run in all
     */
    @Nullable
    PlannedTest pick(PoolSystem system, int running, Instant now) {
        if (!system.hasIdleSlot() || waitsForPeers(system, running, now)) {
            return null;
        }
        PlannedTest first = backlog.first(system, locks, now, true);
        if (first == null || system.isWholeFor(first)) {
            return first;
        }
        // It needs the whole system: one system is kept free for it, and the others go on.
        PoolSystem claimed = claims.get(first);
        if (claimed == null || claimed.phase != Phase.READY) {
            claims.put(first, system);
            return null;
        }
        return claimed == system ? null : backlog.first(system, locks, now, false);
    }

    /** A host on which nothing has passed and much has failed gets no more until there is something to compare it with. */
    private boolean waitsForPeers(PoolSystem system, int running, Instant now) {
        if (!hosts.isSuspicious(system.host) || running <= system.runningNow()) {
            return false;
        }
        return now.isBefore(suspectedUntil.computeIfAbsent(system.host, host -> now.plus(SUSPICION)));
    }

    /** {@return when the next host need not wait any more for the results of its peers, or null} */
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
