package org.atex.fmf;

import java.time.Duration;

/**
 * Options of detached tests, which continue when their connection is lost. The system keeps the output and the reports
 * of a test in spool files until they have been received. After a lost connection, the executor reconnects and
 * continues to read at the next byte. The price is a few more processes on the system, and disk writes for everything
 * the test writes. If the executor sends nothing for twice {@code reconnectWithin}, the system kills the test, and
 * its files are removed.
 *
 * <p>A test is lost if its system restarts without an announcement. The time limit of a test continues to run while its
 * connection is lost. Immutable.
 *
 * @param reconnectWithin the time limit for restoring a lost connection, at least 1 second
 * @param spoolBytes the maximum size of the spool on the system, at least 1 MiB; a test that writes more blocks until
 *     the spool is read
 */
public record DetachedOptions(Duration reconnectWithin, long spoolBytes) {
    private static final long MIN_SPOOL_BYTES = 1 << 20;

    /**
     * Validates the options.
     *
     * @throws IllegalArgumentException if a value is below its minimum
     */
    public DetachedOptions {
        if (reconnectWithin.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("reconnectWithin must be at least 1 second, but is " + reconnectWithin);
        }
        if (spoolBytes < MIN_SPOOL_BYTES) {
            throw new IllegalArgumentException(
                    "spoolBytes must be at least " + MIN_SPOOL_BYTES + " bytes, but is " + spoolBytes);
        }
    }

    /** {@return the default options: 3 minutes and 64 MiB} */
    public static DetachedOptions defaults() {
        return new DetachedOptions(Duration.ofMinutes(3), 64 << 20);
    }

    /**
     * {@return a copy with this time limit for restoring a lost connection}
     *
     * @param value the time limit, at least 1 second
     */
    public DetachedOptions withPickedUpWithin(Duration value) {
        return new DetachedOptions(value, spoolBytes);
    }

    /**
     * {@return a copy with this spool size}
     *
     * @param value the maximum size of the spool in bytes, at least 1 MiB
     */
    public DetachedOptions withSpoolBytes(long value) {
        return new DetachedOptions(reconnectWithin, value);
    }
}
