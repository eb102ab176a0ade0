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
 * Writes to a process's pipe on a thread of its own, for the reasons of {@link PipeInput}. An interrupted write may still
 * happen; the next one waits for it.
 *
 * <p>Thread safety: for one thread at a time.
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
        inTurn(() -> {
            pipe.write(bytes);
            pipe.flush();
        });
    }

    @Override
    public void close() throws IOException {
        inTurn(pipe::close);
    }

    private interface Work {
        void run() throws IOException;
    }

    private void inTurn(Work work) throws IOException {
        FutureTask<@Nullable Void> before = writing;
        FutureTask<@Nullable Void> task = new FutureTask<>(() -> {
            if (before != null) {
                awaitQuietly(before);
            }
            work.run();
            return null;
        });
        writing = task;
        threads.execute(task);
        finish(task);
    }

    private static void awaitQuietly(FutureTask<?> task) throws InterruptedException {
        try {
            task.get();
        } catch (ExecutionException e) {
            // the pipe is broken, and says so again
        }
    }

    private void finish(FutureTask<@Nullable Void> task) throws IOException {
        try {
            task.get();
            writing = null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to a command");
        } catch (ExecutionException e) {
            writing = null;
            throw new IOException("cannot write to the command: " + e.getCause(), e.getCause());
        }
    }
}
