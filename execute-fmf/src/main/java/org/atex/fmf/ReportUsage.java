package org.atex.fmf;

import org.atex.fmf.control.ProtocolException;

/** Counts the reported data of one test and enforces its {@link ReportLimits}. Not thread-safe. */
final class ReportUsage {
    private final ReportLimits limits;
    private long results;
    private long files;
    private long fileBytes;
    private long openBytes;

    ReportUsage(ReportLimits limits) {
        this.limits = limits;
    }

    void addResult() throws ProtocolException {
        check(limits.results(), ++results, "results");
    }

    void addFile(long length) throws ProtocolException {
        check(limits.files(), ++files, "files");
        // Compare with the remainder: the test chooses the length, and a sum could overflow.
        if (length > limits.fileBytes() - fileBytes) {
            throw exceeded(limits.fileBytes(), "bytes of files");
        }
        fileBytes += length;
    }

    void addOpenBytes(int length) throws ProtocolException {
        openBytes += length;
        check(limits.openBytes(), openBytes, "bytes of results that are still open");
    }

    /** Resets the count of open bytes. Called when no result is open; sizes of single results are not recorded. */
    void resetOpenBytes() {
        openBytes = 0;
    }

    private static void check(long limit, long count, String unit) throws ProtocolException {
        if (count > limit) {
            throw exceeded(limit, unit);
        }
    }

    private static ProtocolException exceeded(long limit, String unit) {
        return new ProtocolException("it sent more than " + limit + " " + unit
                + ": if the test needs that, raise the limit with FmfOptions.withLimits");
    }
}
