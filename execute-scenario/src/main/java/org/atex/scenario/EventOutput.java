package org.atex.scenario;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.artifacts.SafePath;

/**
 * The files of one event: each occurrence of a command writes its output to a file of its own, which is kept if it fails,
 * and else appended to the file of the event. Thread-safe.
 */
final class EventOutput {
    /** The output of a command. */
    static final String FILE = "output.txt";

    private static final String STACK_TRACE = "stacktrace.txt";

    /** The size at which the file of the event is complete. */
    private static final long MAX_BYTES = 10 * 1024 * 1024;

    private final Artifacts artifacts;
    private final Path ofEvent;
    private final ReentrantLock appending = new ReentrantLock();
    private long bytes;
    private boolean full;

    EventOutput(Artifacts artifacts, String event) {
        this.artifacts = artifacts;
        this.ofEvent = file(event, FILE);
    }

    /** {@return the path of a file of a part, which may be missing} */
    Path file(String part, String name) {
        return artifacts.files().resolve(SafePath.ofFile(part, name));
    }

    /** {@return the names of the files of an event or occurrence} */
    List<String> filesOf(String part) {
        return Stream.of(FILE, STACK_TRACE)
                .filter(name -> Files.exists(file(part, name)))
                .toList();
    }

    /** Writes the stack trace of a failed occurrence. */
    void write(String part, String stackTrace) throws IOException {
        Path file = file(part, STACK_TRACE);
        Files.createDirectories(file.getParent());
        Files.writeString(file, stackTrace);
    }

    /**
     * Moves the output of an occurrence to the end of the file of the event, after a line with its name.
     *
     * @throws IOException if the file cannot be written
     */
    void append(String part) throws IOException {
        Path from = file(part, FILE);
        if (!Files.exists(from)) {
            return;
        }
        appending.lock();
        try {
            if (!full) {
                append(part, from);
            }
        } finally {
            appending.unlock();
        }
        delete(part);
    }

    private void append(String part, Path from) throws IOException {
        String heading = "==> " + Words.line(part) + " <==\n";
        full = bytes + heading.length() + Files.size(from) > MAX_BYTES;
        if (full) {
            heading = "==> the output from " + Words.line(part) + " onwards is left out <==\n";
        }
        Files.createDirectories(ofEvent.getParent());
        // Not a FileChannel, which an interrupt closes in the middle of a write.
        try (OutputStream out = new FileOutputStream(ofEvent.toFile(), true)) {
            out.write(heading.getBytes(StandardCharsets.UTF_8));
            if (!full) {
                bytes += heading.length() + Files.size(from);
                Files.copy(from, out);
            }
        }
    }

    /** Deletes the output of an occurrence that has no part of its own. */
    void delete(String part) throws IOException {
        Path file = file(part, FILE);
        if (Files.deleteIfExists(file)) {
            try {
                Files.delete(file.getParent());
            } catch (DirectoryNotEmptyException e) {
                // The event has written other files there.
            }
        }
    }
}
