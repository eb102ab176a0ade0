package org.atex.api;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The directory into which one attempt at a test writes its results and files. It holds
 *
 * <ul>
 *   <li>{@code results}: JSON Lines. Each line is one {@link ReportedResult}: an object with the keys {@code status},
 *       {@code name}, {@code note} and {@code files}, all optional, and any further keys;
 *   <li>{@code files/}: the files, each below a directory with the name of its result if the result has a name.
 * </ul>
 *
 * <p>Both may be missing. A test that never started has {@link #none() no artifacts}.
 *
 * <p>Lifecycle: the caller of {@link Executor#run} creates an empty directory, and owns it until an {@link Aggregator}
 * has ingested it. The owner deletes it, see {@link #delete()}.
 *
 * <p>Thread safety: this class is immutable and safe for use by several threads. The directory itself is not
 * synchronized.
 */
public final class Artifacts {
    private static final Artifacts NONE = new Artifacts(null);

    private final @Nullable Path directory;

    private Artifacts(@Nullable Path directory) {
        this.directory = directory;
    }

    /** {@return the artifacts of a test that never started} */
    public static Artifacts none() {
        return NONE;
    }

    /**
     * {@return the artifacts in a directory}
     *
     * @param directory an existing directory, empty before the test runs
     * @throws IllegalArgumentException if there is no such directory
     */
    public static Artifacts at(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException("artifacts need an existing directory, but " + directory
                    + " is missing or not a directory; create it first");
        }
        return new Artifacts(directory);
    }

    /** {@return whether these are the artifacts of a test that never started, which have no directory} */
    public boolean isNone() {
        return directory == null;
    }

    /**
     * {@return the directory}
     *
     * @throws IllegalStateException if these artifacts are {@link #none()}
     */
    public Path directory() {
        if (directory == null) {
            throw new IllegalStateException(
                    "these artifacts have no directory, because the test never started; check isNone() first");
        }
        return directory;
    }

    /**
     * {@return the path of the results file, which may be missing}
     *
     * @throws IllegalStateException if these artifacts are {@link #none()}
     */
    public Path results() {
        return directory().resolve("results");
    }

    /**
     * {@return the path of the directory for files, which may be missing}
     *
     * @throws IllegalStateException if these artifacts are {@link #none()}
     */
    public Path files() {
        return directory().resolve("files");
    }

    /**
     * Deletes the directory with everything in it. Links are deleted, not followed. Does nothing if there is no
     * directory.
     *
     * @throws IOException if an entry cannot be deleted; earlier entries may be gone already
     */
    public void delete() throws IOException {
        if (directory != null && !deletedAlmostEmpty(directory)) {
            Files.walkFileTree(directory, new Deletion());
        }
    }

    /**
     * Deletes a directory that is empty but for {@code results} and an empty {@code files}: the usual case after an
     * aggregator has moved the files out. This avoids a walk of the tree, and an exception for each file that is missing.
     */
    private static boolean deletedAlmostEmpty(Path directory) {
        if (!directory.getFileSystem().equals(FileSystems.getDefault())) {
            return false;
        }
        File file = directory.toFile();
        if (file.delete()) {
            return true;
        }
        for (String usual : List.of("results", "files")) {
            boolean unused = new File(file, usual).delete();
        }
        return file.delete();
    }

    private static final class Deletion extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            // Another process, such as a leftover of the test, may delete files at the same time.
            if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
            if (e != null) {
                throw e;
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
        }
    }

    @Override
    public String toString() {
        return directory == null ? "no artifacts" : directory.toString();
    }
}
