package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar stream as GNU tar, busybox and others write it: names of any bytes and length, times with fractions, holes. What
 * it reads is not trusted: whatever is not understood is an {@link IOException}.
 */
final class TarReader {
    private static final int BLOCK = 512;

    /** More than any name, record or list of holes of a real archive. */
    private static final int LONGEST = 64 << 20;

    private final InputStream in;
    private final byte[] header = new byte[BLOCK];
    private final Map<String, String> global = new HashMap<>();
    private long left;
    private int padding;

    TarReader(InputStream in) {
        this.in = in;
    }

    /**
     * One entry.
     *
     * @param type its kind, as the format has it
     * @param name its raw name
     * @param link the raw name of what it leads to, or nothing
     * @param mode its permissions
     * @param time when it was changed
     * @param content what a file has
     */
    record Entry(char type, String name, String link, int mode, FileTime time, Content content) {
        boolean isDirectory() {
            return type == '5' || isFile() && name.endsWith("/");
        }

        boolean isFile() {
            return type == '0' || type == '\0' || type == '7';
        }
    }

    /**
     * {@return the next entry, or null at the end} The content of the one before cannot be read any more.
     *
     * @throws IOException if the stream breaks off, or is no tar stream
     */
    @Nullable
    Entry next() throws IOException {
        in.skipNBytes(left + padding);
        left = 0;
        padding = 0;
        Map<String, String> records = new HashMap<>(global);
        while (true) {
            if (in.readNBytes(header, 0, BLOCK) < BLOCK) {
                throw new EOFException("the archive breaks off");
            }
            if (Holes.isZero(header, BLOCK)) {
                return null;
            }
            check();
            long size = number(124, 12);
            switch (header[156]) {
                case 'L' -> records.put("path", text(size));
                case 'K' -> records.put("linkpath", text(size));
                case 'x' -> records.putAll(records(size));
                case 'g' -> {
                    global.putAll(records(size));
                    records.putAll(global);
                }
                default -> {
                    return entry(size, records);
                }
            }
        }
    }

    private Entry entry(long headerSize, Map<String, String> records) throws IOException {
        long size = records.containsKey("size") ? whole(records.get("size")) : headerSize;
        if (size < 0) {
            throw new IOException("what the system sent is no tar archive: a file of " + size + " bytes");
        }
        char type = (char) (header[156] & 0xff);
        // Other entries have no content, whatever size they tell.
        left = type == '1' || type == '2' || type == '5' ? 0 : size;
        padding = (int) (-left & BLOCK - 1);
        String name = records.getOrDefault("GNU.sparse.name", records.getOrDefault("path", name()));
        Content content = new Content(null, left);
        if (records.containsKey("GNU.sparse.major")) {
            content = sparse(records);
        }
        return new Entry(
                type,
                name,
                records.getOrDefault("linkpath", field(157, 100)),
                (int) number(100, 8) & 07777,
                time(records),
                content);
    }

    private String name() {
        String prefix = field(345, 155);
        boolean posix = header[262] == 0; // GNU has two blanks before it, and other things in place of the prefix
        return posix && !prefix.isEmpty() ? prefix + "/" + field(0, 100) : field(0, 100);
    }

    private FileTime time(Map<String, String> records) throws IOException {
        String exact = records.get("mtime");
        try {
            if (exact == null) {
                return FileTime.from(Instant.ofEpochSecond(number(136, 12)));
            }
            BigDecimal all = new BigDecimal(exact);
            BigDecimal seconds = all.setScale(0, RoundingMode.FLOOR);
            long nanos = all.subtract(seconds).movePointRight(9).longValue();
            return FileTime.from(Instant.ofEpochSecond(seconds.longValueExact(), nanos));
        } catch (ArithmeticException | NumberFormatException | java.time.DateTimeException e) {
            throw new IOException("the system sent a time that is none: " + exact, e);
        }
    }

    /** The list of its parts comes first: how many, then where each begins and how long it is, each number in a line. */
    private Content sparse(Map<String, String> records) throws IOException {
        if (!"1".equals(records.get("GNU.sparse.major")) || !"0".equals(records.get("GNU.sparse.minor"))) {
            throw new IOException("the system sent a file with holes in a form that is not known");
        }
        long size = whole(records.get("GNU.sparse.realsize"));
        long begin = left;
        long count = line();
        List<DataRange> data = new ArrayList<>();
        long last = 0;
        long sum = 0;
        for (long i = 0; i < count; i++) {
            DataRange range = new DataRange(line(), line());
            if (range.offset() < last || range.end() < range.offset() || range.end() > size) {
                throw new IOException("the system sent a file whose holes are not in order");
            }
            last = range.end();
            sum += range.length();
            if (range.length() > 0) {
                data.add(range);
            }
        }
        long rest = -(begin - left) & BLOCK - 1;
        in.skipNBytes(rest);
        left -= rest;
        if (sum != left) {
            throw new IOException("the system sent a file whose parts are not as long as it says");
        }
        return new Content(data, size);
    }

    private long line() throws IOException {
        long value = 0;
        for (int digits = 0; ; digits++) {
            int c = in.read();
            left--;
            if (c == '\n' && digits > 0) {
                return value;
            }
            if (c < '0' || c > '9' || digits == 18 || left < 0) {
                throw new IOException("the system sent a list of holes that is none");
            }
            value = 10 * value + c - '0';
        }
    }

    /** Blocks that are none come from something else that writes there, such as a greeting. */
    private void check() throws IOException {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        if (sum != number(148, 8)) {
            throw new IOException("what the system sent is no tar archive: '"
                    + RawFileName.readable(new String(header, 0, 40, ISO_8859_1)).strip() + "…'");
        }
    }

    private long number(int at, int length) throws IOException {
        if (header[at] < 0) {
            long value = header[at] == (byte) 0xff ? -1 : header[at] & 0x7f;
            for (int i = 1; i < length; i++) {
                value = value << 8 | header[at + i] & 0xff;
            }
            return value;
        }
        String digits = field(at, length).strip();
        try {
            return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
        } catch (NumberFormatException e) {
            throw new IOException("what the system sent is no tar archive: '" + digits + "' is no number", e);
        }
    }

    private static long whole(@Nullable String digits) throws IOException {
        try {
            return Long.parseUnsignedLong(String.valueOf(digits));
        } catch (NumberFormatException e) {
            throw new IOException("what the system sent is no tar archive: '" + digits + "' is no number", e);
        }
    }

    private String field(int at, int longest) {
        int length = 0;
        while (length < longest && header[at + length] != 0) {
            length++;
        }
        return new String(header, at, length, ISO_8859_1);
    }

    private byte[] content(long size) throws IOException {
        if (size < 0 || size > LONGEST) {
            throw new IOException("what the system sent is no tar archive: a name of " + size + " bytes");
        }
        byte[] content = in.readNBytes((int) size);
        if (content.length < size) {
            throw new EOFException("the archive breaks off");
        }
        in.skipNBytes(-size & BLOCK - 1);
        return content;
    }

    private String text(long size) throws IOException {
        String text = new String(content(size), ISO_8859_1);
        return text.endsWith("\0") ? text.substring(0, text.length() - 1) : text;
    }

    private Map<String, String> records(long size) throws IOException {
        Map<String, String> records = new HashMap<>();
        String all = new String(content(size), ISO_8859_1);
        for (int at = 0; at < all.length(); ) {
            int blank = all.indexOf(' ', at);
            int end = blank < 0 || blank - at > 8 ? -1 : at + (int) whole(all.substring(at, blank));
            int equals = blank < 0 ? -1 : all.indexOf('=', blank);
            if (end > all.length() || equals < 0 || equals >= end || all.charAt(end - 1) != '\n') {
                throw new IOException("what the system sent is no tar archive: its records cannot be read");
            }
            records.put(all.substring(blank + 1, equals), all.substring(equals + 1, end - 1));
            at = end;
        }
        return records;
    }

    /** What a file has. Its holes can be skipped, or read as zeros. */
    final class Content extends InputStream {
        private final @Nullable List<DataRange> data;
        private final long size;
        private long at;
        private int next;

        private Content(@Nullable List<DataRange> data, long size) {
            this.data = data;
            this.size = size;
        }

        /** {@return how long the hole is that comes next, which is skipped} */
        long skipHole() {
            long hole = hole();
            at += hole;
            return hole;
        }

        private long hole() {
            if (data == null) {
                return 0;
            }
            if (next < data.size() && at == data.get(next).end()) {
                next++;
            }
            long end = next < data.size() ? data.get(next).offset() : size;
            return Math.max(0, end - at);
        }

        private long readable() {
            return data == null
                    ? size - at
                    : next < data.size() ? data.get(next).end() - at : 0;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (at >= size) {
                return -1;
            }
            long hole = hole();
            if (hole > 0) {
                int zeros = (int) Math.min(length, hole);
                Arrays.fill(bytes, offset, offset + zeros, (byte) 0);
                at += zeros;
                return zeros;
            }
            int n = in.read(bytes, offset, (int) Math.min(length, readable()));
            if (n < 0) {
                throw new EOFException("the archive breaks off");
            }
            at += n;
            left -= n;
            return n;
        }
    }
}
