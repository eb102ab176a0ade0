package org.atex.testkit;

import java.nio.charset.StandardCharsets;
import org.atex.api.CommandEnd;

/** What a command does on a {@link FakeConnection}, instead of running. Called by any number of threads. */
@FunctionalInterface
public interface FakeProgram {
    /**
     * Runs to its end on a thread of its own, which is interrupted to kill it.
     *
     * @param process what it gets, and what it may do
     * @return how it ends
     * @throws Exception if it is killed, or its streams are gone: it ends with the signal {@code KILL}, or exit code 1
     */
    CommandEnd run(FakeProcess process) throws Exception;

    /**
     * {@return a program that says something and exits}
     *
     * @param text what it says on its output
     * @param code its exit code
     */
    static FakeProgram saying(String text, int code) {
        return process -> {
            process.stdout().write(text.getBytes(StandardCharsets.UTF_8));
            return new CommandEnd.Exited(code);
        };
    }
}
