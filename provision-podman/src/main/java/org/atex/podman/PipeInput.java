package org.atex.podman;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.atex.support.Closeables;
import org.jspecify.annotations.Nullable;

/**
 * Reads from a named pipe in a pool thread. The calling thread cannot read itself: a virtual thread would block its
 * carrier thread, and an interrupt would close the channel. An interrupted read loses no data; the next read continues
 * it.
 *
 * <p>Thread safety: for use by one thread at a time, except {@link #drain} and {@link #end}, which any thread may call.
 */
final class PipeInput extends InputStream {
    private static final int SIZE = 64 * 1024;
    /** The limit of {@link #drain}: the largest pipe of users without privileges. */
    private static final int MAX_REST = 1024 * 1024;

    /** Guards the replacement of the pipe by {@link #drain}. */
    private final Object lock = new Object();

    private final ReadableByteChannel pipe;
    private final Executor threads;
    private @Nullable ByteBuffer buffer;
    private volatile boolean atEnd;
    private volatile boolean drained;
    private volatile boolean ended;
    private volatile boolean closed;
    private volatile @Nullable FutureTask<Integer> reading;
    private volatile @Nullable CompletableFuture<ByteBuffer> rest;

    PipeInput(ReadableByteChannel pipe, Executor threads) {
        this.pipe = pipe;
        this.threads = threads;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        ByteBuffer filled = filledBuffer();
        if (!filled.hasRemaining()) {
            return -1;
        }
        int n = Math.min(length, filled.remaining());
        filled.get(into, offset, n);
        return n;
    }

    @Override
    public int available() {
        return buffer == null || reading != null ? 0 : buffer.remaining();
    }

    /** {@return the buffer, after waiting for data; it is empty at the end of the stream} */
    private ByteBuffer filledBuffer() throws IOException {
        if (closed) {
            throw new IOException("the stream was closed");
        }
        ByteBuffer into = buffer;
        if (into == null) {
            into = ByteBuffer.allocate(SIZE).limit(0);
            buffer = into;
        }
        FutureTask<Integer> task = reading;
        // A task is left over if an interrupt ended the wait for it; its data come first.
        if (task != null || !into.hasRemaining() && !atEnd) {
            if (task == null) {
                task = startRead(into);
            }
            int n = awaitRead(task);
            reading = null;
            if (n < 0) {
                atEnd = true;
                into.limit(0);
            } else {
                into.flip();
            }
        }
        return into;
    }

    private FutureTask<Integer> startRead(ByteBuffer into) {
        into.clear();
        FutureTask<Integer> task;
        synchronized (lock) {
            CompletableFuture<ByteBuffer> moved = rest;
            task = new FutureTask<>(() -> moved == null ? pipe.read(into) : move(moved.get(), into));
            reading = task;
        }
        threads.execute(task);
        return task;
    }

    private static int move(ByteBuffer from, ByteBuffer into) {
        int n = Math.min(from.remaining(), into.remaining());
        into.put(from.slice().limit(n));
        from.position(from.position() + n);
        return n == 0 ? -1 : n;
    }

    private int awaitRead(FutureTask<Integer> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            // Callers may treat the exception as an I/O error, so the interrupt status must be kept as well.
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading from a command");
        } catch (ExecutionException e) {
            if (ended && e.getCause() instanceof ClosedChannelException) {
                return -1;
            }
            throw new IOException("could not read from the command: " + Exceptions.causeOf(e), Exceptions.causeOf(e));
        }
    }

    /** {@return whether the end of the stream was read, which means that no process has the pipe open for writing} */
    boolean atEnd() {
        return atEnd || drained;
    }

    /**
     * Moves what was written to the pipe to memory, where it can be read after {@link #end}.
     *
     * @return done when the end of the pipe was read, or at the latest after {@link #end}
     */
    CompletableFuture<?> drain() {
        CompletableFuture<ByteBuffer> moved = new CompletableFuture<>();
        FutureTask<Integer> before;
        synchronized (lock) {
            if (atEnd || closed || rest != null) {
                return CompletableFuture.completedFuture(null);
            }
            rest = moved;
            before = reading; // takes what comes first
        }
        threads.execute(() -> moved.complete(readRest(before)));
        return moved;
    }

    private ByteBuffer readRest(@Nullable FutureTask<Integer> before) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            boolean open = before == null || before.get() >= 0;
            ByteBuffer part = ByteBuffer.allocate(SIZE);
            // A process that could not be killed may write without end.
            while (open && all.size() < MAX_REST) {
                open = pipe.read(part.clear()) >= 0;
                all.write(part.array(), 0, part.position());
            }
            drained = !open;
        } catch (IOException | ExecutionException | InterruptedException e) {
            // The pipe was closed; a failure of the former read is reported to its reader.
        }
        return ByteBuffer.wrap(all.toByteArray());
    }

    /** Ends the stream for its reader, even if a process that could not be killed still holds the pipe open. */
    void end() {
        ended = true;
        closePipe();
    }

    /** Closes the pipe; the command gets SIGPIPE or EPIPE when it writes to it afterwards. */
    @Override
    public void close() {
        closed = true;
        closePipe();
    }

    private void closePipe() {
        Closeables.closeQuietly(pipe);
    }
}
