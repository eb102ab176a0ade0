package org.atex.adhoc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.atex.artifacts.AppendFile;
import org.jspecify.annotations.Nullable;

/**
 * The log file of a kept run, with a time in each line and further lines of an entry indented. It is created with the first
 * entry, and has about 16 MiB at most: the same failure may repeat for days. Thread-safe.
 */
final class LogFile implements AutoCloseable {
    private static final long MAX_BYTES = 16 << 20;

    private final Path path;
    private @Nullable AppendFile file; // guarded by this
    private boolean isOver; // guarded by this

    LogFile(Path path) {
        this.path = path;
    }

    synchronized void append(Instant at, String text) throws IOException {
        if (isOver) {
            return;
        }
        if (file == null) {
            file = AppendFile.open(path);
        }
        write(at, text);
        if (file.length() > MAX_BYTES) {
            write(at, "the log is full: further entries are left out");
            isOver = true;
        }
    }

    private void write(Instant at, String text) throws IOException {
        if (file != null) {
            file.append((at + " " + plain(text) + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Names of tests and systems are untrusted: they must neither control a terminal nor look like further entries. */
    private static String plain(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        text.strip().codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> plain.append("\n    ");
                case '\t' -> plain.append('\t');
                default -> plain.appendCodePoint(Character.isISOControl(c) ? '?' : c);
            }
        });
        return plain.toString();
    }

    @Override
    public synchronized void close() {
        isOver = true;
        try (AppendFile last = file) {
            file = null;
        } catch (IOException e) {
            // All entries are written.
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
