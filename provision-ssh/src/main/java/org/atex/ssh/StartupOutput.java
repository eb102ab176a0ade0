package org.atex.ssh;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;

/**
 * Detects the end of the start-up output of a stream: the bytes before the announcement of {@link CommandLine}, such as
 * the output of the login shell's start-up files and the lecture of sudo. The start-up output has any length and any
 * bytes, and need not end with a line break. A program other than a command line announces nothing; this class then
 * keeps the end of its output.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
final class StartupOutput {
    private static final byte[] ANNOUNCEMENT = CommandLine.ANNOUNCEMENT.getBytes(US_ASCII);
    private static final int MOST_DIGITS = 18;

    /** The minimum number of bytes kept of the end of the output, once that much has arrived. */
    private static final int KEPT = 64 * 1024;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    /** The number of bytes of the announcement that match the end of the output. */
    private int matched;

    private long process;
    private boolean over;
    private int dropped;

    /** {@return whether the announcement has arrived or is no longer expected} */
    synchronized boolean isOver() {
        return over;
    }

    /** {@return the number of the announced process, or 0 if no process was announced} */
    synchronized long process() {
        return over ? process : 0;
    }

    /**
     * Consumes bytes up to the end of the announcement.
     *
     * @param piece the received bytes
     * @return the number of consumed bytes
     */
    synchronized int take(byte[] piece) {
        int taken = 0;
        while (!over && taken < piece.length) {
            over = completes(piece[taken++]);
        }
        // Dropping at twice the kept size makes each byte be copied once on average.
        output.write(piece, 0, taken);
        int excess = over ? output.size() : output.size() - 2 * KEPT;
        if (excess > 0) {
            drop(over ? excess : excess + KEPT);
        }
        return taken;
    }

    private void drop(int bytes) {
        byte[] all = output.toByteArray();
        output.reset();
        output.write(all, bytes, all.length - bytes);
        dropped += bytes;
    }

    /**
     * {@return whether a byte completes an announcement} No proper prefix of the announcement occurs again within it
     * except its first character, so that one step back is enough after a mismatch.
     */
    private boolean completes(byte next) {
        int digits = matched - ANNOUNCEMENT.length;
        if (digits < 0 ? next == ANNOUNCEMENT[matched] : digits < MOST_DIGITS && next >= '0' && next <= '9') {
            process = digits < 0 ? 0 : process * 10 + (next - '0');
            matched++;
            return false;
        }
        if (digits > 0 && next == '\n') {
            return true;
        }
        matched = next == ANNOUNCEMENT[0] ? 1 : 0;
        return false;
    }

    /**
     * {@return the number of bytes dropped since the last call} They are no longer buffered, so the window may grow.
     */
    synchronized int dropped() {
        int bytes = dropped;
        dropped = 0;
        return bytes;
    }

    /** {@return the kept end of the output; empty when the announcement has arrived} */
    synchronized byte[] output() {
        return output.toByteArray();
    }

    /** {@return the kept end of the output, and stops to expect an announcement; empty if none was expected} */
    synchronized byte[] giveUp() {
        byte[] all = output.toByteArray();
        output.reset();
        if (!over) {
            process = 0;
        }
        over = true;
        return all;
    }
}
