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
 * Puts in front of each line when its first byte arrived, and changes nothing else: a line that comes in parts has one time,
 * and the last line gets no line feed that it does not have. For one thread.
 */
final class StampedOutput extends FilterOutputStream {
    /** How long a stamp is, with the space after it. */
    static final int LENGTH = "2026-01-01T00:00:00.000Z ".length();

    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z '").withZone(ZoneOffset.UTC);

    private final Supplier<Instant> clock;
    private boolean within;

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
            if (!within) {
                stamped.write(bytes, begin, i - begin);
                stamped.writeBytes(stamp);
                begin = i;
            }
            within = bytes[i] != '\n';
        }
        stamped.write(bytes, begin, offset + length - begin);
        stamped.writeTo(out);
    }
}
