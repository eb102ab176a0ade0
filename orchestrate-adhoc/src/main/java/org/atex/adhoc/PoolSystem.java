package org.atex.adhoc;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.atex.api.Need;
import org.atex.api.TestCase;
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
        /** It is being reset or given back. */
        LEAVING
    }

    /**
     * What is known of a system when it joins.
     *
     * @param id a number that the schedule's caller knows it by
     * @param provisioner which provisioner it came from
     * @param labels what tests may ask for
     * @param slots how many tests it runs at once
     * @param expires when its reservation ends, or null
     */
    record Facts(
            int id,
            int provisioner,
            Map<String, String> labels,
            int slots,
            @Nullable Instant expires) {}

    final Facts facts;
    Phase phase = Phase.PREPARING;
    String whySpent = "";
    boolean preparationCancelled;
    /** Whether it has ever run a test. */
    boolean hasWorked;

    private final Deque<Integer> idle = new ArrayDeque<>();
    private final Map<Integer, PlannedTest> running = new HashMap<>();

    PoolSystem(Facts facts) {
        this.facts = facts;
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
        return phase == Phase.READY && !idle.isEmpty();
    }

    int idleSlots() {
        return phase == Phase.READY ? idle.size() : 0;
    }

    boolean isIdle() {
        return running.isEmpty();
    }

    int start(PlannedTest test) {
        int slot = idle.remove();
        hasWorked = true;
        running.put(slot, test);
        return slot;
    }

    PlannedTest finish(int slot) {
        PlannedTest test = running.remove(slot);
        if (test == null) {
            throw new IllegalStateException("nothing runs on slot " + slot + " of system " + id());
        }
        idle.add(slot);
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
    boolean outlives(TestCase test, Instant now) {
        return facts.expires() == null
                || test.limit() == null
                || !now.plus(test.limit()).isAfter(facts.expires());
    }
}
