package org.atex.fmf;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;

/**
 * Receives the output of tests while they run. Implementations must be thread-safe, as several tests may run
 * concurrently.
 */
@FunctionalInterface
public interface LiveOutput {
    /**
     * Opens a stream for the output of a test.
     *
     * @param test the test that is about to start
     * @return a stream that is written to by a single thread as output arrives, and closed after the last byte; if it
     *     throws, or blocks for 10 seconds, it receives no more output, and the test continues
     * @throws IOException if the stream cannot be opened; the test runs without live output
     */
    OutputStream open(FmfTest test) throws IOException;

    /**
     * {@return a live output that prints whole lines, prefixed with the name of the test} Control characters are
     * replaced by question marks to protect the terminal, and commands to CI services are disarmed.
     *
     * @param to the stream to print to, usually {@code System.out}
     */
    static LiveOutput printingTo(PrintStream to) {
        return test -> new LinePrinter(test.name(), to);
    }
}
