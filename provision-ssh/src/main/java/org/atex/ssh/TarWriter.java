package org.atex.ssh;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a tar stream. Names are raw, and arrive as they are with any tar: long ones in the form of GNU, which has no encoding.
 * Fractions of seconds are pax records, which a tar that does not know them skips.
 */
final class TarWriter implements Closeable {
    static final char FILE = '0';
    static final char SECOND_NAME = '1';
    static final char LINK = '2';
    static final char DIRECTORY = '5';

    private static final int BLOCK = 512;
    private static final int NAME = 100;
    private static final byte[] ZEROS = new byte[2 * BLOCK];

    private final OutputStream out;
    private final byte[] header = new byte[BLOCK];
    private long written;

    TarWriter(OutputStream out) {
        this.out = out;
    }

    /**
     * Begins an entry.
     *
     * @param type what it is
     * @param name its raw name
     * @param link the raw name of what a link leads to, or nothing
     * @param mode its permissions
     * @param time when it was changed
     * @param size how many bytes follow by {@link #write}
     */
    void begin(char type, String name, String link, int mode, FileTime time, long size) throws IOException {
        entry(type, name, link, mode, time, size, "");
    }

    /**
     * Begins a file with holes, in the form 1.0 of GNU, which not every tar reads.
     *
     * @param data the parts that follow by {@link #write}
     * @param size how long the file is with its holes
     */
    void beginSparse(String name, int mode, FileTime time, List<DataRange> data, long size) throws IOException {
        StringBuilder map = new StringBuilder();
        map.append(data.size() + 1).append('\n');
        long length = 0;
        for (DataRange range : data) {
            map.append(range.offset()).append('\n').append(range.length()).append('\n');
            length += range.length();
        }
        map.append(size).append("\n0\n"); // which is how GNU tar tells of a hole at the end
        byte[] bytes = map.toString().getBytes(US_ASCII);
        int padded = (bytes.length + BLOCK - 1) / BLOCK * BLOCK;
        String records = record("GNU.sparse.major", "1")
                + record("GNU.sparse.minor", "0")
                + record("GNU.sparse.realsize", Long.toString(size));
        entry(FILE, name, "", mode, time, padded + length, records);
        write(Arrays.copyOf(bytes, padded), padded);
    }

    private void entry(char type, String name, String link, int mode, FileTime time, long size, String more)
            throws IOException {
        if (name.length() > NAME) {
            extension('L', name + "\0");
        }
        if (link.length() > NAME) {
            extension('K', link + "\0");
        }
        Instant instant = time.toInstant();
        long seconds = instant.getEpochSecond();
        int nanos = instant.getNano();
        if (nanos != 0) {
            BigDecimal exact = BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, 9));
            extension('x', record("mtime", exact.toPlainString()) + more);
        } else if (!more.isEmpty()) {
            extension('x', more);
        }
        header(type, name, link, mode, seconds, size);
    }

    /** A line that begins with its own length. */
    private static String record(String key, String value) {
        String rest = " " + key + "=" + value + "\n";
        int length = rest.length();
        while (length != rest.length() + Integer.toString(length).length()) {
            length = rest.length() + Integer.toString(length).length();
        }
        return length + rest;
    }

    private void extension(char type, String content) throws IOException {
        byte[] bytes = RawFileName.bytes(content);
        header(type, type == 'x' ? "./PaxHeaders/x" : "././@LongLink", "", 0644, 0, bytes.length);
        write(bytes, bytes.length);
        end();
    }

    private void header(char type, String name, String link, int mode, long seconds, long size) throws IOException {
        Arrays.fill(header, (byte) 0);
        text(0, name, NAME);
        number(100, 8, mode);
        number(108, 8, 0);
        number(116, 8, 0);
        number(124, 12, size);
        number(136, 12, seconds);
        header[156] = (byte) type;
        text(157, link, NAME);
        text(257, "ustar\00000", 8);
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        number(148, 7, sum);
        out.write(header);
        written = 0;
    }

    private void text(int at, String raw, int longest) {
        for (int i = 0; i < Math.min(raw.length(), longest); i++) {
            header[at + i] = (byte) raw.charAt(i);
        }
    }

    /** Octal digits and a NUL; in base 256 what these cannot hold. */
    private void number(int at, int length, long value) {
        if (value >= 0 && value < 1L << 3 * (length - 1)) {
            long left = value;
            for (int i = length - 2; i >= 0; i--) {
                header[at + i] = (byte) ('0' + (left & 7));
                left >>= 3;
            }
            header[at + length - 1] = 0;
            return;
        }
        byte[] bytes = BigInteger.valueOf(value).toByteArray();
        Arrays.fill(header, at, at + length, (byte) (value < 0 ? 0xff : 0));
        System.arraycopy(bytes, 0, header, at + length - bytes.length, bytes.length);
        header[at] = (byte) (value < 0 ? 0xff : 0x80);
    }

    /** Writes content of the entry. */
    void write(byte[] bytes, int length) throws IOException {
        out.write(bytes, 0, length);
        written += length;
    }

    /** Ends the entry. */
    void end() throws IOException {
        int over = (int) (written % BLOCK);
        if (over > 0) {
            out.write(ZEROS, 0, BLOCK - over);
        }
        written = 0;
    }

    /** Ends the archive. */
    void finish() throws IOException {
        out.write(ZEROS);
        out.flush();
    }

    /** Ends the stream, whether or not the archive has ended. */
    @Override
    public void close() throws IOException {
        out.close();
    }
}
