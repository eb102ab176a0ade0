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
import org.atex.support.RawFileName;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar stream of GNU tar, busybox or another tar: with names of any bytes and length, times with fractions of a
 * second, and holes. The formats are those of ustar and pax (POSIX.1-2001) and the extensions of GNU tar. The stream is
 * not trusted: invalid or unknown content is an {@link IOException}.
 *
 * <p>Numbers such as 124 and 156 are offsets of fields in the header. For one thread.
 */
final class TarReader {
    private static final int BLOCK = 512;

    /** The maximum size of a name or a pax header. Real archives stay far below it. */
    private static final int MAX_EXTENSION = 64 << 20;

    private final InputStream in;
    private final byte[] header = new byte[BLOCK];
    private final Map<String, String> global = new HashMap<>();
    /** The number of content bytes of the current entry that have not been read. */
    private long left;

    private int padding;

    TarReader(InputStream in) {
        this.in = in;
    }

    /**
     * An entry of the archive.
     *
     * @param type the type flag of the header
     * @param name the raw name
     * @param link the raw name of the target of a link, otherwise empty
     * @param mode the permissions
     * @param time the modification time
     * @param content the content of a file
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
     * Reads the next entry. The content of the previous entry can no longer be read.
     *
     * @return the entry, or null at the end of the archive
     * @throws IOException if the stream ends early or is not a tar stream
     */
    @Nullable
    Entry next() throws IOException {
        in.skipNBytes(left + padding);
        left = 0;
        padding = 0;
        Map<String, String> records = new HashMap<>(global);
        while (true) {
            if (in.readNBytes(header, 0, BLOCK) < BLOCK) {
                throw new EOFException("the archive ends early");
            }
            if (Holes.isZero(header, BLOCK)) {
                return null;
            }
            verifyChecksum();
            long size = number(124, 12);
            switch (header[156]) {
                // GNU: a name or link target too long for the header of the next entry. POSIX: pax records.
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
            throw new IOException("the system sent no valid tar archive: a file of " + size + " bytes");
        }
        char type = (char) (header[156] & 0xff);
        // Links and directories have no content, even if the header has a size.
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
        // POSIX has "ustar\0". GNU has "ustar  " and uses the prefix field for other data.
        boolean posix = header[262] == 0;
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
            throw new IOException("the system sent an invalid time: " + exact, e);
        }
    }

    /**
     * Reads a sparse file in GNU format 1.0. Before the data is a map of decimal numbers, one a line: the number of
     * parts, then offset and length of each part. The map is padded to a whole number of blocks.
     */
    private Content sparse(Map<String, String> records) throws IOException {
        if (!"1".equals(records.get("GNU.sparse.major")) || !"0".equals(records.get("GNU.sparse.minor"))) {
            throw new IOException("the system sent a sparse file in an unknown format");
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
                throw new IOException("the system sent a sparse file with overlapping or unordered parts");
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
            throw new IOException("the system sent a sparse file with another length of its parts than in its header");
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
                throw new IOException("the system sent a sparse file with an invalid map");
            }
            value = 10 * value + c - '0';
        }
    }

    /** Verifies the checksum of the header. It fails for foreign output in the stream, such as a greeting. */
    private void verifyChecksum() throws IOException {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            // The checksum field itself counts as spaces.
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        if (sum != number(148, 8)) {
            throw new IOException("the system sent no valid tar archive: '"
                    + RawFileName.readable(new String(header, 0, 40, ISO_8859_1))
                            .strip() + "…'");
        }
    }

    /** Reads a numeric field: octal digits, or base 256 (GNU) if the top bit of the first byte is set. */
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
            throw new IOException("the system sent no valid tar archive: '" + digits + "' is not a number", e);
        }
    }

    private static long whole(@Nullable String digits) throws IOException {
        try {
            return Long.parseUnsignedLong(String.valueOf(digits));
        } catch (NumberFormatException e) {
            throw new IOException("the system sent no valid tar archive: '" + digits + "' is not a number", e);
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
        if (size < 0 || size > MAX_EXTENSION) {
            throw new IOException("the system sent no valid tar archive: a name of " + size + " bytes");
        }
        byte[] content = in.readNBytes((int) size);
        if (content.length < size) {
            throw new EOFException("the archive ends early");
        }
        in.skipNBytes(-size & BLOCK - 1);
        return content;
    }

    private String text(long size) throws IOException {
        String text = new String(content(size), ISO_8859_1);
        return text.endsWith("\0") ? text.substring(0, text.length() - 1) : text;
    }

    /** Reads pax records: {@code LENGTH KEY=VALUE\n}, where the length counts the whole record. */
    private Map<String, String> records(long size) throws IOException {
        Map<String, String> records = new HashMap<>();
        String all = new String(content(size), ISO_8859_1);
        for (int at = 0; at < all.length(); ) {
            int blank = all.indexOf(' ', at);
            int end = blank < 0 || blank - at > 8 ? -1 : at + (int) whole(all.substring(at, blank));
            int equals = blank < 0 ? -1 : all.indexOf('=', blank);
            if (end > all.length() || equals < 0 || equals >= end || all.charAt(end - 1) != '\n') {
                throw new IOException("the system sent no valid tar archive: its pax records are malformed");
            }
            records.put(all.substring(blank + 1, equals), all.substring(equals + 1, end - 1));
            at = end;
        }
        return records;
    }

    /** The content of a file. Holes can be skipped, or read as zeros. */
    final class Content extends InputStream {
        private final @Nullable List<DataRange> data;
        private final long size;
        private long at;
        private int next;

        private Content(@Nullable List<DataRange> data, long size) {
            this.data = data;
            this.size = size;
        }

        /** {@return the length of the hole at the current position, which is skipped; 0 if there is data} */
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
                throw new EOFException("the archive ends early");
            }
            at += n;
            left -= n;
            return n;
        }
    }
}
