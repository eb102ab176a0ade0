package org.atex.fmf;

import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes the output of a test on to a {@link LiveOutput}, in a thread of its own: one that fails, or does not take anything for
 * 10 seconds, gets no more, and the test is not hurt.
 *
 * <p>Thread safety: one thread shows and closes.
 */
final class Follower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Follower.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final byte[] END = {};

    private final String test;
    private final Duration patience;
    private final ArrayBlockingQueue<byte[]> pieces = new ArrayBlockingQueue<>(16);
    private final Thread thread;
    private volatile boolean over;

    /**
     * Begins.
     *
     * @param live who follows
     * @param test what is followed
     * @param patience how long to wait for someone who takes nothing
     */
    Follower(LiveOutput live, FmfTest test, Duration patience) {
        this.test = test.name();
        this.patience = patience;
        thread = Thread.ofVirtual().name("atex-live-output").start(() -> follow(live, test));
    }

    /** {@return one that has begun, or null if nothing is to be followed} */
    static @Nullable Follower of(@Nullable LiveOutput live, FmfTest test) {
        return live == null ? null : new Follower(live, test, PATIENCE);
    }

    @SuppressWarnings("ReferenceEquality") // the end is that very object
    private void follow(LiveOutput live, FmfTest followed) {
        try (OutputStream to = live.open(followed)) {
            for (byte[] piece; (piece = pieces.take()) != END; ) {
                to.write(piece);
                to.flush();
            }
        } catch (Throwable e) {
            if (!over) {
                LOG.warn("the output of {} is not followed any more: {}", test, LimitedCall.Failure.words(e));
            }
        } finally {
            over = true;
            pieces.clear();
        }
    }

    /** Shows the first bytes of a buffer. */
    void show(byte[] buffer, int length) {
        put(Arrays.copyOf(buffer, length));
    }

    private void put(byte[] piece) {
        boolean taken = over;
        try {
            long deadline = System.nanoTime() + patience.toNanos();
            while (!taken && !over && System.nanoTime() < deadline) {
                taken = pieces.offer(piece, 100, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!taken && !over) {
            giveUp();
        }
    }

    private void giveUp() {
        over = true;
        LOG.warn(
                "the output of {} is not followed any more: its follower took nothing for {}",
                test,
                Durations.words(patience));
        thread.interrupt();
    }

    /** Waits until all is shown, and keeps an interrupt. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            put(END);
            if (!thread.join(patience)) {
                giveUp();
            }
        } catch (InterruptedException e) {
            interrupted = true;
            giveUp();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
