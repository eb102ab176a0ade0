package org.atex.podman;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.atex.support.Closeables;
import org.jspecify.annotations.Nullable;

/**
 * Writes to a named pipe in a pool thread, for the reasons given in {@link PipeInput}. An interrupted write may still
 * complete later; the next write waits for it.
 *
 * <p>Thread safety: for use by one thread at a time, except {@link #abandon}, which any thread may call.
 */
final class PipeOutput extends OutputStream {
    private final WritableByteChannel pipe;
    private final Executor threads;
    private @Nullable FutureTask<Boolean> writing;

    PipeOutput(WritableByteChannel pipe, Executor threads) {
        this.pipe = pipe;
        this.threads = threads;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b});
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Arrays.copyOfRange(from, offset, offset + length));
        runInOrder(() -> {
            while (bytes.hasRemaining()) {
                pipe.write(bytes);
            }
        });
    }

    @Override
    public void close() throws IOException {
        runInOrder(pipe::close);
    }

    /** Closes the pipe at once, without waiting for pending writes. */
    void abandon() {
        Closeables.closeQuietly(pipe);
    }

    private interface PipeOperation {
        void run() throws IOException;
    }

    private void runInOrder(PipeOperation operation) throws IOException {
        FutureTask<Boolean> previous = writing; // set only if the last write was interrupted
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            if (previous != null) {
                awaitQuietly(previous);
            }
            operation.run();
            return true;
        });
        writing = task;
        threads.execute(task);
        awaitWrite(task);
    }

    private static void awaitQuietly(FutureTask<?> task) throws InterruptedException {
        try {
            task.get();
        } catch (ExecutionException e) {
            // The pipe is broken; the following operation fails for the same reason.
        }
    }

    private void awaitWrite(FutureTask<Boolean> task) throws IOException {
        try {
            task.get();
            writing = null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to a command");
        } catch (ExecutionException e) {
            writing = null;
            throw new IOException("could not write to the command: " + Exceptions.causeOf(e), Exceptions.causeOf(e));
        }
    }
}
