package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Capability;
import org.atex.api.TestLock;
import org.jspecify.annotations.Nullable;

/** The state of a system in the {@link Schedule}. Not thread-safe. */
final class PoolSystem {
    enum Phase {
        /** It is being prepared. */
        PREPARING,
        /** It runs tests. */
        READY,
        /** Its last tests are running; then it is reset or released. */
        SPENT,
        /** A person looks at it, after a test has failed on it. */
        HELD,
        /** Its host is in quarantine. The system is held, so that the provisioner does not hand it out again. */
        QUARANTINED,
        /** It is being reset or released. */
        LEAVING
    }

    /**
     * The properties of a system, read when it joins the pool.
     *
     * @param id its number in the run
     * @param provisioner the index of its provisioner
     * @param name its name in messages
     * @param host the machine behind it
     * @param labels the labels that tests may need
     * @param slots the number of tests that it runs at once
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
    Phase phase = Phase.PREPARING; // changed by enter()
    String whySpent = "";
    boolean preparationCancelled;
    /** The failed test for which it is held, or is to be held when no test runs on it any more; or null. */
    @Nullable
    PlannedTest heldFor;
    /** When it is released, while it is held. */
    Instant heldUntil = Instant.MAX;
    /** Whether a test has started on it. */
    boolean hasWorked;
    /** Whether no test has left it unusable. */
    boolean isUsable = true;

    private boolean closed;
    /** Whether the user's policy is choosing a test for a slot. */
    private boolean choosing;
    /** The gang for which a slot is kept, or null. */
    private @Nullable Gang keptFor;

    private boolean keptWhole;
    /** Whether it is being reset, and comes back. */
    private boolean renewing;
    /** The tests that have ended on it. */
    private final List<PlannedTest> previous = new ArrayList<>();
    /** Whether a destructive test runs on it, which occupies all slots. */
    private boolean isTakenWhole;
    /** The number of free slots that its kind knows of. */
    private int counted;

    /** The groups that are on this system. */
    private final Set<PlannedGroup> bonds = new HashSet<>();

    private final Deque<Integer> idle = new ArrayDeque<>();
    private final Map<Integer, PlannedTest> running = new HashMap<>();

    final HostRecord host;
    final SystemKind kind;
    /** When it joined the pool. */
    final Instant since;

    PoolSystem(Facts facts, HostRecord host, SystemKind kind, Instant since) {
        this.facts = facts;
        this.host = host;
        this.kind = kind;
        this.since = since;
        count();
    }

    /** {@return the number of slots that are free, or will be when it is prepared} */
    int freeSlots() {
        return phase == Phase.PREPARING ? facts.slots() : idleSlots();
    }

    /** Tells its kind the number of slots that are free or will be. */
    private void count() {
        int free = freeSlots();
        if (free != counted) {
            kind.addFree(free - counted);
            counted = free;
        }
    }

    /** {@return whether no other system has the same host, neither now nor later} */
    boolean isItsOwnHost() {
        return facts.host().equals(facts.name()) && !"no".equals(facts.labels().get(Capability.THROWAWAY));
    }

    int id() {
        return facts.id();
    }

    /** Changes the phase. */
    void enter(Phase next) {
        if ((phase == Phase.READY) != (next == Phase.READY)) {
            kind.addReady(next == Phase.READY ? facts.slots() : -facts.slots());
            // The tests of these groups that have not started use another system.
            for (PlannedGroup group : bonds) {
                group.system = null;
                group.lostSystem = true;
            }
            bonds.clear();
            keptFor = null;
        }
        phase = next;
        count();
    }

    /** Leaves the system to the serial groups that have begun on it. It is spent when none of their tests runs. */
    void close(String why) {
        closed = true;
        whySpent = why;
        count();
    }

    boolean isClosed() {
        return closed;
    }

    void ready() {
        enter(Phase.READY);
        for (int slot = 1; slot <= facts.slots(); slot++) {
            idle.add(slot);
        }
        count();
    }

    boolean hasIdleSlot() {
        return idleSlots() > 0;
    }

    boolean hasIdleSlotFor(Gang gang) {
        // A gang may take what is kept for a later one.
        boolean mayTake = keptFor != null && gang.test.compareTo(keptFor.test) <= 0;
        return mayTake ? isOpen() && !idle.isEmpty() : hasIdleSlot();
    }

    private boolean isOpen() {
        return isInUse() && !choosing && !isTakenWhole;
    }

    boolean isKeptForAnother(Gang gang) {
        return keptFor != null && !keptFor.equals(gang);
    }

    /** Keeps a slot for a gang, or all slots; null ends that. */
    void keepFor(@Nullable Gang gang, boolean whole) {
        keptFor = gang;
        keptWhole = whole;
        count();
    }

    void renew() {
        renewing = true;
        enter(Phase.LEAVING);
    }

    /** {@return whether it runs tests, and not only the rest of serial groups} */
    boolean isInUse() {
        return phase == Phase.READY && !closed;
    }

    /** {@return whether it runs tests, or will when it is prepared or reset} */
    boolean isOrWillBeInUse() {
        return isInUse() || phase == Phase.PREPARING || renewing && phase == Phase.LEAVING;
    }

    boolean isChoosing() {
        return choosing;
    }

    void setChoosing(boolean value) {
        choosing = value;
        count();
    }

    /** {@return the tests that have ended on it, in order} */
    List<PlannedTest> previous() {
        return List.copyOf(previous);
    }

    private int idleSlots() {
        int kept = keptFor == null ? 0 : keptWhole ? idle.size() : 1;
        return isOpen() ? Math.max(0, idle.size() - kept) : 0;
    }

    boolean isIdle() {
        return running.isEmpty();
    }

    /** {@return whether a group that must stay on it has more tests} */
    boolean isBound() {
        return bonds.stream().anyMatch(group -> group.unfinished > 0);
    }

    /** {@return whether a test runs whose serial group goes on after it} */
    boolean runsSerialGroup() {
        return running.values().stream().anyMatch(test -> test.next != null);
    }

    /** {@return whether no test runs on it that excludes these locks of the system} */
    boolean areFree(Set<TestLock> locks) {
        for (PlannedTest test : running.values()) {
            for (TestLock held : test.kind.demand().locks()) {
                if (locks.stream().anyMatch(held::excludes)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** {@return whether a test of the group runs on it} */
    boolean runs(PlannedGroup group) {
        return running.values().stream().anyMatch(test -> group.equals(test.group));
    }

    /** The tests of the group that have not started use another system. */
    void unbind(PlannedGroup group) {
        if (bonds.remove(group)) {
            group.system = null;
        }
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
        keptFor = test.isMember() && test.gang != null && test.gang.equals(keptFor) ? null : keptFor;
        hasWorked = true;
        isTakenWhole = test.kind.demand().destructive();
        running.put(slot, test);
        PlannedGroup bond = test.kind.demand().bond();
        if (bond != null && bonds.add(bond)) {
            bond.system = this;
        }
        count();
        return slot;
    }

    PlannedTest finish(int slot) {
        PlannedTest test = runs(slot);
        running.remove(slot);
        previous.add(test);
        idle.add(slot);
        isTakenWhole = false;
        count();
        return test;
    }

    /**
     * {@return whether a test that starts now must end before the reservation ends, as far as is known} Its expected
     * duration counts. Without one, its limit counts, which must fit into the reservation. When the system has run
     * tests, twice the longest duration of a test in this run counts, if that is shorter than the limit.
     *
     * @param longest the longest duration of a test so far, or null
     */
    boolean outlives(PlannedTest test, @Nullable Duration longest, Instant now) {
        Instant expires = facts.expires();
        if (expires == null) {
            return true;
        }
        Duration takes = test.facts.expected();
        if (takes == null) {
            takes = test.facts.limit();
            if (hasWorked
                    && longest != null
                    && (takes == null || !since.plus(takes).isAfter(expires))) {
                Duration usual = longest.multipliedBy(2);
                takes = takes == null || usual.compareTo(takes) < 0 ? usual : takes;
            }
        }
        return now.isBefore(expires) && (takes == null || !now.plus(takes).isAfter(expires));
    }

    /** {@return whether the test can start: a destructive test needs an idle system} */
    boolean isWholeFor(PlannedTest test) {
        return !test.kind.demand().destructive() || isIdle();
    }
}
