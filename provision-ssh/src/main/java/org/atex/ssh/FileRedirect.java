package org.atex.ssh;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/** Writes what a command says to the end of a file, as it comes. Thread-safe. */
final class FileRedirect {
    /** What a process left behind holds open may never end: that it is quiet has to do. */
    private static final long QUIET_MILLIS = 200;

    private final Path path;
    private final OutputStream file;
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private final AtomicLong written = new AtomicLong();
    private volatile @Nullable IOException failure;

    /**
     * Opens a file.
     *
     * @throws TransferException if it cannot be opened
     */
    FileRedirect(Path path) {
        this.path = path;
        try {
            file = new FileOutputStream(path.toFile(), true);
        } catch (IOException e) {
            throw new TransferException("cannot write the command's output to " + path + ": " + e.getMessage(), e);
        }
    }

    void start(InputStream from, Executor threads) {
        threads.execute(() -> copy(from));
    }

    private void copy(InputStream from) {
        byte[] piece = new byte[64 * 1024];
        try (file) {
            for (int n; (n = from.read(piece)) >= 0; ) {
                if (failure == null) {
                    write(piece, n);
                }
                written.addAndGet(n);
            }
        } catch (IOException e) {
            // The link broke, which the command's end tells, or the file does not close.
        } finally {
            done.complete(true);
        }
    }

    /** What cannot be kept is read all the same: the command must not hang because our disk is full. */
    private void write(byte[] piece, int length) {
        try {
            file.write(piece, 0, length);
        } catch (IOException e) {
            failure = e;
        }
    }

    /** Nothing will come: the command did not start. */
    void abandon() {
        try {
            file.close();
        } catch (IOException e) {
            // nothing was written
        }
        done.complete(true);
    }

    /**
     * Waits until all is in the file.
     *
     * @throws TransferException if it cannot be
     */
    void settle() throws InterruptedException {
        long before;
        do {
            before = written.get();
        } while (!endsSoon() && written.get() != before);
        IOException cause = failure;
        if (cause != null) {
            throw new TransferException(
                    "could not write the command's output to " + path + ": " + cause.getMessage()
                            + " (is there room on the disk?)",
                    cause);
        }
    }

    private boolean endsSoon() throws InterruptedException {
        try {
            return done.get(QUIET_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new AssertionError("never failed", e);
        }
    }
}
