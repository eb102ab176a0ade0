package org.atex.ssh;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;

/**
 * The part of a stream before the announcement of {@link CommandLine}: output of the login shell's start-up files, the
 * lecture of sudo. It can be of any length and any bytes, and need not end with a line break. A program that is not ours
 * announces nothing; then this has the end of what it said.
 *
 * <p>Thread safety: from any thread.
 */
final class StartupOutput {
    private static final byte[] ANNOUNCEMENT = CommandLine.ANNOUNCEMENT.getBytes(US_ASCII);
    private static final int MOST_DIGITS = 18;

    /** How much is kept of what was said. */
    private static final int KEPT = 64 * 1024;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    /** How many bytes of an announcement were the last ones. */
    private int matched;

    private long process;
    private boolean over;
    private int dropped;

    /** {@return whether the announcement has come, or is not expected any more} */
    synchronized boolean isOver() {
        return over;
    }

    /** {@return the process that was announced, or 0 if none was} */
    synchronized long process() {
        return over ? process : 0;
    }

    /**
     * Takes bytes, up to the end of the announcement.
     *
     * @param piece what has arrived
     * @return how many bytes of it were taken
     */
    synchronized int take(byte[] piece) {
        int taken = 0;
        while (!over && taken < piece.length) {
            over = completes(piece[taken++]);
        }
        said.write(piece, 0, taken);
        int excess = over ? said.size() : said.size() - 2 * KEPT;
        if (excess > 0) {
            drop(over ? excess : excess + KEPT);
        }
        return taken;
    }

    private void drop(int bytes) {
        byte[] all = said.toByteArray();
        said.reset();
        said.write(all, bytes, all.length - bytes);
        dropped += bytes;
    }

    /** {@return whether a byte is the last one of an announcement} No part of one, except its beginning, begins another. */
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

    /** {@return how many bytes were dropped since this was asked last} */
    synchronized int dropped() {
        int bytes = dropped;
        dropped = 0;
        return bytes;
    }

    /** {@return what was said, or the end of it; empty once the announcement has come} */
    synchronized byte[] said() {
        return said.toByteArray();
    }

    /** {@return what was said, or the end of it, as no announcement will come; empty if that is known already} */
    synchronized byte[] giveUp() {
        byte[] all = said.toByteArray();
        said.reset();
        if (!over) {
            process = 0;
        }
        over = true;
        return all;
    }
}
