package org.atex.command;

import java.time.Duration;
import java.util.Set;
import org.atex.api.Command;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.atex.api.TestSource;
import org.jspecify.annotations.Nullable;

/**
 * A test that is a command. Immutable: each {@code with…} method gives a changed copy.
 *
 * @param plan what a scheduler may know of it
 * @param command what to run; its output and errors go to a file, wherever it says they should
 */
public record CommandTest(PlainTest plan, Command command) implements TestCase {
    /**
     * {@return a test that is a command, and nothing else}
     *
     * @param name what it is called
     * @param command what to run
     */
    public static CommandTest of(String name, Command command) {
        return new CommandTest(TestCase.named(name), command);
    }

    @Override
    public String name() {
        return plan.name();
    }

    @Override
    public int priority() {
        return plan.priority();
    }

    @Override
    public Set<TestLock> locks() {
        return plan.locks();
    }

    @Override
    public Set<Need> needs() {
        return plan.needs();
    }

    @Override
    public @Nullable Duration expected() {
        return plan.expected();
    }

    @Override
    public @Nullable Duration limit() {
        return plan.limit();
    }

    @Override
    public boolean destructive() {
        return plan.destructive();
    }

    @Override
    public Set<String> tags() {
        return plan.tags();
    }

    @Override
    public @Nullable TestSource source() {
        return plan.source();
    }

    /**
     * {@return this test with another priority}
     *
     * @param value higher goes sooner
     */
    public CommandTest withPriority(int value) {
        return new CommandTest(plan.withPriority(value), command);
    }

    /**
     * {@return this test with one more lock}
     *
     * @param lock what it holds while it runs
     */
    public CommandTest withLock(TestLock lock) {
        return new CommandTest(plan.withLock(lock), command);
    }

    /**
     * {@return this test with one more need}
     *
     * @param need what it needs of its system
     */
    public CommandTest withNeed(Need need) {
        return new CommandTest(plan.withNeed(need), command);
    }

    /**
     * {@return this test with an expected duration}
     *
     * @param duration how long it is expected to take
     */
    public CommandTest withExpected(Duration duration) {
        return new CommandTest(plan.withExpected(duration), command);
    }

    /**
     * {@return this test with a time limit}
     *
     * @param duration how long it may take
     */
    public CommandTest withLimit(Duration duration) {
        return new CommandTest(plan.withLimit(duration), command);
    }

    /**
     * {@return this test, marked as destructive or not}
     *
     * @param value whether its system must not run another test after it
     */
    public CommandTest withDestructive(boolean value) {
        return new CommandTest(plan.withDestructive(value), command);
    }

    /**
     * {@return this test with one more tag}
     *
     * @param tag a word by which people choose it
     */
    public CommandTest withTag(String tag) {
        return new CommandTest(plan.withTag(tag), command);
    }

    /**
     * {@return this test with the place where it is written}
     *
     * @param place a file, and a line if it is known; null if nothing says so
     */
    public CommandTest withSource(@Nullable TestSource place) {
        return new CommandTest(plan.withSource(place), command);
    }
}
