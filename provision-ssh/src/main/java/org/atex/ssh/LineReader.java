package org.atex.ssh;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines of UTF-8 text. A line is returned as soon as its end has been received. A line longer than
 * {@value #MAX_BYTES} bytes is an error. Not thread-safe. The caller closes the stream.
 */
final class LineReader {
    static final int MAX_BYTES = 64 << 10;

    /** A line exceeds {@value #MAX_BYTES} bytes. */
    static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1L;

        TooLongException() {
            super("the line is longer than " + MAX_BYTES + " bytes");
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

    /** {@return the number of the line that was read last, counted from 1} */
    long number() {
        return number;
    }

    /**
     * {@return the next line without trailing white space, or null after the last; the last line may lack its newline}
     */
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
