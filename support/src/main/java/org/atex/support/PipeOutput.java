package org.atex.support;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes to the input of a command in a pool thread. The calling thread cannot write itself: a virtual thread would
 * block its carrier thread on a pipe, and an interrupt would close a channel or a socket. An interrupted write may still
 * complete later; the next write waits for it.
 *
 * <p>Thread safety: for use by one thread at a time.
 */
public final class PipeOutput extends OutputStream {
    private final OutputStream pipe;
    private final Executor threads;
    private final Function<@Nullable Throwable, String> reason;
    private @Nullable FutureTask<Boolean> writing;

    /**
     * Creates a stream.
     *
     * @param pipe the input of the command; each write is flushed
     * @param threads runs the writes
     */
    public PipeOutput(OutputStream pipe, Executor threads) {
        this(pipe, threads, String::valueOf);
    }

    /**
     * Creates a stream.
     *
     * @param pipe the input of the command; each write is flushed
     * @param threads runs the writes
     * @param reason describes the failure of a write for the message of the exception
     */
    public PipeOutput(OutputStream pipe, Executor threads, Function<@Nullable Throwable, String> reason) {
        this.pipe = pipe;
        this.threads = threads;
        this.reason = reason;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b});
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        // A copy: the caller may reuse the array when it is interrupted and the write still runs.
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
            // Callers may treat the exception as an I/O error, so the interrupt status must be kept as well.
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to a command");
        } catch (ExecutionException e) {
            writing = null;
            throw new IOException("could not write to the command: " + reason.apply(e.getCause()), e.getCause());
        }
    }
}
