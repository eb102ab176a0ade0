package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Joins the streams of consecutive connections into one. Each segment starts at the byte after the last one that was
 * read, so the reader sees no gap. A read blocks while there is no connection.
 *
 * <p>Thread safety: one thread reads; another one calls {@link #continueWith}, {@link #detach} and {@link #finish}. The
 * lock is never held during a read of the underlying stream, as that may block.
 */
final class GaplessStream extends InputStream {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ReadListener listener;
    private @Nullable InputStream segment;
    private int number;
    private boolean reading;
    private boolean finished;
    private boolean closed;
    private long count;

    /** Receives a notification after each read. */
    @FunctionalInterface
    interface ReadListener {
        /**
         * Data was read.
         *
         * @param drained whether the stream seems to be empty for now
         */
        void onRead(boolean drained);
    }

    GaplessStream(ReadListener listener) {
        this.listener = listener;
    }

    /**
     * {@return the number of bytes read; {@link Long#MAX_VALUE} after {@link #close}, which acknowledges everything}
     */
    long count() {
        lock.lock();
        try {
            return closed ? Long.MAX_VALUE : count;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Continues with a new segment.
     *
     * @param next a stream that starts at byte {@link #count}
     */
    void continueWith(InputStream next) {
        lock.lock();
        try {
            segment = next;
            number++;
            changed.signalAll();
            closeIfUnused();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Discards the current segment. Its stream must be closed. Waits for a read in progress: afterwards {@link
     * #count} is stable, and the next segment can be requested from there.
     */
    void detach() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            segment = null;
            while (reading) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Declares the current segment to be the last one; the stream ends with it. */
    void finish() {
        lock.lock();
        try {
            finished = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int before = 0;
        while (true) {
            Segment current = beginRead(before);
            if (current == null) {
                return -1;
            }
            int n = -1;
            try {
                n = current.stream().read(into, offset, length);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                before = current.number(); // the connection was lost: wait for the next segment or the end
            } finally {
                endRead(n);
            }
            if (n > 0) {
                // A read that fills neither the buffer nor a usual packet has probably emptied the stream.
                listener.onRead(n < Math.min(length, 16 * 1024));
                return n;
            }
            before = current.number();
        }
    }

    /** The stream of one connection. */
    private record Segment(int number, InputStream stream) {}

    /** Waits for a segment after the given one. {@return the segment, or null at the end} */
    private @Nullable Segment beginRead(int before) throws InterruptedIOException {
        lock.lock();
        try {
            while (!closed && (segment == null || number == before)) {
                if (finished) {
                    return null;
                }
                changed.await();
            }
            reading = !closed;
            return closed || segment == null ? null : new Segment(number, segment);
        } catch (InterruptedException e) {
            throw new InterruptedIOException("interrupted while waiting for output of a detached test");
        } finally {
            lock.unlock();
        }
    }

    private void endRead(int n) {
        lock.lock();
        try {
            reading = false;
            count += Math.max(0, n);
            changed.signalAll();
            closeIfUnused();
        } finally {
            lock.unlock();
        }
    }

    /** Closes the segment if this stream is closed, as the sender would block on a full pipe. Requires the lock. */
    private void closeIfUnused() {
        if (closed && !reading && segment != null) {
            try {
                segment.close();
            } catch (IOException e) {
                // The connection is lost, which also releases the sender.
            }
        }
    }

    /** Closes the stream. A read in progress completes first and closes the segment. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            closeIfUnused();
        } finally {
            lock.unlock();
        }
    }
}
