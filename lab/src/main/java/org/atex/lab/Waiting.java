package org.atex.lab;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for systems that do not report when they answer, by polling. */
final class Waiting {
    private static final Duration PAUSE = Duration.ofMillis(50);

    private Waiting() {}

    /** A condition that is polled. */
    interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    /**
     * Waits for a condition.
     *
     * @param what the condition, for the message
     * @param timeout the longest wait
     * @param condition the condition
     * @throws IOException if it does not hold in time, or cannot be read
     * @throws InterruptedException if interrupted
     */
    static void await(String what, Duration timeout, Condition condition) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new IOException("timed out after " + timeout.toSeconds() + " s while waiting until " + what);
            }
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting until " + what);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
