package org.atex.command;

import java.io.IOException;
import java.nio.file.Path;
import org.atex.api.CommandEnd;
import org.atex.api.Status;

/**
 * Decides the status of a test. Called if the command ended by itself, not by a time limit, an interrupt or a lost
 * connection. Must be thread-safe: it is called for several tests at once.
 */
@FunctionalInterface
public interface StatusRule {
    /**
     * {@return the status of the test}
     *
     * @param end the end of the command, with its exit code or signal
     * @param output the file with the standard output and the standard error of the command
     * @throws IOException if the output cannot be read; the test then ends with the outcome {@code ERROR}
     */
    Status judge(CommandEnd end, Path output) throws IOException;

    /** {@return the default rule: {@code pass} for exit code 0, else {@code fail}} */
    static StatusRule byExitCode() {
        return (end, output) -> end.succeeded() ? Status.PASS : Status.FAIL;
    }
}
