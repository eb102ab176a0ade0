package org.atex.pytest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads the end of the output of pytest. Stateless. */
final class OutputTail {
    private static final int MAX_BYTES = 64 << 10;

    private OutputTail() {}

    /** {@return at most the last 64 KiB of a file, decoded as UTF-8} */
    static String of(Path file) throws IOException {
        // Not a FileChannel: an interrupt closes it.
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long length = in.length();
            byte[] bytes = new byte[(int) Math.min(MAX_BYTES, length)];
            in.seek(length - bytes.length);
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /**
     * {@return the line of the output that tells most about an error: the last line of an internal error, the last line
     * that speaks of an error, or the last line; empty if there is no output}
     */
    static String complaint(Path output) throws IOException {
        List<String> lines = of(output).lines().filter(line -> !line.isBlank()).toList();
        String found = last(lines, line -> line.startsWith("INTERNALERROR>"))
                .or(() -> last(lines, line -> line.toLowerCase(Locale.ROOT).contains("error")))
                .orElse(lines.isEmpty() ? "" : lines.getLast());
        return PytestReport.oneLine(found);
    }

    private static Optional<String> last(List<String> lines, Predicate<String> choice) {
        return lines.stream().filter(choice).reduce((before, line) -> line);
    }
}
