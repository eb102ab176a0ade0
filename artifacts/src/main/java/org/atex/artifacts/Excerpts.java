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
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.jspecify.annotations.Nullable;

/**
 * Reads what people want to see first of an attempt that did not pass: its failed parts, and the last lines of its output.
 *
 * <p>It needs little memory and time whatever the test left: it reads the first {@value #MAX_RESULT_BYTES} bytes and
 * {@value #MAX_RESULTS} results of the {@code results} file, and the last {@value #MAX_OUTPUT_BYTES} bytes of the output.
 * It never fails: of results that are broken it returns those before the broken line, and of files that cannot be read
 * nothing. A file is read only if it lies in the artifacts; a symbolic link that leads out of them is not followed.
 *
 * <p>Thread safety: any number of threads may call it. It does not react to interrupts.
 */
public final class Excerpts {
    /** How many failed parts an excerpt has at most. */
    public static final int MAX_PARTS = 20;

    /** How many characters of a line, a name or a note are kept: a longer one is cut and ends in {@code …}. */
    public static final int MAX_LINE = 500;

    /** How much of the output is read: the last 64 KiB. */
    public static final int MAX_OUTPUT_BYTES = 64 << 10;

    /** How much of the results is read: the first 16 MiB. */
    public static final int MAX_RESULT_BYTES = 16 << 20;

    /** How many results are read. */
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
     * {@return the failed parts of a test and the last lines of its output, as far as they can be read}
     *
     * <p>A failed part is a result with a name whose status is neither {@code pass}, {@code info} nor {@code skip}. Its
     * name and note are cut to {@value #MAX_LINE} characters; further keys are left out. The output is the file
     * {@code output.txt} of the last result about the test itself that lists files, or the first of those files if that
     * is not among them, or {@code output.txt} if no such result lists files. Bytes that are not UTF-8 become U+FFFD;
     * blank lines at the end are left out; of a line that was overwritten by carriage returns the last text is kept.
     *
     * @param artifacts what the test left, not yet ingested
     * @param lastLines how many lines of the output to read at most; none for 0
     */
    public static Excerpt read(Artifacts artifacts, int lastLines) {
        if (lastLines < 0) {
            throw new IllegalArgumentException("cannot read the last " + lastLines + " lines of an output");
        }
        if (artifacts.isNone()) {
            return Excerpt.none();
        }
        Excerpts excerpts = new Excerpts(artifacts);
        excerpts.readParts();
        return new Excerpt(excerpts.parts, excerpts.lines(lastLines));
    }

    private void readParts() {
        // A pipe or a device would be waited for.
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
            // Whoever stores the results says what is wrong with them. Those before are worth showing all the same.
        }
    }

    private void add(ReportedResult result) {
        if (result.name() == null) {
            if (!result.files().isEmpty()) {
                output = result.files().contains(OUTPUT)
                        ? OUTPUT
                        : result.files().getFirst();
            }
        } else if (parts.size() < MAX_PARTS && isBad(result)) {
            parts.add(cut(result));
        }
    }

    private static boolean isBad(ReportedResult result) {
        if (result.status() == null) {
            return false;
        }
        Outcome outcome = Outcome.of(result.status());
        return outcome != Outcome.PASSED && outcome != Outcome.SKIPPED;
    }

    /** What is kept of a test for as long as the run goes on must not be as large as the test likes. */
    private static ReportedResult cut(ReportedResult result) {
        List<String> files = result.files().stream()
                .filter(file -> file.length() <= MAX_LINE)
                .limit(MAX_FILES)
                .toList();
        return new ReportedResult(result.status(), cutIfAny(result.name()), cutIfAny(result.note()), files, Map.of());
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

    /** {@return the file itself, or null if it is none or not in the artifacts} */
    private @Nullable Path inside(String path) throws IOException {
        Path files = artifacts.directory().toRealPath().resolve("files");
        Path file = files.resolve(path).toRealPath();
        return file.startsWith(files) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? file : null;
    }

    private static List<String> lastLines(Path file, int count) throws IOException {
        // Not a channel: an interrupt that is meant for the caller would close it.
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
            // The first one is the rest of a line.
            lines = lines.subList(1, lines.size());
        }
        return lines.subList(Math.max(0, lines.size() - count), lines.size()).stream()
                .map(line -> cut(lastShown(line)))
                .toList();
    }

    /** Leaves out what is left of a character whose beginning was not read. */
    private static int firstCharacter(byte[] bytes) {
        int first = 0;
        while (first < 3 && first < bytes.length && (bytes[first] & 0xc0) == 0x80) {
            first++;
        }
        return first;
    }

    /** What a terminal shows in the end: progress is written over itself many times. */
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

    /** A file whose end is not wanted. */
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
