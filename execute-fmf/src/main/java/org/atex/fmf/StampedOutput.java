package org.atex.fmf;

import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.function.Supplier;

/**
 * Prefixes each line with the time at which its first byte arrived. All other bytes are unchanged; a line that arrives
 * in several parts gets one time stamp, and no line feed is added at the end. Not thread-safe.
 */
final class StampedOutput extends FilterOutputStream {
    /** The length of a time stamp, including the space after it. */
    static final int LENGTH = "2026-01-01T00:00:00.000Z ".length();

    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z '").withZone(ZoneOffset.UTC);

    private final Supplier<Instant> clock;
    private boolean inLine;

    StampedOutput(OutputStream to, Supplier<Instant> clock) {
        super(to);
        this.clock = clock;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        byte[] stamp = FORMAT.format(clock.get()).getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream stamped = new ByteArrayOutputStream(length + length / 8);
        int begin = offset;
        for (int i = offset; i < offset + length; i++) {
            if (!inLine) {
                stamped.write(bytes, begin, i - begin);
                stamped.writeBytes(stamp);
                begin = i;
            }
            inLine = bytes[i] != '\n';
        }
        stamped.write(bytes, begin, offset + length - begin);
        stamped.writeTo(out);
    }
}
