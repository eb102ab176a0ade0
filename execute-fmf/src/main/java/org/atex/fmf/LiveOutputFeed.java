package org.atex.fmf;

import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.atex.support.Durations;
import org.atex.support.LimitedCall;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds the output of a test to a {@link LiveOutput} in a separate thread, so that slow live output cannot block the
 * test. Live output that fails, or accepts no data for 10 seconds, receives nothing more; the test continues.
 *
 * <p>Thread safety: {@link #offer} and {@link #close} must be called by one thread.
 */
final class LiveOutputFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveOutputFeed.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /** Marks the end of the output in the queue; compared by identity, as a test cannot produce this array. */
    private static final byte[] END = {};

    private final String test;
    private final Duration timeout;
    private final ArrayBlockingQueue<byte[]> chunks = new ArrayBlockingQueue<>(16);
    private final Thread thread;
    private volatile boolean ended;

    /**
     * Starts the thread.
     *
     * @param live the receiver
     * @param test the test
     * @param timeout the time that the receiver may block
     */
    LiveOutputFeed(LiveOutput live, FmfTest test, Duration timeout) {
        this.test = test.name();
        this.timeout = timeout;
        thread = Thread.ofVirtual().name("atex-live-output").start(() -> feed(live, test));
    }

    /** {@return a started feed, or null if there is no live output} */
    static @Nullable LiveOutputFeed of(@Nullable LiveOutput live, FmfTest test) {
        return live == null ? null : new LiveOutputFeed(live, test, TIMEOUT);
    }

    @SuppressWarnings("ReferenceEquality") // END is compared by identity
    private void feed(LiveOutput live, FmfTest source) {
        try (OutputStream to = live.open(source)) {
            for (byte[] chunk; (chunk = chunks.take()) != END; ) {
                to.write(chunk);
                to.flush();
            }
        } catch (Throwable e) { // user code may throw anything, errors included
            if (!ended) {
                LOG.warn("live output of {} stopped: {}", test, LimitedCall.Failure.describe(e));
            }
        } finally {
            ended = true;
            chunks.clear();
        }
    }

    /** Queues a copy of the first bytes of a buffer. Blocks while the queue is full, at most for the timeout. */
    void offer(byte[] buffer, int length) {
        enqueue(Arrays.copyOf(buffer, length));
    }

    private void enqueue(byte[] chunk) {
        boolean accepted = ended;
        try {
            long deadline = System.nanoTime() + timeout.toNanos();
            // Wait in short steps: the receiver may fail meanwhile, which empties the queue without a signal.
            while (!accepted && !ended && System.nanoTime() < deadline) {
                accepted = chunks.offer(chunk, 100, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!accepted && !ended) {
            abandon();
        }
    }

    private void abandon() {
        ended = true;
        LOG.warn("live output of {} stopped: it accepted no data for {}", test, Durations.words(timeout));
        thread.interrupt();
    }

    /** Waits until the receiver has consumed and closed everything, at most for the timeout. Restores an interrupt. */
    @Override
    public void close() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            enqueue(END);
            section.attempt(() -> thread.join(timeout));
            if (thread.isAlive()) {
                abandon();
            }
        }
    }
}
