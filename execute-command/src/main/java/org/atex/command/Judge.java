package org.atex.command;

import java.io.IOException;
import java.nio.file.Path;
import org.atex.api.Status;

/** Decides what a command that has ended means. Thread-safe. */
@FunctionalInterface
public interface Judge {
    /**
     * {@return the status of the test; {@code pass} for exit code 0 and {@code fail} for others, unless it is replaced}
     *
     * @param exitCode how the command ended, as a shell would say it: 128 and its number for a signal
     * @param output the file with everything that it wrote, not to be changed
     * @throws IOException if the output cannot be read
     */
    Status judge(int exitCode, Path output) throws IOException;

    /** {@return one that looks at the exit code only} */
    static Judge byExitCode() {
        return (exitCode, unused) -> exitCode == 0 ? Status.PASS : Status.FAIL;
    }
}
