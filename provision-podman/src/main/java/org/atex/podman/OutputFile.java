package org.atex.podman;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.atex.api.TransferException;
import org.atex.support.Closeables;
import org.jspecify.annotations.Nullable;

/** Appends the output of a command to a file as it arrives. Safe for use from any thread. */
final class OutputFile {
    // A background process of the command may hold the pipe open forever. The file counts as complete when the pipe has
    // ended or nothing has arrived for this time.
    private static final long QUIET_MILLIS = 200;

    private final Path path;
    private final OutputStream file;
    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicLong bytesRead = new AtomicLong();
    private volatile @Nullable IOException failure;
    private volatile boolean atEnd;

    /**
     * Opens a file for appending, and creates it if necessary.
     *
     * @throws TransferException if the file cannot be opened
     */
    OutputFile(Path path) {
        this.path = path;
        try {
            file = new FileOutputStream(path.toFile(), true);
        } catch (IOException e) {
            throw new TransferException(
                    "could not write the output of the command to " + path + ": " + e.getMessage(), e);
        }
    }

    /** Starts copying from a pipe in a pool thread. */
    void start(ReadableByteChannel from, Executor threads) {
        threads.execute(() -> copy(from));
    }

    private void copy(ReadableByteChannel from) {
        byte[] buffer = new byte[64 * 1024];
        try (file) {
            for (int n; (n = from.read(ByteBuffer.wrap(buffer))) >= 0; ) {
                if (failure == null) {
                    write(buffer, n);
                }
                bytesRead.addAndGet(n);
            }
            atEnd = true;
        } catch (IOException e) {
            // The container ended, which await() of the command reports, or the command was closed.
        } finally {
            done.countDown();
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

    /** {@return whether the end of the pipe was read, which means that no process has it open for writing} */
    boolean atEnd() {
        return atEnd;
    }

    /** Closes the file of a command that did not start. */
    void abandon() {
        Closeables.closeQuietly(file);
        done.countDown();
    }

    /**
     * Waits until the pipe has ended, or no output has arrived for 200 ms.
     *
     * @throws TransferException if the output could not be written to the file
     */
    void awaitWritten() throws InterruptedException {
        long before;
        do {
            before = bytesRead.get();
        } while (!done.await(QUIET_MILLIS, TimeUnit.MILLISECONDS) && bytesRead.get() != before);
        IOException cause = failure;
        if (cause != null) {
            throw new TransferException(
                    "could not write the output of the command to " + path + ": " + cause.getMessage()
                            + " (is the disk full?)",
                    cause);
        }
    }
}
