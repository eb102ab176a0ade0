package org.atex.jsonl;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.StreamCorruptedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.atex.artifacts.AppendFile;
import org.atex.artifacts.Spool;

/** Opens the file for the results: a new one, or one that a run before left, whose torn end is cut off. */
final class ResultsFile {
    private static final int CHUNK = 64 << 10;
    private static final int LONGEST_BEGINNING = 6;

    private final Path path;
    private final Path scratch;
    private final JsonLinesOptions options;

    ResultsFile(Path path, Path scratch, JsonLinesOptions options) {
        this.path = path;
        this.scratch = scratch;
        this.options = options;
    }

    AppendFile open(Names names) throws IOException {
        AppendFile file = AppendFile.open(path);
        try {
            checkBeginning();
            if (options.compression() == Compression.NONE) {
                resumePlain(file, names);
            } else {
                resumeMembers(file, names);
            }
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Before anything is cut off: what was written otherwise has its end elsewhere. */
    private void checkBeginning() throws IOException {
        byte[] beginning = beginning(path);
        if (!begins(beginning, options)) {
            throw new StreamCorruptedException(path + " was not written with these options: it begins with "
                    + printable(beginning) + "; choose the compression and the layout that it has, or another file");
        }
    }

    /**
     * Cuts off what a writer that was killed left of its last piece, whichever options it had.
     *
     * @throws IOException if it was not written by one, or is broken before its end; it is as it was
     */
    static void complete(Path path) throws IOException {
        byte[] beginning = beginning(path);
        if (beginning.length == 0) {
            return;
        }
        JsonLinesOptions plain = JsonLinesOptions.defaults();
        JsonLinesOptions options = Stream.of(
                        plain,
                        plain.withYaml(),
                        plain.withCompression(Compression.GZIP),
                        plain.withCompression(Compression.XZ))
                .filter(some -> begins(beginning, some))
                .findFirst()
                .orElseThrow(() -> new StreamCorruptedException(
                        path + " is not written as results are: it begins with " + printable(beginning)));
        try (AppendFile file = AppendFile.open(path)) {
            file.cut(wholeLength(path, options));
        }
    }

    private static long wholeLength(Path path, JsonLinesOptions options) throws IOException {
        if (options.compression() == Compression.NONE) {
            try (RandomAccessFile in = new RandomAccessFile(path.toFile(), "r")) {
                return endOfLast(in, options.layout().end().getBytes(StandardCharsets.US_ASCII));
            }
        }
        try (InputStream in = new FileInputStream(path.toFile())) {
            Members members = options.compression().members(in);
            while (members.next(OutputStream.nullOutputStream())) {
                // One after the other.
            }
            return members.end();
        }
    }

    private static byte[] beginning(Path path) throws IOException {
        try (InputStream in = new FileInputStream(path.toFile())) {
            return in.readNBytes(LONGEST_BEGINNING);
        }
    }

    /** {@return whether a file that begins so may have been written with these options; a torn beginning may} */
    private static boolean begins(byte[] beginning, JsonLinesOptions options) {
        byte[] expected = options.compression() == Compression.NONE
                ? options.layout().begin().getBytes(StandardCharsets.US_ASCII)
                : options.compression().begin();
        int length = Math.min(beginning.length, expected.length);
        return Arrays.equals(beginning, 0, length, expected, 0, length);
    }

    private static String printable(byte[] bytes) {
        boolean text = true;
        for (byte b : bytes) {
            text &= b >= ' ' && b <= '~';
        }
        return text
                ? "'" + new String(bytes, StandardCharsets.US_ASCII) + "'"
                : "the bytes " + HexFormat.ofDelimiter(" ").formatHex(bytes);
    }

    private void resumePlain(AppendFile file, Names names) throws IOException {
        byte[] end = options.layout().end().getBytes(StandardCharsets.US_ASCII);
        try (RandomAccessFile in = new RandomAccessFile(path.toFile(), "r")) {
            file.cut(endOfLast(in, end));
        }
        try (InputStream in = new FileInputStream(path.toFile())) {
            options.layout().names(in, names::addEarlier);
        }
    }

    private void resumeMembers(AppendFile file, Names names) throws IOException {
        try (InputStream in = new FileInputStream(path.toFile())) {
            Members members = options.compression().members(in);
            while (isAdded(members, names)) {
                // One after the other.
            }
            file.cut(members.end());
        }
    }

    /** What a member holds is not to be believed before its checksum was seen, and may not fit in memory. */
    private boolean isAdded(Members members, Names names) throws IOException {
        try (Spool member = new Spool(scratch)) {
            boolean whole = members.next(member);
            if (whole) {
                options.layout().names(member.input(), names::addEarlier);
            }
            return whole;
        }
    }

    /** {@return the place after the last of those marks; 0 if there is none} */
    private static long endOfLast(RandomAccessFile file, byte[] mark) throws IOException {
        byte[] chunk = new byte[CHUNK + mark.length];
        for (long to = file.length(); to > 0; to -= CHUNK) {
            long from = Math.max(0, to - CHUNK);
            // With some of the chunk after it: a mark may lie across the border.
            int length = (int) Math.min(chunk.length, file.length() - from);
            file.seek(from);
            file.readFully(chunk, 0, length);
            for (int i = length - mark.length; i >= 0; i--) {
                if (Arrays.equals(chunk, i, i + mark.length, mark, 0, mark.length)) {
                    return from + i + mark.length;
                }
            }
        }
        return 0;
    }
}
