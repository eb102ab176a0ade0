package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.atex.api.Need;
import org.jspecify.annotations.Nullable;

/** A system of the pool as the {@link Schedule} sees it. */
final class PoolSystem {
    enum Phase {
        /** It is being made ready. */
        PREPARING,
        /** It runs tests. */
        READY,
        /** It runs its last tests, then goes. */
        SPENT,
        /** It is of no use, and held so that it is not handed out again. */
        QUARANTINED,
        /** It is being reset or given back. */
        LEAVING
    }

    /**
     * What is known of a system when it joins.
     *
     * @param id a number that the schedule's caller knows it by
     * @param provisioner which provisioner it came from
     * @param name what people call it
     * @param host the machine behind it
     * @param labels what tests may ask for
     * @param slots how many tests it runs at once
     * @param expires when its reservation ends, or null
     */
    record Facts(
            int id,
            int provisioner,
            String name,
            String host,
            Map<String, String> labels,
            int slots,
            @Nullable Instant expires) {}

    final Facts facts;
    Phase phase = Phase.PREPARING;
    String whySpent = "";
    boolean preparationCancelled;
    /** Whether it has ever run a test. */
    boolean hasWorked;
    /** Whether a destructive test runs on it, which has the whole system. */
    boolean isTakenWhole;

    private final Deque<Integer> idle = new ArrayDeque<>();
    private final Map<Integer, PlannedTest> running = new HashMap<>();

    final HostRecord host;

    PoolSystem(Facts facts, HostRecord host) {
        this.facts = facts;
        this.host = host;
    }

    int id() {
        return facts.id();
    }

    void ready() {
        phase = Phase.READY;
        for (int slot = 1; slot <= facts.slots(); slot++) {
            idle.add(slot);
        }
    }

    boolean hasIdleSlot() {
        return phase == Phase.READY && !idle.isEmpty() && !isTakenWhole;
    }

    int idleSlots() {
        return hasIdleSlot() ? idle.size() : 0;
    }

    boolean isIdle() {
        return running.isEmpty();
    }

    int runningNow() {
        return running.size();
    }

    PlannedTest runs(int slot) {
        PlannedTest test = running.get(slot);
        if (test == null) {
            throw new IllegalStateException("nothing runs on slot " + slot + " of system " + id());
        }
        return test;
    }

    int start(PlannedTest test) {
        int slot = idle.remove();
        hasWorked = true;
        isTakenWhole = test.facts.destructive();
        running.put(slot, test);
        return slot;
    }

    PlannedTest finish(int slot) {
        PlannedTest test = runs(slot);
        running.remove(slot);
        idle.add(slot);
        isTakenWhole = false;
        return test;
    }

    boolean meets(Set<Need> needs) {
        for (Need need : needs) {
            if (!need.isMetBy(facts.labels())) {
                return false;
            }
        }
        return true;
    }

    /** {@return whether a test that starts now has ended for certain when the reservation does} */
    boolean outlives(PlannedTest test, Instant now) {
        Duration limit = test.facts.limit();
        return facts.expires() == null
                || now.isBefore(facts.expires())
                        && (limit == null || !now.plus(limit).isAfter(facts.expires()));
    }

    /** {@return whether a test can have its system for itself, if it wants that} */
    boolean isWholeFor(PlannedTest test) {
        return !test.facts.destructive() || isIdle();
    }
}
