package org.atex.junitxml;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * How many cases there are, and how many of which kind. Immutable.
 *
 * @param tests all of them
 * @param failures those whose expectations were not met
 * @param errors those that could not do their work
 * @param skipped those that were not run
 */
record Counts(int tests, int failures, int errors, int skipped) {
    static final Counts NONE = new Counts(0, 0, 0, 0);

    Counts plus(Kind kind) {
        return new Counts(
                tests + 1,
                failures + (kind == Kind.FAILURE ? 1 : 0),
                errors + (kind == Kind.ERROR ? 1 : 0),
                skipped + (kind == Kind.SKIPPED ? 1 : 0));
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
