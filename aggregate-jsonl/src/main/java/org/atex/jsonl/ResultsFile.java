package org.atex.jsonl;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.atex.artifacts.AppendFile;
import org.atex.artifacts.Spool;

/** Opens the file for the results: a new one, or one that a run before left, whose torn end is cut off. */
final class ResultsFile {
    private static final int CHUNK = 64 << 10;

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

    private void resumePlain(AppendFile file, Names names) throws IOException {
        byte[] end = options.layout().end().getBytes(StandardCharsets.US_ASCII);
        try (RandomAccessFile in = new RandomAccessFile(path.toFile(), "r")) {
            file.cut(endOfLast(in, end));
        }
        try (InputStream in = new FileInputStream(path.toFile())) {
            options.layout().names(in, names::add);
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
                options.layout().names(member.input(), names::add);
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
