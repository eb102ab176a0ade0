package org.atex.junitxml;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * The numbers of cases by kind. Immutable.
 *
 * @param tests the number of all cases
 * @param failures the number of cases with a failure
 * @param errors the number of cases with an error
 * @param skipped the number of cases that were skipped
 */
record Counts(int tests, int failures, int errors, int skipped) {
    static final Counts NONE = new Counts(0, 0, 0, 0);

    Counts plus(CaseStatus status) {
        return new Counts(
                tests + 1,
                failures + (status == CaseStatus.FAILURE ? 1 : 0),
                errors + (status == CaseStatus.ERROR ? 1 : 0),
                skipped + (status == CaseStatus.SKIPPED ? 1 : 0));
    }

    Counts plus(Counts other) {
        return new Counts(
                tests + other.tests, failures + other.failures, errors + other.errors, skipped + other.skipped);
    }

    void write(DataOutputStream out) throws IOException {
        out.writeInt(tests);
        out.writeInt(failures);
        out.writeInt(errors);
        out.writeInt(skipped);
    }

    static Counts read(DataInputStream in) throws IOException {
        Counts counts = new Counts(in.readInt(), in.readInt(), in.readInt(), in.readInt());
        return counts.equals(NONE) ? NONE : counts;
    }
}
