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
import org.jspecify.annotations.Nullable;

/**
 * Writes to a named pipe on a thread of its own, for the reasons of {@link PipeInput}. An interrupted write may still
 * happen; the next one waits for it.
 *
 * <p>Thread safety: for one thread at a time; {@link #abandon} for any.
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
        inTurn(() -> {
            while (bytes.hasRemaining()) {
                pipe.write(bytes);
            }
        });
    }

    @Override
    public void close() throws IOException {
        inTurn(pipe::close);
    }

    /** Closes it at once: nobody reads any more. */
    void abandon() {
        Quiet.close(pipe);
    }

    private interface Work {
        void run() throws IOException;
    }

    private void inTurn(Work work) throws IOException {
        FutureTask<Boolean> before = writing;
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            if (before != null) {
                awaitQuietly(before);
            }
            work.run();
            return true;
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

    private void finish(FutureTask<Boolean> task) throws IOException {
        try {
            task.get();
            writing = null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to a command");
        } catch (ExecutionException e) {
            writing = null;
            throw new IOException("cannot write to the command: " + Causes.of(e), Causes.of(e));
        }
    }
}
