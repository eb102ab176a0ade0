package org.atex.adhoc;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.jspecify.annotations.Nullable;

/** A group of the run: its rules, and its state during the run. Confined to the {@link Schedule}. */
final class PlannedGroup {
    final TestGroup rules;
    /** The needs of all members, if they run on one system. */
    final Set<Need> needs;
    /** The locks of all members, if they run one after the other. */
    final Set<TestLock> locks;
    /** Whether the members need all slots of a system: one of them is destructive. */
    final boolean whole;

    /** The system of a group that is on one system, or null if none is chosen. */
    @Nullable
    PoolSystem system;
    /** The number of its tests without a final outcome. */
    int unfinished;
    /** Whether a test has ended since the schedule last looked whether all have; if it may start again. */
    boolean changed;
    /** How often it was started again. */
    int restarts;
    /** Whether its system was spent or lost since the schedule last looked. */
    boolean lostSystem;

    /** The end of the members that do not run because of an earlier one; null if they run. */
    @Nullable
    TestEnd endOfRest;

    PlannedGroup(TestGroup rules, List<PlainTest> members) {
        this.rules = rules;
        unfinished = members.size();
        needs = members.stream().flatMap(test -> test.needs().stream()).collect(Collectors.toUnmodifiableSet());
        locks = members.stream().flatMap(test -> test.locks().stream()).collect(Collectors.toUnmodifiableSet());
        whole = members.stream().anyMatch(PlainTest::destructive);
    }

    /** {@return whether it starts again when its system is lost} */
    boolean restarts() {
        return rules.afterLoss() == TestGroup.Rest.RESTART;
    }

    String name() {
        return rules.name();
    }

    /**
     * {@return what makes the rules impossible to follow, or an empty string}
     *
     * @param members the members, in order
     */
    String contradiction(List<PlainTest> members) {
        if (rules.isOnOneSystem()) {
            Map<String, Need> byLabel = new HashMap<>();
            for (Need need : needs) {
                Need other = byLabel.putIfAbsent(need.label(), need);
                if (other != null && other.excludes(need)) {
                    return "its tests need " + other + " and " + need + ", but must run on one system";
                }
            }
        }
        if (rules.isSerial()) {
            for (PlainTest test : members.subList(0, Math.max(0, members.size() - 1))) {
                if (test.destructive()) {
                    return test.name() + " is destructive, but other tests of the serial group run after it";
                }
            }
        }
        return "";
    }
}
