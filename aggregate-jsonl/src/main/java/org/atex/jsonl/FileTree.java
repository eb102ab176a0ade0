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
 * The directory that the tests' files are moved into, which always makes room: nothing is overwritten, no link is
 * followed, and whatever is in the way keeps its place.
 *
 * <p>For one thread at a time.
 */
final class FileTree {
    private final Path root;

    /** Directories that are known to be there and to be no links, by where they should be. */
    private final Map<Path, Path> directories = new HashMap<>();

    FileTree(Path root) {
        this.root = root;
        directories.put(root, root);
    }

    /**
     * Moves a whole directory to where it should be, or as near as can be.
     *
     * @throws AtomicMoveNotSupportedException if it is on another file system; nothing was moved
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

    /** Only for a directory that is there and not empty: as where tests {@code /a} and {@code /a/b} both have files. */
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

    /** {@return a directory that is there, and is the one wanted unless something else has its place} */
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
        return directory(Objects.requireNonNull(wanted.getParent(), "nothing is moved to the root of the file system"));
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

    /** What was moved, so that it can be moved back. */
    static final class Moved {
        private final Map<Path, Path> sources = new LinkedHashMap<>();
        private final Map<Path, Path> instead = new HashMap<>();

        /** {@return where something is instead, by where it should be} */
        Map<Path, Path> instead() {
            return instead;
        }

        private void rename(Path source, Path target) throws IOException {
            Files.move(source, target, StandardCopyOption.ATOMIC_MOVE);
            sources.put(target, source);
        }

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
