package org.atex.artifacts;

import java.time.Duration;

/**
 * Which runs stay in a directory of runs, and what of them. {@link PastRun#prune} deletes the others, from the oldest on.
 * Immutable.
 *
 * @param newest the number of runs that stay, at least 0
 * @param maxAge how long ago the start of a run may be
 * @param maxBytes the size of all runs that stay, with their files. A file that results elsewhere share by a hard link
 *     counts as well.
 * @param files whether runs keep the files of their attempts, and not only the journal
 */
public record Retention(int newest, Duration maxAge, long maxBytes, boolean files) {
    private static final Duration UNLIMITED = Duration.ofSeconds(Long.MAX_VALUE);

    /** Checks the values. */
    public Retention {
        if (newest < 0 || maxAge.isNegative() || maxBytes < 0) {
            throw new IllegalArgumentException("could not keep " + newest + " runs, " + maxAge + " and " + maxBytes
                    + " bytes: a value is negative");
        }
    }

    /** {@return the default: all runs stay, with their files} */
    public static Retention all() {
        return new Retention(Integer.MAX_VALUE, UNLIMITED, Long.MAX_VALUE, true);
    }

    /**
     * {@return the number of runs that stay}
     *
     * @param count the number, at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public static Retention newest(int count) {
        return new Retention(count, UNLIMITED, Long.MAX_VALUE, true);
    }

    /**
     * {@return this, and older runs are deleted}
     *
     * @param age how long ago the start of a run may be
     * @throws IllegalArgumentException if it is negative
     */
    public Retention withMaxAge(Duration age) {
        return new Retention(newest, age, maxBytes, files);
    }

    /**
     * {@return this, and the oldest runs are deleted until the others have at most this size}
     *
     * @param bytes the size in bytes
     * @throws IllegalArgumentException if it is negative
     */
    public Retention withMaxBytes(long bytes) {
        return new Retention(newest, maxAge, bytes, files);
    }

    /** {@return this, and runs keep only their journals} */
    public Retention withoutFiles() {
        return new Retention(newest, maxAge, maxBytes, false);
    }

    /** {@return whether runs are deleted} */
    public boolean isBounded() {
        return newest < Integer.MAX_VALUE || !maxAge.equals(UNLIMITED) || maxBytes < Long.MAX_VALUE;
    }
}
