package org.atex.command;

import java.io.IOException;
import java.nio.file.Path;
import org.atex.api.CommandEnd;
import org.atex.api.Status;

/** Decides how a test went whose command ended by itself. Called by any number of threads at once. */
@FunctionalInterface
public interface StatusRule {
    /**
     * {@return how it went}
     *
     * @param end how the command ended
     * @param output the file with all that it wrote
     * @throws IOException if the output cannot be read; the test then ends as an error
     */
    Status judge(CommandEnd end, Path output) throws IOException;

    /** {@return by its exit code: 0 is {@code pass}, all else {@code fail}; the default} */
    static StatusRule byExitCode() {
        return (end, output) -> end.succeeded() ? Status.PASS : Status.FAIL;
    }
}
