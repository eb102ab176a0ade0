package org.atex.api;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt at a test leaves behind: a directory with
 *
 * <ul>
 *   <li>{@code results}: JSON Lines, each line one {@link ReportedResult} with the keys {@code status}, {@code name},
 *       {@code note} and {@code files}, all optional, and any others;
 *   <li>{@code files/}: the files, each under its result's name where it has one.
 * </ul>
 *
 * <p>Both may be missing. A test that never ran has {@link #none()}. Whoever holds the directory owns it: it passes from
 * the executor's caller to the {@link Aggregator} that ingested it. Immutable, and so thread-safe; the directory is not.
 */
public final class Artifacts {
    private static final Artifacts NONE = new Artifacts(null);

    private final @Nullable Path directory;

    private Artifacts(@Nullable Path directory) {
        this.directory = directory;
    }

    /** {@return those of a test that never ran} */
    public static Artifacts none() {
        return NONE;
    }

    /**
     * {@return those in a directory}
     *
     * @param directory an existing directory, which is empty before the test runs
     */
    public static Artifacts at(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException("artifacts need an existing directory: " + directory + " is none");
        }
        return new Artifacts(directory);
    }

    /** {@return whether there is no directory at all} */
    public boolean isNone() {
        return directory == null;
    }

    /**
     * {@return the directory}
     *
     * @throws IllegalStateException if these are {@link #none()}
     */
    public Path directory() {
        if (directory == null) {
            throw new IllegalStateException("a test that never ran has no artifacts: ask isNone() first");
        }
        return directory;
    }

    /**
     * {@return where the results are, if there are any}
     *
     * @throws IllegalStateException if these are {@link #none()}
     */
    public Path results() {
        return directory().resolve("results");
    }

    /**
     * {@return where the files are, if there are any}
     *
     * @throws IllegalStateException if these are {@link #none()}
     */
    public Path files() {
        return directory().resolve("files");
    }

    /**
     * Deletes what is left of the directory; links are deleted, not followed. Does nothing if there is none.
     *
     * @throws IOException if something cannot be deleted; the rest was
     */
    public void delete() throws IOException {
        if (directory != null && !deletedAlmostEmpty(directory)) {
            Files.walkFileTree(directory, new Deletion());
        }
    }

    /** The usual case after an aggregator has moved the files out: nothing, or an empty {@code files}, is left. */
    private static boolean deletedAlmostEmpty(Path directory) throws IOException {
        try {
            Files.deleteIfExists(directory.resolve("results"));
            Files.deleteIfExists(directory.resolve("files"));
            Files.deleteIfExists(directory);
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        }
    }

    private static final class Deletion extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
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
