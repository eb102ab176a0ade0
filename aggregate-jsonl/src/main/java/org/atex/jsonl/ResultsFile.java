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
import org.atex.artifacts.TempBuffer;

/** Opens the file for the results: a new one, or that of an earlier run without its incomplete end. */
final class ResultsFile {
    private static final int CHUNK = 64 << 10;
    // The magic number of xz has 6 bytes, the longest of all formats.
    private static final int LONGEST_BEGINNING = 6;

    private final Path path;
    private final Path scratch;
    private final JsonLinesOptions options;

    ResultsFile(Path path, Path scratch, JsonLinesOptions options) {
        this.path = path;
        this.scratch = scratch;
        this.options = options;
    }

    AppendFile open(TestNames names) throws IOException {
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

    // Checked before anything is cut off: in a file of another format, this format would find no end and cut
    // everything.
    private void checkBeginning() throws IOException {
        byte[] beginning = beginning(path);
        if (!begins(beginning, options)) {
            throw new StreamCorruptedException(path + " was not written with these options: it begins with "
                    + printable(beginning) + "; choose the compression and the layout of the file, or another file");
        }
    }

    /**
     * Cuts off the incomplete end that a killed writer left, whatever its options were.
     *
     * @throws IOException if the file was not written by this library, or is corrupt before its end; it is unchanged
     *     then
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
                        path + " is not a results file: it begins with " + printable(beginning)));
        try (AppendFile file = AppendFile.open(path)) {
            file.truncate(wholeLength(path, options));
        }
    }

    private static long wholeLength(Path path, JsonLinesOptions options) throws IOException {
        if (options.compression() == Compression.NONE) {
            try (RandomAccessFile in = new RandomAccessFile(path.toFile(), "r")) {
                return endOfLast(in, options.layout().end().getBytes(StandardCharsets.US_ASCII));
            }
        }
        try (InputStream in = new FileInputStream(path.toFile())) {
            CompressedMembers members = options.compression().members(in);
            while (members.next(OutputStream.nullOutputStream())) {
                // Reads all complete members.
            }
            return members.end();
        }
    }

    private static byte[] beginning(Path path) throws IOException {
        try (InputStream in = new FileInputStream(path.toFile())) {
            return in.readNBytes(LONGEST_BEGINNING);
        }
    }

    /** {@return whether a file with this beginning, which may be incomplete, was written with the given options} */
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

    private void resumePlain(AppendFile file, TestNames names) throws IOException {
        byte[] end = options.layout().end().getBytes(StandardCharsets.US_ASCII);
        try (RandomAccessFile in = new RandomAccessFile(path.toFile(), "r")) {
            file.truncate(endOfLast(in, end));
        }
        try (InputStream in = new FileInputStream(path.toFile())) {
            options.layout().names(in, names::addEarlier);
        }
    }

    private void resumeMembers(AppendFile file, TestNames names) throws IOException {
        try (InputStream in = new FileInputStream(path.toFile())) {
            CompressedMembers members = options.compression().members(in);
            while (isAdded(members, names)) {
                // Reads all complete members.
            }
            file.truncate(members.end());
        }
    }

    // The content goes through a buffer: it may not fit in memory, and is valid only after the checksum was verified.
    private boolean isAdded(CompressedMembers members, TestNames names) throws IOException {
        try (TempBuffer member = new TempBuffer(scratch)) {
            boolean whole = members.next(member);
            if (whole) {
                options.layout().names(member.input(), names::addEarlier);
            }
            return whole;
        }
    }

    /** {@return the position after the last occurrence of a mark; 0 if it does not occur} */
    private static long endOfLast(RandomAccessFile file, byte[] mark) throws IOException {
        byte[] chunk = new byte[CHUNK + mark.length];
        for (long to = file.length(); to > 0; to -= CHUNK) {
            long from = Math.max(0, to - CHUNK);
            // Includes the beginning of the next chunk, as a mark may cross the border.
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
