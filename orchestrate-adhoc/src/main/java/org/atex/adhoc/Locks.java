package org.atex.adhoc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.TestLock;
import org.atex.api.TestLock.Mode;
import org.jspecify.annotations.Nullable;

/**
 * The locks held by running tests, and the queues of tests that want them. A test takes all its locks at once or none,
 * so that deadlocks are impossible. One queue at a time can claim its locks: then tests after its first one do not take
 * them any more. Not thread-safe.
 */
final class Locks {
    private static final class State {
        private final List<TestQueue> users = new ArrayList<>();
        private final Set<PlannedTest> holders = new LinkedHashSet<>();
        private boolean exclusive;
        private @Nullable Mode claimed;

        boolean isFree(Mode wanted) {
            return !exclusive && (holders.isEmpty() || wanted == Mode.SHARED);
        }

        boolean isClaimedFrom(Mode wanted) {
            return claimed != null && (claimed == Mode.EXCLUSIVE || wanted == Mode.EXCLUSIVE);
        }
    }

    /** The end of the names of gates, which no other lock has. */
    private static final String GATE = "\0";

    private final Map<String, State> states = new HashMap<>();
    private final Set<String> openGates = new HashSet<>();
    private @Nullable TestQueue claimant;
    private @Nullable PlannedTest claimedFor;

    /**
     * {@return a lock for all tests that use a fixture} The first test that takes it holds it alone, until the gate is
     * opened.
     */
    static TestLock gate(String fixture) {
        return TestLock.shared("the fixture " + fixture + GATE);
    }

    private boolean isClosedGate(TestLock lock) {
        return lock.name().endsWith(GATE) && !openGates.contains(lock.name());
    }

    /** Opens the gates of a test, whose fixtures are started. {@return the queues to which the change may matter} */
    Collection<TestQueue> openGates(PlannedTest test) {
        Set<TestLock> opened =
                test.kind.locks().stream().filter(this::isClosedGate).collect(Collectors.toSet());
        for (TestLock lock : opened) {
            openGates.add(lock.name());
            state(lock).exclusive = false;
        }
        return users(opened);
    }

    /** Adds a queue, which must be told of changes. */
    void register(TestQueue queue) {
        queue.kind.locks().forEach(lock -> state(lock).users.add(queue));
    }

    private State state(TestLock lock) {
        return states.computeIfAbsent(lock.name(), name -> new State());
    }

    /** {@return whether the first test of a queue can take its locks now} */
    boolean areFree(TestQueue queue) {
        TestQueue other = claimant();
        boolean first = other == null || other.equals(queue) || queue.compareTo(other) < 0;
        for (TestLock lock : queue.kind.locks()) {
            State state = state(lock);
            if (!state.isFree(lock.mode()) || !first && state.isClaimedFrom(lock.mode())) {
                return false;
            }
        }
        return true;
    }

    /** {@return the queues to which the change may matter} */
    Collection<TestQueue> take(PlannedTest test) {
        Set<TestLock> locks = test.kind.locks();
        for (TestLock lock : locks) {
            State state = state(lock);
            state.exclusive |= lock.mode() == Mode.EXCLUSIVE || isClosedGate(lock);
            state.holders.add(test);
        }
        return users(locks);
    }

    /** {@return the queues to which the change may matter} */
    Collection<TestQueue> giveBack(PlannedTest test) {
        Set<TestLock> locks = test.kind.locks();
        for (TestLock lock : locks) {
            State state = state(lock);
            state.exclusive = false; // a test that holds it exclusively is the only one
            state.holders.remove(test);
        }
        return users(locks);
    }

    /** {@return why the first test of a queue cannot take its locks, for people} */
    String whyNotFree(TestQueue queue) {
        for (TestLock lock : queue.kind.locks()) {
            State state = state(lock);
            if (!state.isFree(lock.mode())) {
                int more = state.holders.size() - 1;
                if (lock.name().endsWith(GATE)) {
                    return "for " + lock.name().replace(GATE, "") + ", which is being started for "
                            + state.holders.iterator().next().name();
                }
                return "for the lock " + lock.name() + ", which "
                        + state.holders.iterator().next().unit().name()
                        + (more > 0 ? " and " + more + " more hold" : " holds");
            }
        }
        TestQueue other = claimant();
        return "for locks that "
                + (other == null ? "another test" : other.first().unit().name()) + " takes first";
    }

    /** {@return the queue that claims its locks, or null; the claim ends when the test has started} */
    @Nullable
    TestQueue claimant() {
        return claimant != null && Objects.equals(claimant.peek(), claimedFor) ? claimant : null;
    }

    /** {@return whether a queue has claimed its locks, but for a test that does not wait any more} */
    boolean hasStaleClaim() {
        return claimant != null && claimant() == null;
    }

    /**
     * Replaces the queue that claims its locks. {@return the queues to which the change may matter}
     *
     * @param queue the queue, or null for none
     */
    Collection<TestQueue> claim(@Nullable TestQueue queue) {
        List<TestQueue> changed = new ArrayList<>();
        if (claimant != null) {
            for (TestLock lock : claimant.kind.locks()) {
                state(lock).claimed = null;
            }
            changed.addAll(users(claimant.kind.locks()));
        }
        claimant = queue;
        claimedFor = queue == null ? null : queue.peek();
        if (queue != null) {
            for (TestLock lock : queue.kind.locks()) {
                state(lock).claimed = lock.mode();
            }
            changed.addAll(users(queue.kind.locks()));
        }
        return changed;
    }

    private Collection<TestQueue> users(Set<TestLock> locks) {
        if (locks.size() == 1) {
            return List.copyOf(state(locks.iterator().next()).users);
        }
        List<TestQueue> users = new ArrayList<>();
        locks.forEach(lock -> users.addAll(state(lock).users));
        return users;
    }
}
