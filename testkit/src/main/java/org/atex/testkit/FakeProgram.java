package org.atex.testkit;

import java.nio.charset.StandardCharsets;
import org.atex.api.CommandEnd;

/**
 * The behaviour of a command on a {@link FakeConnection}. Implementations must be thread-safe, because commands run in
 * parallel.
 */
@FunctionalInterface
public interface FakeProgram {
    /**
     * Runs a process to its end, in a thread of its own. An interrupt of that thread kills the process.
     *
     * @param process the process
     * @return how the process ended
     * @throws Exception if the process is killed or its streams fail; it then ends with the signal {@code KILL} or with
     *     exit code 1
     */
    CommandEnd run(FakeProcess process) throws Exception;

    /**
     * {@return a program that prints a text and exits}
     *
     * @param text the text on standard output
     * @param code the exit code
     */
    static FakeProgram saying(String text, int code) {
        return process -> {
            process.stdout().write(text.getBytes(StandardCharsets.UTF_8));
            return new CommandEnd.Exited(code);
        };
    }
}
