package org.atex.fmf;

import java.time.Duration;

/**
 * How tests outlive their connections. What a test writes is kept on its system until it has arrived here; when the
 * connection is lost, it is made anew and the test picked up where it was, byte for byte. That costs each test a few
 * processes more on its system, and everything it writes goes through a file there. A test of whose runner nothing is
 * heard is ended by its system, and removed with everything that was there for it.
 *
 * <p>Only the connection may go: a system that was restarted meanwhile is lost, unless the test announced it. While a
 * connection is lost, the test's time runs on.
 *
 * @param pickedUpWithin how long a lost connection may take to come back, from 1 second on; the system itself waits
 *     twice as long for a word before it ends the test
 * @param spoolBytes how much of what a test writes the system keeps at the most, from 1 MiB on; a test that writes more
 *     waits until somebody reads
 */
public record DetachedOptions(Duration pickedUpWithin, long spoolBytes) {
    private static final long LEAST = 1 << 20;

    /** Checks what it is given. */
    public DetachedOptions {
        if (pickedUpWithin.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException(
                    "a lost connection needs a second at least to come back: " + pickedUpWithin + " is less");
        }
        if (spoolBytes < LEAST) {
            throw new IllegalArgumentException("too little for a spool: " + spoolBytes + " bytes (give at least "
                    + LEAST + ", which is spread over several files)");
        }
    }

    /** {@return 3 minutes, and 64 MiB} */
    public static DetachedOptions defaults() {
        return new DetachedOptions(Duration.ofMinutes(3), 64 << 20);
    }

    /**
     * {@return the same with another time}
     *
     * @param value how long a lost connection may take to come back
     */
    public DetachedOptions withPickedUpWithin(Duration value) {
        return new DetachedOptions(value, spoolBytes);
    }

    /**
     * {@return the same with another spool}
     *
     * @param value how much of what a test writes the system keeps at the most
     */
    public DetachedOptions withSpoolBytes(long value) {
        return new DetachedOptions(pickedUpWithin, value);
    }
}
