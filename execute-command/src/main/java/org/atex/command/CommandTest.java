package org.atex.command;

import java.time.Duration;
import java.util.Set;
import org.atex.api.Command;
import org.atex.api.Lock;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;

/**
 * A test that is a command. Immutable.
 *
 * @param about what a scheduler may know of it
 * @param command what is run
 */
public record CommandTest(PlainTest about, Command command) implements TestCase {
    /**
     * {@return a test that runs a program}
     *
     * @param name what the test is called
     * @param arguments the program and its arguments
     */
    public static CommandTest of(String name, String... arguments) {
        return new CommandTest(TestCase.named(name), Command.of(arguments));
    }

    /**
     * {@return a test that has bash run a script}
     *
     * @param name what the test is called
     * @param script the text of the script
     */
    public static CommandTest bash(String name, String script) {
        return new CommandTest(TestCase.named(name), Command.bash(script));
    }

    /**
     * {@return this test with a time limit}
     *
     * @param limit how long it may take
     */
    public CommandTest withLimit(Duration limit) {
        return new CommandTest(about.withLimit(limit), command);
    }

    @Override
    public String name() {
        return about.name();
    }

    @Override
    public int priority() {
        return about.priority();
    }

    @Override
    public Set<Lock> locks() {
        return about.locks();
    }

    @Override
    public Set<Need> needs() {
        return about.needs();
    }

    @Override
    public @Nullable Duration expected() {
        return about.expected();
    }

    @Override
    public @Nullable Duration limit() {
        return about.limit();
    }

    @Override
    public boolean destructive() {
        return about.destructive();
    }

    @Override
    public Set<String> tags() {
        return about.tags();
    }
}
