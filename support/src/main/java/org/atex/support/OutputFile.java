package org.atex.support;

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

/** Appends an output stream of a command to a local file as it arrives. Thread-safe. */
public final class OutputFile {
    /**
     * How long a stream that has not ended must be silent to count as complete. A background process of the command may
     * keep it open without end.
     */
    private static final long QUIET_MILLIS = 200;

    private final Path path;
    private final OutputStream file;
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    private final AtomicLong bytesRead = new AtomicLong();
    private volatile @Nullable IOException failure;
    private volatile boolean atEnd;

    /**
     * Opens a file for appending, and creates it if necessary.
     *
     * @param path the file
     * @throws TransferException if the file cannot be opened
     */
    public OutputFile(Path path) {
        this.path = path;
        try {
            file = new FileOutputStream(path.toFile(), true);
        } catch (IOException e) {
            throw new TransferException(
                    "could not write the output of the command to " + path + ": " + e.getMessage(), e);
        }
    }

    /**
     * Starts copying. Called once, unless the command did not start.
     *
     * @param from the output of the command
     * @param threads runs the copying
     */
    public void start(InputStream from, Executor threads) {
        threads.execute(() -> copy(from));
    }

    private void copy(InputStream from) {
        byte[] buffer = new byte[64 * 1024];
        try (file) {
            for (int n; (n = from.read(buffer)) >= 0; ) {
                if (failure == null) {
                    write(buffer, n);
                }
                bytesRead.addAndGet(n);
            }
            atEnd = true;
        } catch (IOException e) {
            // The connection was lost, which await() of the command reports, or the command was closed.
        } finally {
            ended.complete(true);
        }
    }

    private void write(byte[] buffer, int length) {
        try {
            file.write(buffer, 0, length);
        } catch (IOException e) {
            // Reading continues without writing, so that a full disk does not block the command. awaitWritten() reports
            // this.
            failure = e;
        }
    }

    /** {@return whether the end of the stream was read, which means that no process can write to it any more} */
    public boolean atEnd() {
        return atEnd;
    }

    /** Closes the file of a command that did not start. */
    public void abandon() {
        Closeables.closeQuietly(file);
        ended.complete(true);
    }

    /** {@return done when nothing more is written to the file: the stream has ended, or the command did not start} */
    public CompletableFuture<?> ended() {
        return ended;
    }

    private boolean endsSoon() throws InterruptedException {
        try {
            return ended.get(QUIET_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // it never fails
        }
    }

    /**
     * Waits until the stream has ended, or no output has arrived for 200 ms.
     *
     * @throws InterruptedException if interrupted
     * @throws TransferException if the output could not be written to the file
     */
    public void awaitWritten() throws InterruptedException {
        long before;
        do {
            before = bytesRead.get();
        } while (!endsSoon() && bytesRead.get() != before);
        IOException cause = failure;
        if (cause != null) {
            throw new TransferException(
                    "could not write the output of the command to " + path + ": " + cause.getMessage()
                            + " (is the disk full?)",
                    cause);
        }
    }
}
