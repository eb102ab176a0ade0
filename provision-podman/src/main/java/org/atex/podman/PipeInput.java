package org.atex.podman;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Reads a named pipe on a thread of its own: a virtual thread that reads one blocks its carrier, and an interrupt would
 * close the channel. An interrupted read loses nothing, the next one goes on with it.
 *
 * <p>Thread safety: for one thread at a time; {@link #end} for any.
 */
final class PipeInput extends InputStream {
    private static final int SIZE = 64 * 1024;

    private final ReadableByteChannel pipe;
    private final Executor threads;
    private @Nullable ByteBuffer buffer;
    private volatile boolean atEnd;
    private volatile boolean ended;
    private boolean closed;
    private @Nullable FutureTask<Integer> reading;

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
        ByteBuffer filled = filled();
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

    /** {@return the buffer, once something or the end came: then it is empty} */
    private ByteBuffer filled() throws IOException {
        if (closed) {
            throw new IOException("the stream was closed");
        }
        ByteBuffer into = buffer;
        if (into == null) {
            into = ByteBuffer.allocate(SIZE).limit(0);
            buffer = into;
        }
        FutureTask<Integer> task = reading;
        if (task != null || !into.hasRemaining() && !atEnd) {
            if (task == null) {
                task = begin(into);
            }
            int n = result(task);
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

    private FutureTask<Integer> begin(ByteBuffer into) {
        into.clear();
        FutureTask<Integer> task = new FutureTask<>(() -> pipe.read(into));
        reading = task;
        threads.execute(task);
        return task;
    }

    private int result(FutureTask<Integer> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            // Whoever takes this for a mere I/O error must still learn that it was told to stop.
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading from a command");
        } catch (ExecutionException e) {
            if (ended && e.getCause() instanceof ClosedChannelException) {
                return -1;
            }
            throw new IOException("cannot read from the command: " + Causes.of(e), Causes.of(e));
        }
    }

    /** {@return whether the end was seen: then nobody is left that could write} */
    boolean atEnd() {
        return atEnd;
    }

    /** Has a reader see the end, even if a process that nobody could end holds the pipe open. */
    void end() {
        ended = true;
        closePipe();
    }

    /** Tells the command that nobody reads any more; what it then writes is refused. */
    @Override
    public void close() {
        closed = true;
        closePipe();
    }

    private void closePipe() {
        Quiet.close(pipe);
    }
}
