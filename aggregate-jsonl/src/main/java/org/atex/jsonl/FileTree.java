package org.atex.jsonl;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The directory into which the files of the tests are moved. Nothing is overwritten and no symbolic link is followed:
 * if a path is occupied, a new file or directory gets another name.
 *
 * <p>Not thread-safe: the caller serializes all calls.
 */
final class FileTree {
    private final Path root;

    /** Actual directories by the wanted path. Known to exist and not to be symbolic links. */
    private final Map<Path, Path> directories = new HashMap<>();

    FileTree(Path root) {
        this.root = root;
        directories.put(root, root);
    }

    /**
     * Moves a directory with its content to a path. If the path of an entry is occupied, the entry gets another name,
     * see {@link Moved#instead()}. On failure, all moves are undone.
     *
     * @throws AtomicMoveNotSupportedException if the source is on another file system; nothing was moved
     */
    Moved move(Path source, Path wanted) throws IOException {
        Moved moved = new Moved();
        try {
            move(source, wanted, moved);
            return moved;
        } catch (DirectoryIteratorException e) {
            IOException cause = Objects.requireNonNull(e.getCause());
            moved.undo(cause);
            throw cause;
        } catch (IOException | RuntimeException e) {
            moved.undo(e);
            throw e;
        }
    }

    private void move(Path source, Path wanted, Moved moved) throws IOException {
        Path target = parent(wanted).resolve(wanted.getFileName());
        try {
            moved.rename(source, target);
        } catch (AtomicMoveNotSupportedException e) {
            throw e;
        } catch (FileSystemException e) {
            // A rename replaces an empty directory, so this one has entries.
            if (isDirectory(target)) {
                merge(source, target, moved);
            } else if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                target = free(target);
                moved.rename(source, target);
            } else {
                throw e;
            }
        }
        if (!target.equals(wanted)) {
            moved.instead.put(wanted, target);
        }
    }

    /**
     * Moves the entries of a directory into an existing directory that is not empty. Happens if tests {@code /a} and
     * {@code /a/b} both have files.
     */
    private void merge(Path source, Path target, Moved moved) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(source)) {
            for (Path entry : entries) {
                Path place = target.resolve(entry.getFileName());
                if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
                    moved.rename(entry, place);
                } else if (isDirectory(entry) && isDirectory(place)) {
                    merge(entry, place, moved);
                } else {
                    Path other = free(place);
                    moved.rename(entry, other);
                    moved.instead.put(place, other);
                }
            }
        }
    }

    /** {@return an existing directory: the wanted one, or one beside it if the path is occupied by a file or link} */
    private Path directory(Path wanted) throws IOException {
        Path known = directories.get(wanted);
        if (known != null) {
            return known;
        }
        Path directory = parent(wanted).resolve(wanted.getFileName());
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!isDirectory(directory)) {
                directory = free(directory);
                Files.createDirectories(directory);
            }
        }
        directories.put(wanted, directory);
        return directory;
    }

    private Path parent(Path wanted) throws IOException {
        return directory(Objects.requireNonNull(wanted.getParent(), "cannot move to the root directory"));
    }

    private static boolean isDirectory(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static Path free(Path taken) {
        for (int i = 1; ; i++) {
            Path free = taken.resolveSibling(taken.getFileName() + " (" + i + ")");
            if (!Files.exists(free, LinkOption.NOFOLLOW_LINKS)) {
                return free;
            }
        }
    }

    @Override
    public String toString() {
        return root.toString();
    }

    /** The record of a move, which can be undone. */
    static final class Moved {
        private final Map<Path, Path> sources = new LinkedHashMap<>();
        private final Map<Path, Path> instead = new HashMap<>();

        /** {@return the actual paths of files and directories that were renamed, by their wanted paths} */
        Map<Path, Path> instead() {
            return instead;
        }

        private void rename(Path source, Path target) throws IOException {
            Files.move(source, target, StandardCopyOption.ATOMIC_MOVE);
            sources.put(target, source);
        }

        /** Moves everything back. Failures are added to the given exception as suppressed ones. */
        void undo(Exception failure) {
            sources.forEach((target, source) -> {
                try {
                    Files.move(target, source, StandardCopyOption.ATOMIC_MOVE);
                } catch (IOException e) {
                    failure.addSuppressed(e);
                }
            });
        }
    }
}
