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

/** Keeps other threads and other processes away; the end of a process is the end of its locks. */
final class CacheLock implements AutoCloseable {
    /** A file lock belongs to the whole process. An entry is here only while somebody holds or awaits its lock. */
    private static final Map<Path, Threads> THREADS = new ConcurrentHashMap<>();

    /** Those that want one file. */
    private static final class Threads {
        final ReentrantLock lock = new ReentrantLock();
        int users; // changed only inside of THREADS.compute()
    }

    private final Path key;
    private final Threads threads;
    private final FileChannel channel;

    private CacheLock(Path key, Threads threads, FileChannel channel) {
        this.key = key;
        this.threads = threads;
        this.channel = channel;
    }

    static CacheLock of(Path file, Duration within) throws InterruptedException, IOException {
        long deadline = System.nanoTime() + within.toNanos();
        Path key = file.toAbsolutePath().normalize();
        Threads threads = enter(key);
        boolean locked = false;
        try {
            if (!threads.lock.tryLock(within.toNanos(), TimeUnit.NANOSECONDS)) {
                throw heldByOthers(file, within);
            }
            FileChannel channel = lock(file, Duration.ofNanos(deadline - System.nanoTime()), within);
            locked = true;
            return new CacheLock(key, threads, channel);
        } finally {
            if (!locked) {
                leave(key, threads);
            }
        }
    }

    private static Threads enter(Path key) {
        return THREADS.compute(key, (unused, known) -> {
            Threads threads = known == null ? new Threads() : known;
            threads.users++;
            return threads;
        });
    }

    private static void leave(Path key, Threads threads) {
        if (threads.lock.isHeldByCurrentThread()) {
            threads.lock.unlock();
        }
        THREADS.computeIfPresent(key, (unused, known) -> --known.users == 0 ? null : known);
    }

    /** {@return how many files are locked, or waited for, in this program} */
    static int inUse() {
        return THREADS.size();
    }

    private static FileChannel lock(Path file, Duration left, Duration within)
            throws InterruptedException, IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        Thread deadline = Thread.ofVirtual().name("atex-lock-deadline").unstarted(() -> closeAfter(left, channel));
        try {
            if (channel.tryLock() == null) {
                deadline.start();
                channel.lock();
            }
            return channel;
        } catch (FileLockInterruptionException | ClosedByInterruptException e) {
            channel.close();
            Thread.interrupted(); // it is thrown
            InterruptedException interrupted = new InterruptedException("interrupted while waiting for " + file);
            interrupted.initCause(e);
            throw interrupted;
        } catch (AsynchronousCloseException e) {
            throw heldByOthers(file, within);
        } catch (IOException e) {
            channel.close();
            throw e;
        } finally {
            deadline.interrupt();
        }
    }

    private static void closeAfter(Duration left, FileChannel channel) {
        try {
            Thread.sleep(left);
            channel.close();
        } catch (InterruptedException | IOException e) {
            return; // it is locked, or nobody waits for it any more
        }
    }

    private static FmfException heldByOthers(Path file, Duration within) {
        return new FmfException(
                FmfException.Kind.GENERAL,
                "Could not lock " + file + " within " + within.toSeconds()
                        + " s: another process is fetching the same repository. See what it waits for",
                null);
    }

    @Override
    public void close() throws IOException {
        // In this order: a process must not ask twice for the same file.
        try {
            channel.close();
        } finally {
            leave(key, threads);
        }
    }
}
