package org.atex.artifacts;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Lets one writer at a time have a file, and tells the next one whether the last one closed it: a file
 * {@code <file>.lock} is there and locked while the writer lives, and deleted when it closes. One that is there and not
 * locked was left by a writer that was killed, or whose program ended without closing it.
 *
 * <p>Two programs on one machine exclude each other, and so do two writers in one program. On file systems without locks
 * only the second is certain.
 *
 * <p>Lifecycle: held when {@link #of} returns it, until {@link #close()} or {@link #release()}. It does not react to
 * interrupts.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public final class WriterLock implements AutoCloseable {
    /** What this program holds: closing any descriptor of a file loses the system's lock on it, so it is not opened twice. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel channel;
    private final boolean left;
    private final AtomicBoolean ended = new AtomicBoolean();

    private WriterLock(Path path, FileChannel channel, boolean left) {
        this.path = path;
        this.channel = channel;
        this.left = left;
    }

    /**
     * {@return the lock of a file, which need not be there yet}
     *
     * @param file the file, in an existing directory
     * @throws IOException if another writer has it, or the lock cannot be made
     */
    public static WriterLock of(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path directory = Objects.requireNonNull(absolute.getParent(), "the root is no file")
                .toRealPath();
        Path path = directory.resolve(absolute.getFileName() + ".lock");
        if (!HELD.add(path)) {
            throw taken(file, "this program writes it already");
        }
        boolean locked = false;
        try {
            WriterLock lock = locked(path);
            if (lock == null) {
                throw taken(file, "another program is writing it");
            }
            locked = true;
            return lock;
        } finally {
            if (!locked) {
                HELD.remove(path);
            }
        }
    }

    private static @Nullable WriterLock locked(Path path) throws IOException {
        while (true) {
            boolean made = isMade(path);
            Object key = key(path);
            try (Opened opened = new Opened(FileChannel.open(path, StandardOpenOption.WRITE))) {
                if (!isLocked(opened.channel())) {
                    return null;
                }
                // Not the one that its holder deleted after it was opened here.
                if (key != null && key.equals(key(path))) {
                    return new WriterLock(path, opened.kept(), !made);
                }
            } catch (NoSuchFileException e) {
                // Its holder has just deleted it.
            }
        }
    }

    /** Closed at the end of a block, unless it is kept. */
    private static final class Opened implements AutoCloseable {
        private final FileChannel channel;
        private boolean kept;

        Opened(FileChannel channel) {
            this.channel = channel;
        }

        FileChannel channel() {
            return channel;
        }

        FileChannel kept() {
            kept = true;
            return channel;
        }

        @Override
        public void close() throws IOException {
            if (!kept) {
                channel.close();
            }
        }
    }

    private static boolean isMade(Path path) throws IOException {
        try {
            Files.createFile(path);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    private static @Nullable Object key(Path path) throws IOException {
        try {
            Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
            return key == null ? path : key;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static boolean isLocked(FileChannel channel) {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (IOException e) {
            // A file system without locks: the file itself still tells who did not close.
            return true;
        }
    }

    private static IOException taken(Path file, String why) {
        return new IOException(
                why + ", as " + file.getFileName() + ".lock shows; wait for its end, or choose another file");
    }

    /** {@return whether the last writer did not close the file} */
    public boolean isLeft() {
        return left;
    }

    /**
     * Gives the file back as it was found: if the last writer did not close it, the next one is told so again.
     *
     * @throws IOException if the lock cannot be deleted
     */
    public void release() throws IOException {
        end(!left);
    }

    /**
     * Gives the file back, closed.
     *
     * @throws IOException if the lock cannot be deleted
     */
    @Override
    public void close() throws IOException {
        end(true);
    }

    private void end(boolean closed) throws IOException {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        try (channel) {
            // Deleted while it is locked: nobody can have it in between.
            if (closed) {
                Files.deleteIfExists(path);
            }
        } finally {
            HELD.remove(path);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
