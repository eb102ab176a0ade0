package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a command that is followed over one connection after the other: each goes on at the byte behind the last
 * one that was read.
 *
 * <p>Thread safety: one thread reads, one replaces; the rest is for any.
 */
final class GaplessStream extends InputStream {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Progress progress;
    private @Nullable InputStream part;
    private int number;
    private boolean reading;
    private boolean over;
    private boolean closed;
    private long count;

    /** Is told what was read. */
    @FunctionalInterface
    interface Progress {
        /**
         * Something was read.
         *
         * @param all whether that seems to be all that there is for now
         */
        void made(boolean all);
    }

    GaplessStream(Progress progress) {
        this.progress = progress;
    }

    /** {@return how many bytes have been read, or are not wanted} */
    long count() {
        lock.lock();
        try {
            return closed ? Long.MAX_VALUE : count;
        } finally {
            lock.unlock();
        }
    }

    /** Goes on with that stream, which begins behind what has been read. */
    void goOnWith(InputStream next) {
        lock.lock();
        try {
            part = next;
            number++;
            changed.signalAll();
            closeUnwanted();
        } finally {
            lock.unlock();
        }
    }

    /** Drops the present stream, which must be closed: whatever is left in it is not read. */
    void drop() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            part = null;
            while (reading) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** After the present stream there is no other. */
    void finish() {
        lock.lock();
        try {
            over = true;
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
            Part now = take(before);
            if (now == null) {
                return -1;
            }
            int n = -1;
            try {
                n = now.stream().read(into, offset, length);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                before = now.number(); // lost, and another will come or none
            } finally {
                put(n);
            }
            if (n > 0) {
                progress.made(n < Math.min(length, 16 * 1024));
                return n;
            }
            before = now.number();
        }
    }

    /** What comes over one connection. */
    private record Part(int number, InputStream stream) {}

    /** {@return a later one than that, or null at the end} */
    private @Nullable Part take(int before) throws InterruptedIOException {
        lock.lock();
        try {
            while (!closed && (part == null || number == before)) {
                if (over) {
                    return null;
                }
                changed.await();
            }
            reading = !closed;
            return closed || part == null ? null : new Part(number, part);
        } catch (InterruptedException e) {
            throw new InterruptedIOException("interrupted while a test was to be read");
        } finally {
            lock.unlock();
        }
    }

    private void put(int n) {
        lock.lock();
        try {
            reading = false;
            count += Math.max(0, n);
            changed.signalAll();
            closeUnwanted();
        } finally {
            lock.unlock();
        }
    }

    /** So that the other side is not held up by what nobody reads. Call it with the lock. */
    private void closeUnwanted() {
        if (closed && !reading && part != null) {
            try {
                part.close();
            } catch (IOException e) {
                // It is as good as closed.
            }
        }
    }

    /** Nothing more is read, as soon as a read that is under way returns. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            closeUnwanted();
        } finally {
            lock.unlock();
        }
    }
}
