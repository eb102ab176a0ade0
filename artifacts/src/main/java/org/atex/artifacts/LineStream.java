package org.atex.artifacts;

import java.io.IOException;
import java.io.InputStream;

/**
 * The bytes of another stream without its empty lines. Each read returns bytes of one line, so that a parser that has
 * read the last byte of a value has read no further line. Not thread-safe.
 */
final class LineStream extends InputStream {
    private static final int BUFFER = 1 << 16;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER];
    private int from;
    private int until;
    private boolean isLineStart = true;
    private long lines;

    LineStream(InputStream in) {
        this.in = in;
    }

    /** {@return the number of lines of which bytes were read, without empty lines} */
    long lines() {
        return lines;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (!hasMore()) {
            return -1;
        }
        if (isLineStart) {
            lines++;
        }
        int last = Math.min(until, from + length) - 1;
        int at = from;
        while (at < last && !isLineBreak(buffer[at])) {
            at++;
        }
        isLineStart = isLineBreak(buffer[at]);
        int count = at + 1 - from;
        System.arraycopy(buffer, from, bytes, offset, count);
        from += count;
        return count;
    }

    /** Skips empty lines. {@return whether there is a byte after them} */
    private boolean hasMore() throws IOException {
        while (from < until || fill()) {
            if (!isLineStart || !isLineBreak(buffer[from])) {
                return true;
            }
            from++;
        }
        return false;
    }

    private boolean fill() throws IOException {
        from = 0;
        until = Math.max(0, in.read(buffer));
        return until > 0;
    }

    private static boolean isLineBreak(byte character) {
        return character == '\n' || character == '\r';
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
