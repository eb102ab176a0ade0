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
 * What a channel receives on one of its streams. An interrupted read loses nothing. Once it is closed, what comes is
 * dropped, so that the sender is not held up.
 *
 * <p>sshj has a stream of its own, which breaks the whole connection when something arrives after it was closed, and
 * sends in the reader's thread, where an interrupt can close the socket.
 *
 * <p>Thread safety: one thread receives, one reads; {@link #ended} and {@link #close} are for any.
 */
final class CommandOutput extends InputStream {
    private final IntConsumer consumed;
    private final Runnable unwanted;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    private final Deque<byte[]> pieces = new ArrayDeque<>();
    private int position;
    private boolean atEnd;
    private boolean closed;
    private @Nullable IOException failure;

    /**
     * Makes one.
     *
     * @param consumed told how many bytes there is room for again
     * @param unwanted told when nobody will read what still comes
     */
    CommandOutput(IntConsumer consumed, Runnable unwanted) {
        this.consumed = consumed;
        this.unwanted = unwanted;
    }

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
        consumed.accept(piece.length);
    }

    /** Nothing more comes. */
    void end() {
        finish(null);
    }

    /**
     * Nothing more comes, and it is not known whether that was all.
     *
     * @param cause why
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

    /** {@return done when nothing more comes} */
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
        consumed.accept(n);
        return n;
    }

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
                // Whoever takes this for a mere I/O error must still learn that it was told to stop.
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
        boolean tell;
        lock.lock();
        try {
            tell = !closed && !atEnd;
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
            consumed.accept(dropped);
        }
        if (tell) {
            unwanted.run();
        }
    }
}
