package org.atex.local;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Writes to the input of a process in a pool thread, for the reasons given in {@link PipeInput}. An interrupted write
 * may still complete later; the next write waits for it.
 *
 * <p>Thread safety: for use by one thread at a time.
 */
final class PipeOutput extends OutputStream {
    private final OutputStream pipe;
    private final Executor threads;
    private @Nullable FutureTask<@Nullable Void> writing;

    PipeOutput(OutputStream pipe, Executor threads) {
        this.pipe = pipe;
        this.threads = threads;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b});
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        byte[] bytes = Arrays.copyOfRange(from, offset, offset + length);
        runInOrder(() -> {
            pipe.write(bytes);
            pipe.flush();
        });
    }

    @Override
    public void close() throws IOException {
        runInOrder(pipe::close);
    }

    private interface PipeOperation {
        void run() throws IOException;
    }

    private void runInOrder(PipeOperation operation) throws IOException {
        FutureTask<@Nullable Void> previous = writing; // set only if the last write was interrupted
        FutureTask<@Nullable Void> task = new FutureTask<>(() -> {
            if (previous != null) {
                awaitQuietly(previous);
            }
            operation.run();
            return null;
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

    private void awaitWrite(FutureTask<@Nullable Void> task) throws IOException {
        try {
            task.get();
            writing = null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to a command");
        } catch (ExecutionException e) {
            writing = null;
            throw new IOException("could not write to the command: " + e.getCause(), e.getCause());
        }
    }
}
