package org.atex.ssh;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines the moment they are there, and none that is longer than {@value #MAX_BYTES} bytes. Not thread-safe; whoever
 * opened the stream closes it.
 */
final class LineReader {
    static final int MAX_BYTES = 64 << 10;

    /** A line that does not end. */
    static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1L;

        TooLongException() {
            super("it is longer than " + MAX_BYTES + " bytes");
        }
    }

    private final InputStream in;
    private final byte[] buffer = new byte[8192];
    private int position;
    private int limit;
    private long number;

    LineReader(InputStream in) {
        this.in = in;
    }

    /** {@return the number of the line that was read last, from 1 upwards} */
    long number() {
        return number;
    }

    /** {@return the next line without its end, or null after the last; the last may lack its newline} */
    @Nullable
    String next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        number++;
        while (true) {
            if (position == limit) {
                position = 0;
                limit = Math.max(0, in.read(buffer));
                if (limit == 0) {
                    return line.size() == 0 ? null : text(line);
                }
            }
            int start = position;
            while (position < limit && buffer[position] != '\n') {
                position++;
            }
            line.write(buffer, start, position - start);
            if (line.size() > MAX_BYTES) {
                throw new TooLongException();
            }
            if (position < limit) {
                position++;
                return text(line);
            }
        }
    }

    private static String text(ByteArrayOutputStream line) {
        return line.toString(StandardCharsets.UTF_8).stripTrailing();
    }
}
