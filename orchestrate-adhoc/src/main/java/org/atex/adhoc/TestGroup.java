package org.atex.adhoc;

import java.util.OptionalInt;
import org.atex.api.TestCase;

/**
 * Rules for the tests of a group. A test belongs to the group with the name that its {@link TestCase#group()} returns;
 * a group without rules serves for reports only.
 *
 * {@snippet :
 * AdHocOrchestrator.builder(tests)
 *         .group(TestGroup.serial("upgrade").afterFailure(TestGroup.Rest.SKIP))
 *         .group(TestGroup.free("network").alone().withPriority(10));
 * }
 *
 * <p>Immutable; each {@code with…} method and the like returns a changed copy.
 */
public final class TestGroup {
    /** What happens to the remaining tests of a serial group after an event. */
    public enum Rest {
        /** They run. */
        CONTINUE,
        /** They do not run. */
        SKIP
    }

    private record Rules(
            boolean serial,
            boolean alone,
            boolean oneSystem,
            OptionalInt priority,
            Rest afterFailure,
            Rest afterLoss) {}

    private final String name;
    private final Rules rules;

    private TestGroup(String name, Rules rules) {
        this.name = name;
        this.rules = rules;
    }

    /**
     * {@return a group whose tests run at the same time as any others}
     *
     * @param name the name of the group
     */
    public static TestGroup free(String name) {
        return new TestGroup(name, new Rules(false, false, false, OptionalInt.empty(), Rest.CONTINUE, Rest.CONTINUE));
    }

    /**
     * {@return a group whose tests run one directly after the other on the same slot of one system} Each test has the
     * needs and holds the locks of all of them.
     *
     * @param name the name of the group
     */
    public static TestGroup serial(String name) {
        return new TestGroup(name, new Rules(true, false, true, OptionalInt.empty(), Rest.CONTINUE, Rest.SKIP));
    }

    /** {@return this group, whose tests run at the same time as each other only} */
    public TestGroup alone() {
        return with(
                new Rules(rules.serial, true, rules.oneSystem, rules.priority, rules.afterFailure, rules.afterLoss));
    }

    /**
     * {@return this group, whose tests all run on one system} When the system is lost or replaced, those that have not
     * run use another one.
     */
    public TestGroup onOneSystem() {
        return with(new Rules(rules.serial, rules.alone, true, rules.priority, rules.afterFailure, rules.afterLoss));
    }

    /**
     * {@return this group, which competes with other tests by this priority} The priorities of its tests only order
     * them among themselves.
     *
     * @param priority the priority; groups and tests with a higher number start earlier
     */
    public TestGroup withPriority(int priority) {
        return with(new Rules(
                rules.serial,
                rules.alone,
                rules.oneSystem,
                OptionalInt.of(priority),
                rules.afterFailure,
                rules.afterLoss));
    }

    /**
     * {@return this group with a rule for the rest of it when a test did not pass and is not run again}
     *
     * @param rest whether the remaining tests run; default: {@link Rest#CONTINUE}. The tests are skipped otherwise.
     * @throws IllegalStateException if the group is not serial
     */
    public TestGroup afterFailure(Rest rest) {
        requireSerial("afterFailure");
        return with(new Rules(true, rules.alone, rules.oneSystem, rules.priority, rest, rules.afterLoss));
    }

    /**
     * {@return this group with a rule for the rest of it when its system was lost or spent}
     *
     * @param rest whether the remaining tests run on another system; default: {@link Rest#SKIP}, as they probably rely
     *     on what the previous tests left. Their outcome is then {@code NOT_RUN}.
     * @throws IllegalStateException if the group is not serial
     */
    public TestGroup afterLoss(Rest rest) {
        requireSerial("afterLoss");
        return with(new Rules(true, rules.alone, rules.oneSystem, rules.priority, rules.afterFailure, rest));
    }

    private void requireSerial(String what) {
        if (!rules.serial) {
            throw new IllegalStateException(
                    what + " is a rule of serial groups, but the group " + name + " is free: use TestGroup.serial");
        }
    }

    private TestGroup with(Rules changed) {
        return new TestGroup(name, changed);
    }

    /** {@return the name of the group} */
    public String name() {
        return name;
    }

    boolean isSerial() {
        return rules.serial;
    }

    boolean isAlone() {
        return rules.alone;
    }

    boolean isOnOneSystem() {
        return rules.oneSystem;
    }

    OptionalInt priority() {
        return rules.priority;
    }

    Rest afterFailure() {
        return rules.afterFailure;
    }

    Rest afterLoss() {
        return rules.afterLoss;
    }

    @Override
    public String toString() {
        return name;
    }
}
