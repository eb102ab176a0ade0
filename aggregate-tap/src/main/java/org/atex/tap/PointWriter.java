package org.atex.tap;

import static org.atex.tap.PointRenderer.write;

import java.io.IOException;
import java.io.OutputStream;

/** Writes a stream of test points. Not thread-safe. */
final class PointWriter {
    private final OutputStream out;
    private int points;

    PointWriter(OutputStream out) {
        this.out = out;
    }

    /** The parts of a rendered attempt. */
    @FunctionalInterface
    interface Parts {
        void copy(int part, OutputStream to) throws IOException;
    }

    /** The lines of a diagnostic block about earlier attempts. */
    @FunctionalInterface
    interface Lines {
        void writeTo(OutputStream to) throws IOException;
    }

    void version(int version) throws IOException {
        write(out, "TAP version " + version + "\n");
    }

    /**
     * Writes the point of a test.
     *
     * @param parts the last attempt
     * @param earlier the earlier attempts
     */
    void point(boolean ok, Parts parts, Lines earlier) throws IOException {
        parts.copy(PointRenderer.SUBTEST, out);
        write(out, (ok ? "ok " : "not ok ") + ++points + " - ");
        parts.copy(PointRenderer.DESCRIPTION, out);
        parts.copy(PointRenderer.DIRECTIVE, out);
        write(out, "\n  ---\n");
        parts.copy(PointRenderer.DIAGNOSTIC, out);
        earlier.writeTo(out);
        write(out, "  ...\n");
    }

    /** Writes the end. */
    void plan() throws IOException {
        write(out, "1.." + points + (points == 0 ? " # SKIP no tests" : "") + "\n");
    }

    /** Writes the end of a run that did not come to its end. */
    void bailOut(String why) throws IOException {
        write(out, "Bail out! " + TapText.line(why) + "\n");
    }
}
