package org.atex.fmf;

import org.atex.fmf.control.ProtocolException;

/** What is left of the limits of one test. For one thread. */
final class Allowance {
    private final ReportLimits limits;
    private long results;
    private long files;
    private long fileBytes;
    private long openBytes;

    Allowance(ReportLimits limits) {
        this.limits = limits;
    }

    void takeResult() throws ProtocolException {
        refuseAbove(limits.results(), ++results, "results");
    }

    void takeFile(long length) throws ProtocolException {
        refuseAbove(limits.files(), ++files, "files");
        // Not added up first: a length can be the greatest number there is.
        if (length > limits.fileBytes() - fileBytes) {
            throw tooMany(limits.fileBytes(), "bytes of files");
        }
        fileBytes += length;
    }

    void takeOpen(int length) throws ProtocolException {
        openBytes += length;
        refuseAbove(limits.openBytes(), openBytes, "bytes of results that are still open");
    }

    /** An open result was closed; how long each of its pieces was is not kept. */
    void giveBackAllOpen() {
        openBytes = 0;
    }

    private static void refuseAbove(long most, long now, String what) throws ProtocolException {
        if (now > most) {
            throw tooMany(most, what);
        }
    }

    private static ProtocolException tooMany(long most, String what) {
        return new ProtocolException(
                "it sent more than " + most + " " + what + ": if that is right, raise the limit of the executor");
    }
}
