package org.atex.adhoc;

import java.util.OptionalInt;
import java.util.function.Consumer;
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
        SKIP,
        /** All tests of the group run again on another system, from the first one on; up to three times. */
        RESTART
    }

    private final String name;
    private final boolean serial;
    private final boolean alone;
    private final boolean oneSystem;
    private final OptionalInt priority;
    private final Rest afterFailure;
    private final Rest afterLoss;

    private TestGroup(Draft draft) {
        name = draft.name;
        serial = draft.serial;
        alone = draft.alone;
        oneSystem = draft.oneSystem;
        priority = draft.priority;
        afterFailure = draft.afterFailure;
        afterLoss = draft.afterLoss;
    }

    /**
     * {@return a group whose tests run at the same time as any others}
     *
     * @param name the name of the group
     */
    public static TestGroup free(String name) {
        return new TestGroup(new Draft(name));
    }

    /**
     * {@return a group whose tests run one directly after the other on the same slot of one system} Each test has the
     * needs and holds the locks of all of them.
     *
     * @param name the name of the group
     */
    public static TestGroup serial(String name) {
        Draft draft = new Draft(name);
        draft.serial = true;
        draft.oneSystem = true;
        draft.afterLoss = Rest.SKIP;
        return new TestGroup(draft);
    }

    /** {@return this group, whose tests run at the same time as each other only} */
    public TestGroup alone() {
        return with(draft -> draft.alone = true);
    }

    /**
     * {@return this group, whose tests all run on one system} When the system is lost or replaced, those that have not
     * run use another one.
     */
    public TestGroup onOneSystem() {
        return with(draft -> draft.oneSystem = true);
    }

    /**
     * {@return this group, which competes with other tests by this priority} The priorities of its tests only order
     * them among themselves.
     *
     * @param priority the priority; groups and tests with a higher number start earlier
     */
    public TestGroup withPriority(int priority) {
        return with(draft -> draft.priority = OptionalInt.of(priority));
    }

    /**
     * {@return this group with a rule for the rest of it when a test did not pass and is not run again}
     *
     * @param rest whether the remaining tests run; default: {@link Rest#CONTINUE}. The tests are skipped otherwise.
     * @throws IllegalStateException if the group is not serial
     * @throws IllegalArgumentException if it is {@link Rest#RESTART}, which is a rule for lost systems
     */
    public TestGroup afterFailure(Rest rest) {
        requireSerial("afterFailure");
        if (rest == Rest.RESTART) {
            throw new IllegalArgumentException("RESTART is a rule of afterLoss; failed tests run again by reruns(…)");
        }
        return with(draft -> draft.afterFailure = rest);
    }

    /**
     * {@return this group with a rule for the rest of it when its system was lost or spent}
     *
     * @param rest whether the remaining tests run on another system, or all of them; default: {@link Rest#SKIP}, as they
     *     probably rely on what the previous tests left. Their outcome is then {@code NOT_RUN}. With {@link
     *     Rest#RESTART}, the results of the group are stored when it has ended.
     * @throws IllegalStateException if the group is not serial
     */
    public TestGroup afterLoss(Rest rest) {
        requireSerial("afterLoss");
        return with(draft -> draft.afterLoss = rest);
    }

    private void requireSerial(String what) {
        if (!serial) {
            throw new IllegalStateException(
                    what + " is a rule of serial groups, but the group " + name + " is free: use TestGroup.serial");
        }
    }

    private TestGroup with(Consumer<Draft> change) {
        Draft draft = new Draft(name);
        draft.serial = serial;
        draft.alone = alone;
        draft.oneSystem = oneSystem;
        draft.priority = priority;
        draft.afterFailure = afterFailure;
        draft.afterLoss = afterLoss;
        change.accept(draft);
        return new TestGroup(draft);
    }

    /** {@return the name of the group} */
    public String name() {
        return name;
    }

    boolean isSerial() {
        return serial;
    }

    boolean isAlone() {
        return alone;
    }

    boolean isOnOneSystem() {
        return oneSystem;
    }

    OptionalInt priority() {
        return priority;
    }

    Rest afterFailure() {
        return afterFailure;
    }

    Rest afterLoss() {
        return afterLoss;
    }

    @Override
    public String toString() {
        return name;
    }

    /** The mutable rules of a group; at first those of a free one. */
    private static final class Draft {
        private final String name;
        private boolean serial;
        private boolean alone;
        private boolean oneSystem;
        private OptionalInt priority = OptionalInt.empty();
        private Rest afterFailure = Rest.CONTINUE;
        private Rest afterLoss = Rest.CONTINUE;

        private Draft(String name) {
            this.name = name;
        }
    }
}
