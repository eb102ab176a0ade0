package org.atex.artifacts;

import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.ReportedResult;
import org.jspecify.annotations.Nullable;

/**
 * Reads an excerpt of the artifacts of a failed attempt: its failed results, and the last lines of its output.
 *
 * <p>Memory and time are bounded: it reads the first {@value #MAX_RESULT_BYTES} bytes and {@value #MAX_RESULTS} results
 * of the {@code results} file, and the last {@value #MAX_OUTPUT_BYTES} bytes of the output. It does not fail: results
 * before an invalid line are returned, and files that cannot be read are ignored. Only files inside the artifacts are
 * read; symbolic links that lead out of them are not followed.
 *
 * <p>Thread safety: thread-safe. Does not react to interrupts.
 */
public final class Excerpts {
    /** Maximum number of failed results in an excerpt. */
    public static final int MAX_PARTS = 20;

    /** Maximum number of characters of a line, a name or a note; longer ones are cut and end with {@code …}. */
    public static final int MAX_LINE = 500;

    /** Number of bytes read from the end of the output: 64 KiB. */
    public static final int MAX_OUTPUT_BYTES = 64 << 10;

    /** Number of bytes read from the beginning of the results: 16 MiB. */
    public static final int MAX_RESULT_BYTES = 16 << 20;

    /** Maximum number of results read. */
    public static final int MAX_RESULTS = 100_000;

    private static final String OUTPUT = "output.txt";
    private static final int MAX_FILES = 20;

    private final Artifacts artifacts;
    private final List<ReportedResult> parts = new ArrayList<>();
    private String output = OUTPUT;

    private Excerpts(Artifacts artifacts) {
        this.artifacts = artifacts;
    }

    /**
     * {@return the failed results of subtests and the last lines of the output, as far as they can be read}
     *
     * <p>A failed result is one with a name and a status other than {@code pass}, {@code info} or {@code skip}. Its
     * name and note are cut to {@value #MAX_LINE} characters; additional keys are dropped.
     *
     * <p>The output is determined by the last result of the test itself that lists files: {@code output.txt} if it is
     * among them, else the first of them that is no {@link ProcessList}. Without such a result it is {@code output.txt}.
     * Malformed UTF-8 becomes U+FFFD, blank lines at the end are omitted, and of a line that was overwritten with
     * carriage returns the last text is kept.
     *
     * @param artifacts the artifacts, before they are ingested
     * @param lastLines the maximum number of lines of the output; 0 to omit the output
     * @throws IllegalArgumentException if the number of lines is negative
     */
    public static Excerpt read(Artifacts artifacts, int lastLines) {
        requireNotNegative(lastLines);
        if (artifacts.isNone()) {
            return Excerpt.none();
        }
        Excerpts excerpts = new Excerpts(artifacts);
        excerpts.readParts();
        return new Excerpt(excerpts.parts, excerpts.lines(lastLines));
    }

    /**
     * {@return the last lines of {@code output.txt}, as far as they can be read} It is cheaper than {@link #read}, for tests
     * that still run.
     *
     * @param artifacts the artifacts
     * @param count the maximum number of lines
     * @throws IllegalArgumentException if it is negative
     */
    public static List<String> lastLines(Artifacts artifacts, int count) {
        requireNotNegative(count);
        return artifacts.isNone() ? List.of() : new Excerpts(artifacts).lines(count);
    }

    private static void requireNotNegative(int lines) {
        if (lines < 0) {
            throw new IllegalArgumentException("the number of lines must not be negative: " + lines);
        }
    }

    private void readParts() {
        // Opening a pipe or a device could block.
        if (!Files.isRegularFile(artifacts.results(), LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (ResultReader results = ResultReader.of(
                artifacts.results(),
                new FirstBytes(new FileInputStream(artifacts.results().toFile()), MAX_RESULT_BYTES))) {
            for (int read = 0; read < MAX_RESULTS; read++) {
                ReportedResult result = results.next();
                if (result == null) {
                    return;
                }
                add(result);
            }
        } catch (IOException | RuntimeException e) {
            // The aggregator reports invalid results. The results before the invalid line are still useful in an
            // excerpt.
        }
    }

    private void add(ReportedResult result) {
        if (result.name() == null) {
            Optional<String> first = result.files().stream()
                    .filter(file -> !file.equals(ProcessList.FILE))
                    .findFirst();
            if (first.isPresent()) {
                output = result.files().contains(OUTPUT) ? OUTPUT : first.get();
            }
        } else if (parts.size() < MAX_PARTS && AttemptNotes.isBad(result.status())) {
            parts.add(cut(result));
        }
    }

    /** Bounds the size of a result: excerpts are kept in memory until the end of the run. */
    private static ReportedResult cut(ReportedResult result) {
        List<String> files = result.files().stream()
                .filter(file -> file.length() <= MAX_LINE)
                .limit(MAX_FILES)
                .toList();
        return ReportedResult.of(result.status(), cutIfAny(result.note()), files)
                .withName(cutIfAny(result.name()));
    }

    private List<String> lines(int count) {
        if (count == 0) {
            return List.of();
        }
        try {
            Path file = inside(SafePath.ofFile(null, output));
            return file == null ? List.of() : lastLines(file, count);
        } catch (IOException | RuntimeException e) {
            return List.of();
        }
    }

    /** {@return the real path of a file, or null if it is not a regular file or not inside the artifacts} */
    private @Nullable Path inside(String path) throws IOException {
        Path files = artifacts.directory().toRealPath().resolve("files");
        Path file = files.resolve(path).toRealPath();
        return file.startsWith(files) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? file : null;
    }

    private static List<String> lastLines(Path file, int count) throws IOException {
        // Not a FileChannel: a pending interrupt of the caller would close it.
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long length = in.length();
            long start = Math.max(0, length - MAX_OUTPUT_BYTES);
            byte[] bytes = new byte[(int) (length - start)];
            in.seek(start);
            in.readFully(bytes);
            return lastLines(bytes, start > 0, count);
        }
    }

    private static List<String> lastLines(byte[] bytes, boolean begun, int count) {
        int first = begun ? firstCharacter(bytes) : 0;
        String text = new String(bytes, first, bytes.length - first, StandardCharsets.UTF_8).stripTrailing();
        if (text.isEmpty()) {
            return List.of();
        }
        List<String> lines = List.of(text.split("\n", -1));
        if (begun && lines.size() > 1) {
            // The first line is incomplete, as its beginning was not read.
            lines = lines.subList(1, lines.size());
        }
        return lines.subList(Math.max(0, lines.size() - count), lines.size()).stream()
                .map(line -> cut(lastShown(line)))
                .toList();
    }

    /** {@return the position of the first complete UTF-8 character} */
    private static int firstCharacter(byte[] bytes) {
        int first = 0;
        while (first < 3 && first < bytes.length && (bytes[first] & 0xc0) == 0x80) {
            first++;
        }
        return first;
    }

    /** {@return the text that a terminal finally shows: progress bars overwrite a line with carriage returns} */
    private static String lastShown(String line) {
        String text = line.stripTrailing();
        return text.substring(text.lastIndexOf('\r') + 1);
    }

    private static @Nullable String cutIfAny(@Nullable String note) {
        return note == null ? null : cut(note);
    }

    private static String cut(String line) {
        if (line.length() <= MAX_LINE) {
            return line;
        }
        int end = MAX_LINE - 1;
        return line.substring(0, Character.isHighSurrogate(line.charAt(end - 1)) ? end - 1 : end) + "…";
    }

    /** Ends a stream after a number of bytes. */
    private static final class FirstBytes extends FilterInputStream {
        private long left;

        FirstBytes(InputStream in, long limit) {
            super(in);
            left = limit;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int got = left == 0 ? -1 : in.read(bytes, offset, (int) Math.min(length, left));
            left -= Math.max(got, 0);
            return got;
        }
    }
}
