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

/** Appends an output stream of a command to a local file, as the output arrives. Thread-safe. */
final class FileRedirect {
    /**
     * How long a stream that has not ended must be silent to count as complete. A process left behind may keep it open
     * without end.
     */
    private static final long QUIET_MILLIS = 200;

    private final Path path;
    private final OutputStream file;
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private final AtomicLong written = new AtomicLong();
    private volatile @Nullable IOException failure;

    /**
     * Opens the file.
     *
     * @throws TransferException if the file cannot be opened
     */
    FileRedirect(Path path) {
        this.path = path;
        try {
            file = new FileOutputStream(path.toFile(), true);
        } catch (IOException e) {
            throw new TransferException(
                    "could not open " + path + " for the output of the command: " + e.getMessage(), e);
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
            // The connection broke, which the end of the command reports, or the file could not be closed.
        } finally {
            done.complete(true);
        }
    }

    /**
     * Writes bytes. After a failure the stream is still read, so that the command does not block when the disk is full.
     */
    private void write(byte[] piece, int length) {
        try {
            file.write(piece, 0, length);
        } catch (IOException e) {
            failure = e;
        }
    }

    /** Closes the file. The command has not started. */
    void discard() {
        try {
            file.close();
        } catch (IOException e) {
            // nothing was written, so nothing is lost
        }
        done.complete(true);
    }

    /**
     * Waits until the output that the command has written so far is in the file.
     *
     * @throws TransferException if the output could not be written
     */
    void awaitWritten() throws InterruptedException {
        long before;
        do {
            before = written.get();
        } while (!awaitEnd() && written.get() != before);
        IOException cause = failure;
        if (cause != null) {
            throw new TransferException(
                    "could not write the output of the command to " + path + ": " + cause.getMessage()
                            + " (is the disk full?)",
                    cause);
        }
    }

    private boolean awaitEnd() throws InterruptedException {
        try {
            return done.get(QUIET_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new AssertionError("never failed", e);
        }
    }
}
