package org.atex.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A pipe in memory, for any threads. It ends when the last of its writers is gone. */
final class FakePipe {
    private static final int ROOM = 64 * 1024;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private byte[] ring = new byte[0];
    private int start;
    private int filled;
    private int writers = 1;
    private boolean readerGone;
    private @Nullable String broken;

    /** A process more holds it open. */
    void addWriter() {
        lock.lock();
        try {
            writers++;
        } finally {
            lock.unlock();
        }
    }

    /** A process less holds it open. */
    void removeWriter() {
        lock.lock();
        try {
            writers--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Has everybody fail.
     *
     * @param why the reason
     */
    void fail(String why) {
        lock.lock();
        try {
            broken = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** {@return what comes out of it} */
    InputStream output() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                return length == 0 ? 0 : take(into, offset, length);
            }

            @Override
            public void close() {
                closeReader();
            }
        };
    }

    /**
     * {@return what goes into it}
     *
     * @param whenClosed what closing does
     */
    OutputStream input(Runnable whenClosed) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                put(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                put(from, offset, length);
            }

            @Override
            public void close() {
                whenClosed.run();
            }
        };
    }

    private void closeReader() {
        lock.lock();
        try {
            readerGone = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private int take(byte[] into, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (filled == 0 && writers > 0 && broken == null && !readerGone) {
                await();
            }
            refuseIfBroken();
            if (readerGone) {
                throw new IOException("the stream was closed");
            }
            int n = Math.min(length, filled);
            int tail = Math.min(n, ROOM - start);
            System.arraycopy(ring, start, into, offset, tail);
            System.arraycopy(ring, 0, into, offset + tail, n - tail);
            start = (start + n) % ROOM;
            filled -= n;
            changed.signalAll();
            return n == 0 ? -1 : n;
        } finally {
            lock.unlock();
        }
    }

    private void put(byte[] from, int offset, int length) throws IOException {
        lock.lock();
        try {
            if (ring.length == 0) {
                ring = new byte[ROOM];
            }
            for (int done = 0; done < length; ) {
                while (filled == ROOM && broken == null && !readerGone) {
                    await();
                }
                refuseIfBroken();
                if (readerGone) {
                    throw new IOException("nobody reads from this pipe any more");
                }
                int end = (start + filled) % ROOM;
                int n = Math.min(length - done, Math.min(ROOM - filled, ROOM - end));
                System.arraycopy(from, offset + done, ring, end, n);
                filled += n;
                done += n;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void refuseIfBroken() throws IOException {
        if (broken != null) {
            throw new IOException(broken);
        }
    }

    @SuppressWarnings("WaitNotInLoop") // its callers loop
    private void await() throws InterruptedIOException {
        try {
            changed.signalAll();
            changed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted at a pipe");
        }
    }
}
