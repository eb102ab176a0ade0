package org.atex.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a process's pipe on a thread of its own: a virtual thread that reads a pipe blocks its carrier, and no thread
 * that does can be interrupted. An interrupted read loses nothing, the next one goes on with it. What is in the pipe
 * already is read at once, which is several times as fast where there is much of it.
 *
 * <p>Thread safety: for one thread at a time; {@link #endBy} for any.
 */
final class PipeInput extends InputStream {
    private static final int SIZE = 32 * 1024;

    private final InputStream pipe;
    private final Executor threads;
    private byte[] buffer = new byte[0];
    private int position;
    private int limit;
    private boolean atEnd;
    private boolean closed;
    private volatile @Nullable FutureTask<Integer> reading;

    PipeInput(InputStream pipe, Executor threads) {
        this.pipe = pipe;
        this.threads = threads;
    }

    @Override
    public int read() throws IOException {
        return fill() ? buffer[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (length >= SIZE && isReady()) {
            int n = pipe.read(into, offset, length);
            atEnd = n < 0;
            return n;
        }
        if (!fill()) {
            return -1;
        }
        int n = Math.min(length, limit - position);
        System.arraycopy(buffer, position, into, offset, n);
        position += n;
        return n;
    }

    /** {@return whether there is something in the pipe, and nothing before it} */
    private boolean isReady() throws IOException {
        return position == limit
                && !atEnd
                && !closed
                && reading == null
                && !Thread.currentThread().isInterrupted()
                && pipe.available() > 0;
    }

    @Override
    public int available() {
        return limit - position;
    }

    /** {@return whether there is something in the buffer, once something or the end came} */
    private boolean fill() throws IOException {
        if (closed) {
            throw new IOException("the stream was closed");
        }
        if (position == limit && !atEnd) {
            FutureTask<Integer> task = reading;
            if (task == null) {
                task = begin();
            }
            int n = result(task);
            reading = null;
            atEnd = n < 0;
            position = 0;
            limit = Math.max(n, 0);
        }
        return position < limit;
    }

    private FutureTask<Integer> begin() {
        byte[] into = buffer.length == 0 ? new byte[SIZE] : buffer;
        buffer = into;
        FutureTask<Integer> task = new FutureTask<>(() -> pipe.read(into));
        reading = task;
        threads.execute(task);
        return task;
    }

    private static int result(FutureTask<Integer> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            // Whoever takes this for a mere I/O error must still learn that it was told to stop.
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading from a command");
        } catch (CancellationException e) {
            return -1;
        } catch (ExecutionException e) {
            throw new IOException("cannot read from the command: " + e.getCause(), e.getCause());
        }
    }

    /**
     * Has a reader see the end at a given time, even if a process that nobody could end holds the pipe open.
     *
     * @param deadline when, as {@link System#nanoTime()} has it
     */
    void endBy(long deadline) {
        FutureTask<Integer> task = reading;
        if (task == null) {
            return;
        }
        try {
            task.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | InterruptedException e) {
            task.cancel(false);
        } catch (ExecutionException | CancellationException e) {
            // it is the reader who is told
        }
    }

    /** Tells the command that nobody reads any more; what it then writes is refused. */
    @Override
    public void close() throws IOException {
        closed = true;
        FutureTask<Integer> task = reading;
        if (task == null || task.isDone()) {
            pipe.close();
        } else {
            threads.execute(() -> closeAfter(task));
        }
    }

    /** Closing a pipe does not wake who reads from it: that read comes first. */
    private void closeAfter(FutureTask<Integer> task) {
        try (pipe) {
            task.get();
        } catch (IOException | ExecutionException | CancellationException | InterruptedException e) {
            // nobody is interested any more
        }
    }
}
