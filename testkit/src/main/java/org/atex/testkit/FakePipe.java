package org.atex.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A pipe in memory. Readers see the end of the stream when the last writer is removed. Thread-safe, unlike {@link
 * java.io.PipedInputStream}, which binds a pipe to one thread on each side.
 */
final class FakePipe {
    /** The capacity of a pipe on Linux, so that fake commands block where real ones do. */
    private static final int CAPACITY = 64 * 1024;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Allocated on the first write, because most pipes of fakes stay empty. */
    private byte[] ring = new byte[0];

    private int start;
    private int filled;
    private int writers = 1;
    private boolean readerGone;
    private @Nullable String broken;

    /** Adds a process that holds the pipe open for writing. */
    void addWriter() {
        lock.lock();
        try {
            writers++;
        } finally {
            lock.unlock();
        }
    }

    /** Removes a process that held the pipe open for writing. */
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
     * Makes all current and later reads and writes fail.
     *
     * @param why the message of the exception
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

    /** {@return a stream that reads from the pipe} */
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
     * {@return a stream that writes to the pipe}
     *
     * @param whenClosed the action of {@code close()}
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
            int tail = Math.min(n, CAPACITY - start);
            System.arraycopy(ring, start, into, offset, tail);
            System.arraycopy(ring, 0, into, offset + tail, n - tail);
            start = (start + n) % CAPACITY;
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
                ring = new byte[CAPACITY];
            }
            for (int done = 0; done < length; ) {
                while (filled == CAPACITY && broken == null && !readerGone) {
                    await();
                }
                refuseIfBroken();
                if (readerGone) {
                    throw new IOException("broken pipe: its reader is closed");
                }
                int end = (start + filled) % CAPACITY;
                int n = Math.min(length - done, Math.min(CAPACITY - filled, CAPACITY - end));
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

    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private void await() throws InterruptedIOException {
        try {
            // A writer may have filled the ring without a signal yet: its reader must empty the ring first.
            changed.signalAll();
            changed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a pipe");
        }
    }
}
