package org.atex.fmf;

/**
 * How much one test may send before it is ended. A test is hostile input: without limits, one that loops fills the
 * runner's disk or memory. Immutable; each {@code with…} method gives a changed copy.
 *
 * @param results how many results, open ones counted each time that they are added to
 * @param files how many pieces of files
 * @param fileBytes how many bytes of files in all
 * @param outputBytes how many bytes of its own output
 * @param openBytes how many bytes of JSON in results that are still open, which are kept in memory
 */
public record ReportLimits(long results, long files, long fileBytes, long outputBytes, long openBytes) {
    private static final long GIBIBYTE = 1L << 30;

    /** Refuses limits below zero. */
    public ReportLimits {
        if (Math.min(results, Math.min(files, Math.min(fileBytes, Math.min(outputBytes, openBytes)))) < 0) {
            throw new IllegalArgumentException("a limit on what a test may send must not be negative: results "
                    + results
                    + ", files " + files + ", fileBytes " + fileBytes + ", outputBytes " + outputBytes + ", openBytes "
                    + openBytes);
        }
    }

    /**
     * {@return a million results, a million files, 64 GiB of files, 4 GiB of output, 32 MiB of open results: more than
     * any honest test needs}
     */
    public static ReportLimits defaults() {
        return new ReportLimits(1_000_000, 1_000_000, 64 * GIBIBYTE, 4 * GIBIBYTE, 32L << 20);
    }

    /**
     * {@return these limits with another number of results}
     *
     * @param value how many
     */
    public ReportLimits withResults(long value) {
        return new ReportLimits(value, files, fileBytes, outputBytes, openBytes);
    }

    /**
     * {@return these limits with another number of files}
     *
     * @param value how many
     */
    public ReportLimits withFiles(long value) {
        return new ReportLimits(results, value, fileBytes, outputBytes, openBytes);
    }

    /**
     * {@return these limits with another size of all files}
     *
     * @param value bytes
     */
    public ReportLimits withFileBytes(long value) {
        return new ReportLimits(results, files, value, outputBytes, openBytes);
    }

    /**
     * {@return these limits with another size of the output}
     *
     * @param value bytes
     */
    public ReportLimits withOutputBytes(long value) {
        return new ReportLimits(results, files, fileBytes, value, openBytes);
    }

    /**
     * {@return these limits with another size of open results}
     *
     * @param value bytes
     */
    public ReportLimits withOpenBytes(long value) {
        return new ReportLimits(results, files, fileBytes, outputBytes, value);
    }
}
