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

/**
 * Creates the directories for the artifacts of attempts: numbered subdirectories of one root directory, used until the
 * artifacts are ingested. Thread-safe.
 */
final class ArtifactDirectories {
    private final Path root;
    private final boolean ours;
    private final AtomicLong count = new AtomicLong();

    /**
     * Creates the root directory.
     *
     * @param directory the root directory, or null for a temporary one
     */
    static ArtifactDirectories in(@Nullable Path directory) throws IOException {
        return directory == null
                ? new ArtifactDirectories(Files.createTempDirectory("atex-run-"), true)
                : new ArtifactDirectories(Files.createDirectories(directory), false);
    }

    ArtifactDirectories(Path root, boolean ours) {
        this.root = root;
        this.ours = ours;
    }

    Artifacts next() throws IOException {
        while (true) {
            Path directory = root.resolve(Long.toString(count.incrementAndGet()));
            try {
                return Artifacts.at(Files.createDirectory(directory));
            } catch (FileAlreadyExistsException e) {
                // An earlier run left artifacts here that it could not store. They are kept: try the next number.
            } catch (NoSuchFileException e) {
                Files.createDirectories(root);
            }
        }
    }

    /** {@return the reason why the directory cannot be written to; empty if it can} */
    String whyNoSpace() {
        try {
            FreeSpace.require(Files.createDirectories(root));
            return "";
        } catch (IOException e) {
            return Throwables.describe(e);
        }
    }

    /**
     * Deletes the root directory if it is temporary and empty. Artifacts that could not be stored are kept.
     *
     * @param problems receives a message if the deletion fails, which does not fail the run
     */
    void close(Consumer<String> problems) {
        if (ours) {
            try {
                Files.deleteIfExists(root);
            } catch (DirectoryNotEmptyException e) {
                // It contains artifacts that were not stored; the run's summary names their path.
            } catch (IOException e) {
                problems.accept("could not delete the temporary artifact directory " + root + ": " + e);
            }
        }
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
