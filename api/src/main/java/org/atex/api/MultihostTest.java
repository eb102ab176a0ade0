package org.atex.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A test that runs on several systems at once. Each of its {@linkplain Role roles} has a test, which the executor runs on
 * each system of the role. All start at the same time, when a system is available for each of them, and the systems are
 * free again when all have ended.
 *
 * {@snippet :
 * TestCase test = MultihostTest.named("/replication")
 *         .withRole("server", serverTest)
 *         .withRole("client", 2, clientTest);
 * }
 *
 * <p>The test passes if all of its parts pass. By default, the first part that does not pass ends the others, which are
 * {@linkplain Outcome#CANCELLED cancelled}. There is one record of each attempt; its parts are named after the systems:
 * {@code server}, {@code client-1}, {@code client-2}. The tests of the roles receive the names and addresses of all
 * systems, see {@link Topology}.
 *
 * <p>The needs and locks of the plan are added to those of each role. Locks of the run are held once, by the test as a
 * whole.
 *
 * <p>Thread safety: immutable; each {@code with…} method returns a changed copy.
 *
 * @param plan the properties of the test for the scheduler
 * @param roles its roles, in the order in which they were added
 * @param oneFailureEndsAll whether the first part that does not pass ends the others
 * @param order the checkpoints that the parts pass in this order, such as {@code server:ready}
 */
public record MultihostTest(PlainTest plan, List<Role> roles, boolean oneFailureEndsAll, List<String> order)
        implements TestCase {
    /**
     * Copies the roles and the order.
     *
     * @throws IllegalArgumentException if two systems would have the same name, or two roles the same variable, or a
     *     checkpoint is one of no system
     */
    public MultihostTest {
        roles = List.copyOf(roles);
        order = List.copyOf(order);
        Set<String> guests = new HashSet<>();
        Set<String> names = new HashSet<>();
        for (Role role : roles) {
            boolean unique = names.add(Topology.variable(role.name()));
            for (String guest : role.guests()) {
                unique &= guests.add(guest);
            }
            if (!unique) {
                throw new IllegalArgumentException("the role " + role.name() + " of the test " + plan.name()
                        + " has a name that another role or one of its systems has, too; the systems are named "
                        + role.guests() + ", and the variable of the role " + Topology.variable(role.name()));
            }
        }
        for (String point : order) {
            int colon = point.indexOf(':');
            if (colon < 0 || colon == point.length() - 1 || !guests.contains(point.substring(0, colon))) {
                throw new IllegalArgumentException("the test " + plan.name() + " cannot have '" + point
                        + "' in its order: write the name of a system, a colon and the name of a checkpoint; the"
                        + " systems are named "
                        + roles.stream().flatMap(role -> role.guests().stream()).toList());
            }
        }
    }

    /**
     * {@return a test without roles, which {@code withRole} adds}
     *
     * @param name the name, unique within a run
     * @throws IllegalArgumentException if the name is empty
     */
    public static MultihostTest named(String name) {
        return new MultihostTest(TestCase.named(name), List.of(), true, List.of());
    }

    /**
     * {@return a copy of this test with one more role, which one system has}
     *
     * @param name the name of the role
     * @param test the test that runs on the system
     * @throws IllegalArgumentException if the name is invalid, or another system has it
     */
    public MultihostTest withRole(String name, TestCase test) {
        return withRole(name, 1, test);
    }

    /**
     * {@return a copy of this test with one more role}
     *
     * @param name the name of the role
     * @param count the number of systems
     * @param test the test that runs on each of them
     * @throws IllegalArgumentException if the name is invalid, another system has it, or the count is less than 1
     */
    public MultihostTest withRole(String name, int count, TestCase test) {
        List<Role> more = new ArrayList<>(roles);
        more.add(new Role(name, count, test));
        return new MultihostTest(plan, more, oneFailureEndsAll, order);
    }

    /**
     * {@return a copy of this test with another rule for the other systems when a part does not pass}
     *
     * @param value true if they are ended, false if they go on
     */
    public MultihostTest withOneFailureEndsAll(boolean value) {
        return new MultihostTest(plan, roles, value, order);
    }

    /**
     * {@return a copy of this test with other properties for the scheduler}
     *
     * @param change makes the new properties from the present ones, for example {@code plan -> plan.withPriority(1)}
     */
    public MultihostTest withPlan(UnaryOperator<PlainTest> change) {
        return new MultihostTest(change.apply(plan), roles, oneFailureEndsAll, order);
    }

    /**
     * {@return a copy of this test whose parts pass checkpoints in a certain order} A part that reaches its next
     * checkpoint of the order waits there for its turn. It then goes on alone: the next checkpoint of the order is
     * passed when all parts in the order wait, at a checkpoint or for another part, or have ended.
     *
     * @param points the checkpoints, each with the name of its system, such as {@code server:ready} and
     *     {@code client-1:connected}; the roles must have been added before
     * @throws IllegalArgumentException if a system does not exist, or a checkpoint has no name
     * @see Rendezvous#checkpoint
     */
    public MultihostTest withOrder(String... points) {
        return new MultihostTest(plan, roles, oneFailureEndsAll, List.of(points));
    }

    @Override
    public String name() {
        return plan.name();
    }

    /** {@return the properties of the test for the scheduler} */
    @Override
    public PlainTest wrapped() {
        return plan;
    }

    /** {@return the limit of the plan; without one, the longest limit of its roles, or null if one of them has none} */
    @Override
    public @Nullable Duration limit() {
        if (plan.limit() != null) {
            return plan.limit();
        }
        return longest(TestCase::limit);
    }

    /**
     * {@return the expected duration of the plan; without one, the longest of its roles, or null if one of them has none}
     */
    @Override
    public @Nullable Duration expected() {
        return plan.expected() != null ? plan.expected() : longest(TestCase::expected);
    }

    private @Nullable Duration longest(Function<TestCase, @Nullable Duration> property) {
        Duration longest = null;
        for (Role role : roles) {
            Duration duration = property.apply(role.test());
            if (duration == null) {
                return null;
            }
            longest = longest == null || duration.compareTo(longest) > 0 ? duration : longest;
        }
        return longest;
    }

    /** {@return whether the plan or the test of a role is destructive; all systems are replaced after it then} */
    @Override
    public boolean destructive() {
        return plan.destructive() || roles.stream().anyMatch(role -> role.test().destructive());
    }

    /** {@return the names of its systems, in the order of its roles} */
    public List<String> guests() {
        return roles.stream().flatMap(role -> role.guests().stream()).toList();
    }
}
