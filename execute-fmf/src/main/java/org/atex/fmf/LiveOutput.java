package org.atex.fmf;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;

/** Follows the output of tests while they run. Thread-safe: several tests may run at once. */
@FunctionalInterface
public interface LiveOutput {
    /**
     * Begins to follow a test.
     *
     * @param test the test that is about to run
     * @return gets its output as it arrives, in one thread, and is closed after the last of it; one that throws anything, or
     *     takes nothing for 10 seconds, gets no more, which does not hurt the test
     * @throws IOException if the test cannot be followed
     */
    OutputStream open(FmfTest test) throws IOException;

    /**
     * {@return a follower that prints whole lines, each behind the name of its test; control characters, which might do
     * anything to a terminal, are shown as question marks, and commands to CI services are disarmed}
     *
     * @param to where to print, usually the terminal
     */
    static LiveOutput linesTo(PrintStream to) {
        return test -> new LinePrinter(test.name(), to);
    }
}
