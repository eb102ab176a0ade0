package org.atex.artifacts;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
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
import org.atex.api.AggregationException;
import org.jspecify.annotations.Nullable;

/**
 * An exclusive lock for the writer of a file, which also records whether the last writer closed the file. The lock file
 * {@code <file>.lock} exists and is locked while the file is open, and is deleted when it is closed. A lock file that
 * exists but is not locked was left by a writer that was killed, or whose program ended without closing the file.
 *
 * <p>Excludes writers in other programs on the same machine, and other writers in this program. On file systems without
 * locks, only writers in this program are excluded reliably.
 *
 * <p>Lifecycle: held from the return of {@link #of} until {@link #close()} or {@link #release()}. Does not react to
 * interrupts.
 *
 * <p>Thread safety: thread-safe.
 */
public final class WriterLock implements AutoCloseable {
    /**
     * The lock files held by this program. A program must not open a lock file twice: POSIX locks are lost when any
     * descriptor of the file is closed.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private static final int LONGEST_NOTE = 100;

    private final Path path;
    private final FileChannel channel;
    private final RandomAccessFile content;
    private final boolean left;
    private final String note;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile boolean hasRun;

    private WriterLock(Path path, FileChannel channel, RandomAccessFile content, boolean left, String note) {
        this.path = path;
        this.channel = channel;
        this.content = content;
        this.left = left;
        this.note = note;
    }

    /**
     * {@return the lock of a file, acquired}
     *
     * @param file the file, which need not exist, in an existing directory
     * @throws IOException if another writer holds the lock, or the lock file cannot be created
     */
    public static WriterLock of(Path file) throws IOException {
        // The real path of the directory, so that all paths to the same file use the same lock file.
        Path absolute = file.toAbsolutePath();
        Path directory = Objects.requireNonNull(absolute.getParent(), "the root directory is not a file")
                .toRealPath();
        Path path = directory.resolve(absolute.getFileName() + ".lock");
        if (!HELD.add(path)) {
            throw refused(file, "this program already writes it");
        }
        boolean locked = false;
        try {
            WriterLock lock = locked(path);
            if (lock == null) {
                throw refused(file, "another program is writing it");
            }
            locked = true;
            return lock;
        } finally {
            if (!locked) {
                HELD.remove(path);
            }
        }
    }

    /**
     * Opens a file for a writer.
     *
     * @param <T> the type of the writer
     */
    @FunctionalInterface
    public interface Opening<T> {
        /**
         * {@return the writer}
         *
         * @param lock the lock of its file, which the writer closes
         * @throws IOException if the file cannot be opened
         */
        T open(WriterLock lock) throws IOException;
    }

    /**
     * {@return the writer of a file, which holds its lock} The directory of the file is created if it is missing.
     *
     * @param file the file, which need not exist
     * @param opening opens it; if that fails, the lock is {@linkplain #release released}
     * @param <T> the type of the writer
     * @throws IOException if another writer holds the lock, or the file cannot be opened
     */
    public static <T> T open(Path file, Opening<T> opening) throws IOException {
        Files.createDirectories(file.resolveSibling("."));
        WriterLock lock = of(file);
        try {
            return opening.open(lock);
        } catch (IOException | RuntimeException e) {
            // A lock file that an unclosed run left is kept, so that the next attempt still recognizes that run.
            lock.release();
            throw e;
        }
    }

    private static @Nullable WriterLock locked(Path path) throws IOException {
        while (true) {
            // The previous holder may delete the file between any two of these steps: then start again.
            boolean created = isCreated(path);
            Object key = key(path);
            try (OpenChannel open = new OpenChannel(FileChannel.open(path, StandardOpenOption.WRITE))) {
                if (!isLocked(open.channel())) {
                    return null;
                }
                // The path must still refer to the locked file, not to a new one: the previous holder may have deleted
                // this file after it was opened here.
                if (key != null && key.equals(key(path))) {
                    // Not by the channel, which an interrupt would close.
                    RandomAccessFile content = new RandomAccessFile(path.toFile(), "rw");
                    return new WriterLock(path, open.keep(), content, !created, read(content));
                }
            } catch (NoSuchFileException e) {
                // The previous holder has just deleted the file: create a new one.
            }
        }
    }

    /** Closes a channel at the end of a block, unless it is kept. */
    private static final class OpenChannel implements AutoCloseable {
        private final FileChannel channel;
        private boolean kept;

        OpenChannel(FileChannel channel) {
            this.channel = channel;
        }

        FileChannel channel() {
            return channel;
        }

        FileChannel keep() {
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

    private static String read(RandomAccessFile content) throws IOException {
        byte[] bytes = new byte[(int) Math.min(LONGEST_NOTE, content.length())];
        content.readFully(bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static boolean isCreated(Path path) throws IOException {
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
            // The file system has no locks. The file still shows whether the last writer closed.
            return true;
        }
    }

    private static IOException refused(Path file, String why) {
        return new IOException(
                why + " (lock file " + file.getFileName() + ".lock); wait until it ends, or choose another file");
    }

    /** {@return true if the last writer did not close the file} */
    public boolean isLeft() {
        return left;
    }

    /** {@return the text that the last writer left about its run; empty if it closed the file, or has begun no run} */
    public String note() {
        return note;
    }

    /**
     * Begins a run, unless one has begun or was resumed: leaves a text for the next writer, which reads it if this writer
     * does not close the file.
     *
     * @param text says where the run begins in the file; at most 100 characters of ASCII
     * @throws AggregationException if the text cannot be written; then no run has begun
     */
    public void beginRun(String text) {
        if (!hasRun) {
            synchronized (this) {
                if (!hasRun) {
                    leave(text);
                }
            }
        }
    }

    /**
     * Goes on with the run of the last writer.
     *
     * @param text says where the run begins in the file; at most 100 characters of ASCII
     * @throws IllegalStateException if another run has begun
     * @throws AggregationException if the text cannot be written; then no run has begun
     */
    public synchronized void resumeRun(String text) {
        if (hasRun) {
            throw new IllegalStateException("could not resume the run in " + path + ": another one has begun");
        }
        leave(text);
    }

    private void leave(String text) {
        try {
            content.setLength(0);
            content.seek(0);
            content.write(text.getBytes(StandardCharsets.US_ASCII));
            hasRun = true;
        } catch (IOException e) {
            throw new AggregationException("could not note the begin of a run in " + path + ": " + e.getMessage(), e);
        }
    }

    /**
     * Releases the lock without changing the state of the file: if the last writer did not close it, the lock file is
     * kept for the next one.
     *
     * @throws IOException if the lock file cannot be deleted
     */
    public void release() throws IOException {
        end(!left);
    }

    /**
     * Releases the lock and marks the file as closed.
     *
     * @throws IOException if the lock file cannot be deleted
     */
    @Override
    public void close() throws IOException {
        end(true);
    }

    private void end(boolean closed) throws IOException {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        // Both at the end only: when a descriptor of the file is closed, the lock is lost.
        try (channel;
                content) {
            // Deleted while locked, so that no other writer can lock the file before it is deleted.
            if (closed) {
                Files.deleteIfExists(path);
            }
        } finally {
            // Only after the channel is closed may another writer of this program open the lock file.
            HELD.remove(path);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
