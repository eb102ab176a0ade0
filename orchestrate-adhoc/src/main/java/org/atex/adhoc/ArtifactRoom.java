package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.atex.api.Artifacts;
import org.atex.artifacts.FreeSpace;
import org.jspecify.annotations.Nullable;

/** Where attempts put their artifacts until they are ingested: numbered directories below one. Thread-safe. */
final class ArtifactRoom {
    private final Path root;
    private final boolean ours;
    private final AtomicLong count = new AtomicLong();

    /**
     * Makes the directory.
     *
     * @param directory where, or null for a temporary one
     */
    static ArtifactRoom in(@Nullable Path directory) throws IOException {
        return directory == null
                ? new ArtifactRoom(Files.createTempDirectory("atex-run-"), true)
                : new ArtifactRoom(Files.createDirectories(directory), false);
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
            } catch (NoSuchFileException e) {
                Files.createDirectories(root);
            }
        }
    }

    /** {@return why nothing can be written here; empty if something can} */
    String whyNoRoom() {
        try {
            FreeSpace.require(Files.createDirectories(root));
            return "";
        } catch (IOException e) {
            return Words.of(e);
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
                // The summary says where they are.
            } catch (IOException e) {
                problems.accept("the directory of the tests' artifacts, " + root + ", was not deleted: " + e);
            }
        }
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
