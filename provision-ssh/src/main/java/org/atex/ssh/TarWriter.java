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
import org.atex.support.RawFileName;

/**
 * Writes a tar stream that every tar can read. Names are raw. A long name is written as a GNU entry, as pax records
 * would define an encoding for it. Fractions of seconds are pax records, which a tar without pax support skips. Not
 * thread-safe.
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
    /** The number of content bytes of the current entry that have been written. */
    private long written;

    TarWriter(OutputStream out) {
        this.out = out;
    }

    /**
     * Starts an entry.
     *
     * @param type the type flag of the header
     * @param name the raw name
     * @param link the raw name of the target of a link, otherwise empty
     * @param mode the permissions
     * @param time the modification time
     * @param size the number of bytes that will be passed to {@link #write}
     */
    void begin(char type, String name, String link, int mode, FileTime time, long size) throws IOException {
        entry(type, name, link, mode, time, size, "");
    }

    /**
     * Starts a sparse file in GNU format 1.0, which not every tar can read.
     *
     * @param name the raw name
     * @param mode the permissions
     * @param time the modification time
     * @param data the parts with data, which will be passed to {@link #write}
     * @param size the length of the file with its holes
     */
    void beginSparse(String name, int mode, FileTime time, List<DataRange> data, long size) throws IOException {
        StringBuilder map = new StringBuilder();
        map.append(data.size() + 1).append('\n');
        long length = 0;
        for (DataRange range : data) {
            map.append(range.offset()).append('\n').append(range.length()).append('\n');
            length += range.length();
        }
        // GNU tar ends the map with an empty part at the end of the file, which represents a trailing hole.
        map.append(size).append("\n0\n");
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

    /**
     * {@return a pax record} It starts with its own length, so the number of digits of the length is found by
     * iteration.
     */
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

    /** Writes a header in ustar format. The numbers are the offsets of its fields. */
    private void header(char type, String name, String link, int mode, long seconds, long size) throws IOException {
        Arrays.fill(header, (byte) 0);
        text(0, name, NAME);
        number(100, 8, mode);
        // User and group 0: the receiver ignores the owner.
        number(108, 8, 0);
        number(116, 8, 0);
        number(124, 12, size);
        number(136, 12, seconds);
        header[156] = (byte) type;
        text(157, link, NAME);
        text(257, "ustar\00000", 8);
        // The checksum is computed with spaces in its own field.
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        // 7 digits and NUL, then the space of the fill, as other tars write it.
        number(148, 7, sum);
        out.write(header);
        written = 0;
    }

    private void text(int at, String raw, int longest) {
        for (int i = 0; i < Math.min(raw.length(), longest); i++) {
            header[at + i] = (byte) raw.charAt(i);
        }
    }

    /** Writes a number as octal digits and a NUL, or in base 256 (GNU) if the digits do not fit. */
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

    /** Writes content of the current entry. */
    void write(byte[] bytes, int length) throws IOException {
        out.write(bytes, 0, length);
        written += length;
    }

    /** Ends the current entry with padding to a whole number of blocks. */
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

    /** Closes the stream, whether or not the archive has ended. */
    @Override
    public void close() throws IOException {
        out.close();
    }
}
