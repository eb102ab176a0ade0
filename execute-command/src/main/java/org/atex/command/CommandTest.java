package org.atex.command;

import java.time.Duration;
import java.util.function.UnaryOperator;
import org.atex.api.Command;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.atex.api.TestSource;
import org.jspecify.annotations.Nullable;

/**
 * A test that runs a command. Immutable; each {@code with} method returns a changed copy.
 *
 * @param plan the properties of the test for the scheduler
 * @param command the command; its standard output and standard error are written to a file of the artifacts, which
 *     overrides the output specified by the command
 */
public record CommandTest(PlainTest plan, Command command) implements TestCase {
    /**
     * {@return a test with default properties}
     *
     * @param name the name of the test
     * @param command the command
     */
    public static CommandTest of(String name, Command command) {
        return new CommandTest(TestCase.named(name), command);
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

    /**
     * {@return this test with other properties for the scheduler}
     *
     * @param change makes the new properties from the present ones, for example {@code plan -> plan.withGroup("net")}
     */
    public CommandTest withPlan(UnaryOperator<PlainTest> change) {
        return new CommandTest(change.apply(plan), command);
    }

    /**
     * {@return this test with another priority}
     *
     * @param value the priority; tests with a higher one start earlier
     */
    public CommandTest withPriority(int value) {
        return new CommandTest(plan.withPriority(value), command);
    }

    /**
     * {@return this test with an additional lock}
     *
     * @param lock a lock that the test holds while it runs
     */
    public CommandTest withLock(TestLock lock) {
        return new CommandTest(plan.withLock(lock), command);
    }

    /**
     * {@return this test with an additional need}
     *
     * @param need a property that the system of the test must have
     */
    public CommandTest withNeed(Need need) {
        return new CommandTest(plan.withNeed(need), command);
    }

    /**
     * {@return this test with an expected duration}
     *
     * @param duration the expected duration
     */
    public CommandTest withExpected(Duration duration) {
        return new CommandTest(plan.withExpected(duration), command);
    }

    /**
     * {@return this test with a time limit}
     *
     * @param duration the maximum duration of the command, after which it is ended
     */
    public CommandTest withLimit(Duration duration) {
        return new CommandTest(plan.withLimit(duration), command);
    }

    /**
     * {@return this test, marked as destructive or not}
     *
     * @param value true if the system must not run another test afterwards
     */
    public CommandTest withDestructive(boolean value) {
        return new CommandTest(plan.withDestructive(value), command);
    }

    /**
     * {@return this test with an additional tag}
     *
     * @param tag a tag, by which tests are selected
     */
    public CommandTest withTag(String tag) {
        return new CommandTest(plan.withTag(tag), command);
    }

    /**
     * {@return this test with another source location}
     *
     * @param place the file and line where the test is defined, or null if unknown
     */
    public CommandTest withSource(@Nullable TestSource place) {
        return new CommandTest(plan.withSource(place), command);
    }
}
