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
import org.jspecify.annotations.Nullable;

/** Writes what a command says to the end of a file, as it comes. Thread-safe. */
final class Pump {
    /** What a process left behind holds open may never end: that it is quiet has to do. */
    private static final long QUIET_MILLIS = 200;

    private final Path path;
    private final OutputStream file;
    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicLong read = new AtomicLong();
    private volatile @Nullable IOException failure;
    private volatile boolean atEnd;

    /**
     * Opens a file.
     *
     * @throws TransferException if it cannot be opened
     */
    Pump(Path path) {
        this.path = path;
        try {
            file = new FileOutputStream(path.toFile(), true);
        } catch (IOException e) {
            throw new TransferException("cannot write the command's output to " + path + ": " + e.getMessage(), e);
        }
    }

    void start(ReadableByteChannel from, Executor threads) {
        threads.execute(() -> copy(from));
    }

    private void copy(ReadableByteChannel from) {
        byte[] piece = new byte[64 * 1024];
        try (file) {
            for (int n; (n = from.read(ByteBuffer.wrap(piece))) >= 0; ) {
                if (failure == null) {
                    write(piece, n);
                }
                read.addAndGet(n);
            }
            atEnd = true;
        } catch (IOException e) {
            // The container ended, which the command's end tells, or the command was closed.
        } finally {
            done.countDown();
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

    /** {@return whether the end was seen: then nobody is left that could write} */
    boolean atEnd() {
        return atEnd;
    }

    /** Nothing will come: the command did not start. */
    void abandon() {
        Quiet.close(file);
        done.countDown();
    }

    /**
     * Waits until all is in the file.
     *
     * @throws TransferException if it cannot be
     */
    void settle() throws InterruptedException {
        long before;
        do {
            before = read.get();
        } while (!done.await(QUIET_MILLIS, TimeUnit.MILLISECONDS) && read.get() != before);
        IOException cause = failure;
        if (cause != null) {
            throw new TransferException(
                    "could not write the command's output to " + path + ": " + cause.getMessage()
                            + " (is there room on the disk?)",
                    cause);
        }
    }
}
