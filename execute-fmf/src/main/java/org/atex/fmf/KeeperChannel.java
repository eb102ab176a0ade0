package org.atex.fmf;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends acknowledgements, orders and heartbeats to the keeper of a detached test. After a reconnect, the
 * acknowledgement and all orders are sent again, as the keeper may not have received them. The messages are defined in
 * {@code detached.sh}. Thread-safe.
 */
final class KeeperChannel implements AutoCloseable {
    /** The interval between acknowledgements while much data is received; without it each read would send one. */
    private static final Duration ACKNOWLEDGE_EVERY = Duration.ofMillis(20);

    private final Supplier<String> acknowledgement;
    private final Duration heartbeatEvery;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable OutputStream to;
    private int connection;
    private boolean hasNews;
    private boolean urgent;
    private String orders = "";
    private int sentOrders;
    private boolean closed;
    private final Thread thread;

    /**
     * Starts the sending thread. Nothing is sent before {@link #connectTo}.
     *
     * @param acknowledgement supplies the current acknowledgement
     * @param heartbeatEvery the interval of heartbeats, which repeat the acknowledgement
     */
    KeeperChannel(Supplier<String> acknowledgement, Duration heartbeatEvery) {
        this.acknowledgement = acknowledgement;
        this.heartbeatEvery = heartbeatEvery;
        thread = Thread.ofVirtual().name("atex-detached-keeper").start(this::sendAll);
    }

    /**
     * Sends all further messages to this stream.
     *
     * @param next the standard input of a follower; null while the connection is lost
     */
    void connectTo(@Nullable OutputStream next) {
        lock.lock();
        try {
            to = next;
            connection++;
            sentOrders = 0; // send all orders again: they are idempotent, and the last ones may have been lost
            urgent = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Notifies the channel that data was received.
     *
     * @param drained whether the stream is empty for now, so that the acknowledgement should be sent without delay
     */
    void received(boolean drained) {
        lock.lock();
        try {
            hasNews = true;
            urgent |= drained;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Sends an order, once over each connection. */
    void order(String word) {
        lock.lock();
        try {
            if (!orders.contains(word)) {
                orders += word + "\n";
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void sendAll() {
        try {
            while (true) {
                Message next = next();
                if (next == null) {
                    return;
                }
                next.send(this);
            }
        } catch (InterruptedException e) {
            // The channel was closed.
        }
    }

    /** A message and its destination. It is sent without the lock, as writing may block. */
    private record Message(String text, OutputStream to, int connection) {
        void send(KeeperChannel channel) {
            try {
                to.write(text.getBytes(StandardCharsets.UTF_8));
                to.flush();
            } catch (IOException e) {
                channel.disconnected(connection);
            }
        }
    }

    private void disconnected(int failed) {
        lock.lock();
        try {
            // The stream may have been replaced while the write failed.
            if (connection == failed) {
                to = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Message next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long since = System.nanoTime();
            while (!closed) {
                long left = delay() - (System.nanoTime() - since);
                if (to == null) {
                    changed.await();
                } else if (left <= 0) {
                    return message(to);
                } else {
                    changed.awaitNanos(left);
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the nanoseconds between the last message and the next one} */
    private long delay() {
        if (urgent || sentOrders < orders.length()) {
            return 0;
        }
        return TimeUnit.NANOSECONDS.convert(hasNews ? ACKNOWLEDGE_EVERY : heartbeatEvery);
    }

    private Message message(OutputStream stream) {
        String text = acknowledgement.get() + "\n" + orders.substring(sentOrders);
        sentOrders = orders.length();
        hasNews = false;
        urgent = false;
        return new Message(text, stream, connection);
    }

    /** Stops sending. Orders that were not sent are dropped. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
    }
}
