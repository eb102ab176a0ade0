package org.atex.adhoc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.atex.api.Artifacts;
import org.jspecify.annotations.Nullable;

/** Where attempts put their artifacts until they are ingested: numbered directories below one. Thread-safe. */
final class ArtifactRoom {
    private final Path root;
    private final boolean ours;
    private final AtomicLong count = new AtomicLong();

    ArtifactRoom(@Nullable Path directory) {
        try {
            ours = directory == null;
            root = directory == null ? Files.createTempDirectory("atex-run-") : Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("could not make a directory for the tests' artifacts: " + e, e);
        }
    }

    ArtifactRoom(Path root, boolean ours) {
        this.root = root;
        this.ours = ours;
    }

    Artifacts next() throws IOException {
        while (true) {
            Path directory = root.resolve(Long.toString(count.incrementAndGet()));
            try {
                return Artifacts.at(Files.createDirectory(directory));
            } catch (FileAlreadyExistsException e) {
                // An earlier run has left artifacts there that it could not store: the next number is free, or the one
                // after.
            }
        }
    }

    /**
     * Removes what this room made itself, unless artifacts are kept there that could not be stored.
     *
     * @param problems is told if that fails: results are worth more than an empty directory is trouble
     */
    void close(Consumer<String> problems) {
        if (ours) {
            try {
                Files.deleteIfExists(root);
            } catch (DirectoryNotEmptyException e) {
                // Somebody was told where they are.
            } catch (IOException e) {
                problems.accept("the directory of the tests' artifacts, " + root + ", was not deleted: " + e);
            }
        }
    }
}
