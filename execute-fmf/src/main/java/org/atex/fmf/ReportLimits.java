package org.atex.fmf;

/**
 * Limits of the data that one test may send. A test that exceeds a limit is stopped and ends as {@link
 * org.atex.api.Outcome#ERROR}. Without limits, a test that loops would fill the disk or the heap of the executor.
 * Immutable; each {@code with…} method returns a copy.
 *
 * @param results the number of results; each addition to an open result counts
 * @param files the number of files; each piece of a file counts
 * @param fileBytes the total size of all files in bytes
 * @param outputBytes the size of the output in bytes
 * @param openBytes the size in bytes of the JSON of open results, which are kept in memory
 */
public record ReportLimits(long results, long files, long fileBytes, long outputBytes, long openBytes) {
    private static final long GIBIBYTE = 1L << 30;

    /**
     * Validates the limits.
     *
     * @throws IllegalArgumentException if a limit is negative
     */
    public ReportLimits {
        if (Math.min(results, Math.min(files, Math.min(fileBytes, Math.min(outputBytes, openBytes)))) < 0) {
            throw new IllegalArgumentException("limits of the data of a test must not be negative: results "
                    + results
                    + ", files " + files + ", fileBytes " + fileBytes + ", outputBytes " + outputBytes + ", openBytes "
                    + openBytes);
        }
    }

    /**
     * {@return the default limits: a million results, a million files, 64 GiB of files, 4 GiB of output, and 32 MiB of
     * open results}
     */
    public static ReportLimits defaults() {
        return new ReportLimits(1_000_000, 1_000_000, 64 * GIBIBYTE, 4 * GIBIBYTE, 32L << 20);
    }

    /**
     * {@return a copy with this limit of results}
     *
     * @param value the number of results
     */
    public ReportLimits withResults(long value) {
        return new ReportLimits(value, files, fileBytes, outputBytes, openBytes);
    }

    /**
     * {@return a copy with this limit of files}
     *
     * @param value the number of files
     */
    public ReportLimits withFiles(long value) {
        return new ReportLimits(results, value, fileBytes, outputBytes, openBytes);
    }

    /**
     * {@return a copy with this total size of files}
     *
     * @param value the size in bytes
     */
    public ReportLimits withFileBytes(long value) {
        return new ReportLimits(results, files, value, outputBytes, openBytes);
    }

    /**
     * {@return a copy with this size of the output}
     *
     * @param value the size in bytes
     */
    public ReportLimits withOutputBytes(long value) {
        return new ReportLimits(results, files, fileBytes, value, openBytes);
    }

    /**
     * {@return a copy with this size of open results}
     *
     * @param value the size in bytes
     */
    public ReportLimits withOpenBytes(long value) {
        return new ReportLimits(results, files, fileBytes, outputBytes, value);
    }
}
