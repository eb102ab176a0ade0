package org.atex.fmf;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.fmf.tree.FmfException;

/**
 * A lock on a file that excludes other threads of this process and other processes. The operating system releases it
 * when the process ends, however it ends. Must be closed by the thread that acquired it.
 */
final class CacheLock implements AutoCloseable {
    /**
     * The locks between threads, by file. A {@link java.nio.channels.FileLock} belongs to the whole process: a second
     * request for one file throws instead of waiting. An entry is removed with its last user.
     */
    private static final Map<Path, ThreadLock> THREAD_LOCKS = new ConcurrentHashMap<>();

    /** The lock between threads for one file. */
    private static final class ThreadLock {
        final ReentrantLock lock = new ReentrantLock();
        int users; // Guarded by THREAD_LOCKS.compute(), which runs one update of a key at a time.
    }

    private final Path key;
    private final ThreadLock threadLock;
    private final FileChannel channel;

    private CacheLock(Path key, ThreadLock threadLock, FileChannel channel) {
        this.key = key;
        this.threadLock = threadLock;
        this.channel = channel;
    }

    /**
     * Acquires the lock. Blocks until it is free.
     *
     * @param file the lock file; created if it does not exist, and never deleted
     * @param timeLimit the longest time to wait
     * @throws FmfException if another thread or process holds the lock for longer
     * @throws InterruptedException if interrupted while waiting
     * @throws IOException if the file cannot be created or locked
     */
    static CacheLock of(Path file, Duration timeLimit) throws InterruptedException, IOException {
        long deadline = System.nanoTime() + timeLimit.toNanos();
        Path key = file.toAbsolutePath().normalize();
        ThreadLock threadLock = register(key);
        boolean locked = false;
        try {
            if (!threadLock.lock.tryLock(timeLimit.toNanos(), TimeUnit.NANOSECONDS)) {
                throw timedOut(file, timeLimit);
            }
            FileChannel channel = lock(file, Duration.ofNanos(deadline - System.nanoTime()), timeLimit);
            locked = true;
            return new CacheLock(key, threadLock, channel);
        } finally {
            if (!locked) {
                unregister(key, threadLock);
            }
        }
    }

    private static ThreadLock register(Path key) {
        return THREAD_LOCKS.compute(key, (unused, known) -> {
            ThreadLock threadLock = known == null ? new ThreadLock() : known;
            threadLock.users++;
            return threadLock;
        });
    }

    private static void unregister(Path key, ThreadLock threadLock) {
        if (threadLock.lock.isHeldByCurrentThread()) {
            threadLock.lock.unlock();
        }
        THREAD_LOCKS.computeIfPresent(key, (unused, known) -> --known.users == 0 ? null : known);
    }

    /** {@return the number of files that threads of this process hold or await} */
    static int inUse() {
        return THREAD_LOCKS.size();
    }

    private static FileChannel lock(Path file, Duration remaining, Duration timeLimit)
            throws InterruptedException, IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        // FileChannel.lock() has no time limit. Closing the channel from another thread ends it.
        Thread deadline = Thread.ofVirtual().name("atex-lock-deadline").unstarted(() -> closeAfter(remaining, channel));
        try {
            if (channel.tryLock() == null) {
                deadline.start();
                channel.lock();
            }
            return channel;
        } catch (FileLockInterruptionException | ClosedByInterruptException e) {
            channel.close();
            Thread.interrupted(); // The status is reported by the exception.
            InterruptedException interrupted = new InterruptedException("interrupted while waiting for " + file);
            interrupted.initCause(e);
            throw interrupted;
        } catch (AsynchronousCloseException e) {
            throw timedOut(file, timeLimit);
        } catch (IOException e) {
            channel.close();
            throw e;
        } finally {
            deadline.interrupt();
        }
    }

    private static void closeAfter(Duration remaining, FileChannel channel) {
        try {
            Thread.sleep(remaining);
            channel.close();
        } catch (InterruptedException | IOException e) {
            return; // lock() has returned and interrupted this thread.
        }
    }

    private static FmfException timedOut(Path file, Duration timeLimit) {
        return new FmfException(
                FmfException.Kind.GENERAL,
                "Could not lock " + file + " within " + timeLimit.toSeconds()
                        + " s: another process is fetching the same repository. Check why that process does not end",
                null);
    }

    @Override
    public void close() throws IOException {
        // The order matters: a thread that is admitted while the file is still locked would get an
        // OverlappingFileLockException.
        try {
            channel.close();
        } finally {
            unregister(key, threadLock);
        }
    }
}
