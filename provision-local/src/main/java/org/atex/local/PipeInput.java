package org.atex.local;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.atex.support.Closeables;
import org.jspecify.annotations.Nullable;

/**
 * Reads the output of a process in a pool thread. The calling thread cannot read itself: a virtual thread would block
 * its carrier thread, and a thread that reads from a pipe cannot be interrupted. An interrupted read loses no data; the
 * next read continues it.
 *
 * <p>Large reads of data that has already arrived run in the calling thread, which is several times as fast.
 *
 * <p>Thread safety: for use by one thread at a time, except {@link #endBy}, which any thread may call.
 */
final class PipeInput extends InputStream {
    private static final int SIZE = 32 * 1024;

    /** Guards the replacement of the pipe by {@link #endBy}. */
    private final Object lock = new Object();

    private volatile InputStream pipe;
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
        if (length >= SIZE) {
            synchronized (lock) {
                if (isPipeReady()) {
                    int n = pipe.read(into, offset, length);
                    atEnd = n < 0;
                    return n;
                }
            }
        }
        if (!fill()) {
            return -1;
        }
        int n = Math.min(length, limit - position);
        System.arraycopy(buffer, position, into, offset, n);
        position += n;
        return n;
    }

    /** {@return whether data can be read from the pipe without blocking, and no data precedes it in the buffer} */
    private boolean isPipeReady() throws IOException {
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

    /** Waits for data, unless the buffer has some. Returns false at the end of the stream. */
    private boolean fill() throws IOException {
        if (closed) {
            throw new IOException("the stream was closed");
        }
        if (position == limit && !atEnd) {
            FutureTask<Integer> task = reading;
            if (task == null) {
                task = startRead();
            }
            int n = awaitRead(task);
            reading = null;
            atEnd = n < 0;
            position = 0;
            limit = Math.max(n, 0);
        }
        return position < limit;
    }

    private FutureTask<Integer> startRead() {
        byte[] into = buffer.length == 0 ? new byte[SIZE] : buffer;
        buffer = into;
        FutureTask<Integer> task;
        synchronized (lock) {
            InputStream from = pipe;
            task = new FutureTask<>(() -> from.read(into));
            reading = task;
        }
        threads.execute(task);
        return task;
    }

    private static int awaitRead(FutureTask<Integer> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            // Callers may treat the exception as an I/O error, so the interrupt status must be kept as well.
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading from a command");
        } catch (CancellationException e) { // by endBy()
            return -1;
        } catch (ExecutionException e) {
            throw new IOException("could not read from the command: " + e.getCause(), e.getCause());
        }
    }

    /**
     * Ends the stream, after the processes of the command have ended. What they have written can still be read: the rest
     * of it is moved from the pipe to memory. Waits for a pending read, and ends the stream for its reader if the
     * deadline passes. This happens if a process that could not be killed still holds the pipe open.
     *
     * @param deadline the deadline in terms of {@link System#nanoTime()}
     */
    void endBy(long deadline) {
        for (@Nullable FutureTask<Integer> task; (task = replacePipe()) != null; ) {
            try {
                task.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException | InterruptedException e) {
                task.cancel(false);
                return;
            } catch (ExecutionException | CancellationException e) {
                // reported to the reader
            }
        }
    }

    /** Moves the rest from the pipe to memory, unless a thread reads from the pipe. Returns the pending read, if any. */
    private @Nullable FutureTask<Integer> replacePipe() {
        synchronized (lock) {
            FutureTask<Integer> task = reading;
            if (task != null && !task.isDone()) {
                return task;
            }
            InputStream open = pipe;
            pipe = new ByteArrayInputStream(rest(open));
            Closeables.closeQuietly(open);
            return null;
        }
    }

    // No more than has arrived: a process that could not be killed may go on writing.
    private static byte[] rest(InputStream open) {
        try {
            return open.readNBytes(open.available());
        } catch (IOException e) {
            return new byte[0]; // closed by its reader
        }
    }

    /** Closes the pipe; the command gets SIGPIPE or EPIPE when it writes to it afterwards. */
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

    /** Closes the pipe after a pending read, since closing would not wake the thread that reads. */
    private void closeAfter(FutureTask<Integer> task) {
        try (InputStream open = pipe) {
            task.get();
        } catch (IOException | ExecutionException | CancellationException | InterruptedException e) {
            // the stream is closed, so the result is not needed
        }
    }
}
