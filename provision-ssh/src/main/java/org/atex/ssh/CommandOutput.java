package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The stdout or stderr of a command, as a channel receives it. An interrupted read loses no bytes. After
 * {@link #close}, bytes that arrive are dropped and still acknowledged, so that the command does not block.
 *
 * <p>The stream of sshj is not used: it breaks the whole connection if bytes arrive after it was closed, and it sends
 * window updates from the reading thread, where an interrupt closes the socket.
 *
 * <p>Thread safety: one thread receives and one thread reads; {@link #ended} and {@link #close} may be called from any.
 */
final class CommandOutput extends InputStream {
    private final IntConsumer onConsumed;
    private final Runnable onAbandoned;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    private final Deque<byte[]> pieces = new ArrayDeque<>();

    /** The number of bytes of the first piece that were read. */
    private int position;

    private boolean atEnd;
    private boolean closed;
    private @Nullable IOException failure;

    /**
     * Creates an open stream. Both callbacks are called without the lock of this stream, as they may take locks of the
     * channel.
     *
     * @param onConsumed called with the number of bytes that were read or dropped
     * @param onAbandoned called once if the stream is closed before its end
     */
    CommandOutput(IntConsumer onConsumed, Runnable onAbandoned) {
        this.onConsumed = onConsumed;
        this.onAbandoned = onAbandoned;
    }

    /** Adds bytes. The array belongs to the stream from now on. */
    void receive(byte[] piece) {
        lock.lock();
        try {
            if (!closed) {
                pieces.add(piece);
                changed.signalAll();
                return;
            }
        } finally {
            lock.unlock();
        }
        onConsumed.accept(piece.length);
    }

    /** Marks the end of the stream. The first call of this method or {@link #fail} counts. */
    void end() {
        finish(null);
    }

    /**
     * Marks the end of the stream after a loss of data. A reader gets an {@link IOException} after the bytes received
     * so far.
     *
     * @param cause the reason
     */
    void fail(IOException cause) {
        finish(cause);
    }

    private void finish(@Nullable IOException cause) {
        lock.lock();
        try {
            if (!atEnd) {
                atEnd = true;
                failure = cause;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        ended.complete(true);
    }

    /** {@return a future that completes at the end of the stream, also if the rest was lost} */
    CompletableFuture<Boolean> ended() {
        return ended;
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
        int n;
        lock.lock();
        try {
            if (!awaitPiece()) {
                return -1;
            }
            byte[] piece = pieces.element();
            n = Math.min(length, piece.length - position);
            System.arraycopy(piece, position, into, offset, n);
            position += n;
            if (position == piece.length) {
                pieces.remove();
                position = 0;
            }
        } finally {
            lock.unlock();
        }
        onConsumed.accept(n);
        return n;
    }

    /** Waits for bytes. {@return false at the end of the stream} */
    private boolean awaitPiece() throws IOException {
        while (true) {
            if (closed) {
                throw new IOException("the stream was closed");
            }
            if (!pieces.isEmpty()) {
                return true;
            }
            if (atEnd) {
                if (failure != null) {
                    throw new IOException(failure.getMessage(), failure);
                }
                return false;
            }
            try {
                changed.await();
            } catch (InterruptedException e) {
                // The interrupt status is set too: a caller may handle this exception as an ordinary I/O error.
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while reading from a command");
            }
        }
    }

    @Override
    public int available() {
        lock.lock();
        try {
            return pieces.isEmpty() ? 0 : pieces.element().length - position;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        int dropped = 0;
        boolean abandoned;
        lock.lock();
        try {
            abandoned = !closed && !atEnd;
            closed = true;
            for (byte[] piece : pieces) {
                dropped += piece.length;
            }
            dropped -= position;
            pieces.clear();
            position = 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (dropped > 0) {
            onConsumed.accept(dropped);
        }
        if (abandoned) {
            onAbandoned.run();
        }
    }
}
