package org.atex.reportportal;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.hc.client5.http.entity.mime.AbstractContentBody;
import org.apache.hc.core5.http.ContentType;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file that is sent with a log: all of it, or its beginning and its end. It is read while it is sent. Immutable.
 *
 * @param path the file
 * @param name a name of few characters of ASCII, unique within a call
 * @param type its media type
 * @param size its size
 * @param head the number of bytes from its beginning
 * @param tail the number of bytes from its end; 0 if it is sent as a whole
 */
record Attachment(Path path, String name, String type, long size, long head, long tail) {
    private static final int BUFFER = 64 << 10;
    private static final int MAX_CHARACTER = 4;

    static Attachment whole(Path path, String name, String type, long size) {
        return new Attachment(path, name, type, size, size, 0);
    }

    /** {@return the beginning and the end of a text, cut between characters of UTF-8} */
    static Attachment cut(Path path, String name, String type, long size, long limit) throws IOException {
        // Not a FileChannel: an interrupt of the thread closes it.
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            long head = startOfCharacter(file, limit / 4);
            long tailStart = endOfCharacter(file, size - (limit - limit / 4));
            return new Attachment(path, name, type, size, head, size - tailStart);
        }
    }

    private static long startOfCharacter(RandomAccessFile file, long at) throws IOException {
        long start = at;
        while (start > 0 && at - start < MAX_CHARACTER && isInside(file, start)) {
            start--;
        }
        return start;
    }

    private static long endOfCharacter(RandomAccessFile file, long at) throws IOException {
        long end = at;
        while (end - at < MAX_CHARACTER && isInside(file, end)) {
            end++;
        }
        return end;
    }

    private static boolean isInside(RandomAccessFile file, long at) throws IOException {
        file.seek(at);
        int next = file.read();
        return next >= 0 && (next & 0xc0) == 0x80;
    }

    static Attachment read(ObjectNode json, Path directory) {
        return new Attachment(
                directory.resolve(json.path("path").asString("")),
                json.path("name").asString(""),
                json.path("type").asString(""),
                json.path("size").asLong(0),
                json.path("head").asLong(0),
                json.path("tail").asLong(0));
    }

    ObjectNode write(Path directory) {
        return Json.object()
                .put("path", directory.relativize(path).toString())
                .put("name", name)
                .put("type", type)
                .put("size", size)
                .put("head", head)
                .put("tail", tail);
    }

    boolean isText() {
        return type.startsWith("text/");
    }

    /** {@return the line in the place of the bytes that are not sent} */
    private byte[] gap() {
        return tail == 0
                ? new byte[0]
                : ("\n[" + (size - head - tail) + " of " + size + " bytes were left out here]\n")
                        .getBytes(StandardCharsets.UTF_8);
    }

    /** {@return the beginning and the end of a text, together of at most this number of bytes, for a log} */
    String excerpt(int bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            if (size <= bytes) {
                return text(file, 0, (int) size);
            }
            int first = bytes / 4;
            int last = bytes - first;
            return text(file, 0, first) + "\n[" + (size - bytes) + " of " + size + " bytes were left out here]\n"
                    + text(file, size - last, last);
        }
    }

    /** {@return the last lines of a text, of at most this number of bytes} */
    String lastLines(int bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            String text = text(file, Math.max(0, size - bytes), (int) Math.min(size, bytes));
            int line = text.indexOf('\n');
            return size > bytes && line >= 0 ? text.substring(line + 1) : text;
        }
    }

    private static String text(RandomAccessFile file, long from, int length) throws IOException {
        byte[] bytes = new byte[length];
        file.seek(from);
        int read = Math.max(0, file.read(bytes));
        int first = 0;
        while (from > 0 && first < Math.min(read, MAX_CHARACTER - 1) && (bytes[first] & 0xc0) == 0x80) {
            first++;
        }
        return new String(bytes, first, read - first, StandardCharsets.UTF_8);
    }

    /** {@return the content of a part of a call} */
    AbstractContentBody body() {
        return new Body(this, gap());
    }

    private static final class Body extends AbstractContentBody {
        private final Attachment file;
        private final byte[] gap;

        Body(Attachment file, byte[] gap) {
            super(ContentType.parse(file.type()));
            this.file = file;
            this.gap = gap;
        }

        @Override
        public String getFilename() {
            return file.name();
        }

        @Override
        public long getContentLength() {
            return file.head() + gap.length + file.tail();
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            try (RandomAccessFile in = new RandomAccessFile(file.path().toFile(), "r")) {
                byte[] buffer = new byte[BUFFER];
                copy(in, file.head(), out, buffer);
                out.write(gap);
                in.seek(file.size() - file.tail());
                copy(in, file.tail(), out, buffer);
            }
        }

        private void copy(RandomAccessFile in, long length, OutputStream out, byte[] buffer) throws IOException {
            for (long left = length; left > 0; ) {
                int some = in.read(buffer, 0, (int) Math.min(left, buffer.length));
                if (some < 0) {
                    throw new EOFException(file.path() + " has become shorter than " + file.size() + " bytes");
                }
                out.write(buffer, 0, some);
                left -= some;
            }
        }
    }
}
