package org.atex.fmf;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.control.StorageException;
import org.atex.support.Durations;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the output of a test in a file and feeds it to live output. If the file cannot be written, or the output
 * exceeds its limit, the pump asks for the test to be stopped, but continues to read: a full pipe would block the test.
 */
final class OutputPump implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutputPump.class);

    /** The maximum wait for the end of the output when no process of the test is left. */
    private static final Duration END_TIMEOUT = Duration.ofSeconds(5);

    private final Path file;
    private final long limit;
    private final boolean stamped;
    private final Consumer<TestEnd> stopTest;
    private final @Nullable LiveOutputFeed feed;
    private volatile @Nullable StorageException failure;
    private long count;
    private final Thread thread;

    private OutputPump(InputStream from, RunningTest.OutputTarget to, Consumer<TestEnd> stopTest) {
        this.file = to.file();
        this.limit = to.limit();
        this.stamped = to.stamped();
        this.feed = LiveOutputFeed.of(to.live(), to.test());
        this.stopTest = stopTest;
        thread = Thread.ofVirtual().name("atex-test-output").start(() -> readAll(from));
    }

    /**
     * Starts a pump.
     *
     * @param from the output of the test
     * @param to the destination
     * @param stopTest stops the test with the given end
     */
    static OutputPump start(InputStream from, RunningTest.OutputTarget to, Consumer<TestEnd> stopTest) {
        return new OutputPump(from, to, stopTest);
    }

    private void readAll(InputStream from) {
        byte[] buffer = new byte[64 * 1024];
        try (OutputStream to = open()) {
            for (int n; (n = read(from, buffer)) >= 0; ) {
                store(buffer, n, to);
                offer(buffer, n);
            }
        } catch (IOException e) {
            StorageException full = new StorageException("the output of the test", e);
            failure = full;
            stopTest.accept(TestEnd.of(Outcome.SETUP_FAILED, full.getMessage()));
            drain(from, buffer);
        }
    }

    private OutputStream open() throws IOException {
        OutputStream plain = new FileOutputStream(file.toFile(), true);
        return stamped ? new StampedOutput(plain, Instant::now) : plain;
    }

    /** Reads a piece. A lost connection counts as the end; the thread that waits for the command reports it. */
    private static int read(InputStream from, byte[] buffer) {
        try {
            return from.read(buffer);
        } catch (IOException e) {
            return -1;
        }
    }

    private void store(byte[] buffer, int n, OutputStream to) throws IOException {
        int room = (int) Math.min(n, limit - Math.min(limit, count));
        to.write(buffer, 0, room);
        if (room < n && count <= limit) {
            stopTest.accept(TestEnd.of(
                    Outcome.ERROR,
                    "it wrote more than " + limit
                            + " bytes of output: if the test needs that, raise the limit with FmfOptions.withLimits"));
        }
        count += n;
    }

    private void offer(byte[] buffer, int n) {
        if (feed != null) {
            feed.offer(buffer, n);
        }
    }

    private static void drain(InputStream from, byte[] buffer) {
        while (read(from, buffer) >= 0) {
            // Discard the output.
        }
    }

    /** {@return the failure to store the output on this machine, or null; final once this pump is closed} */
    @Nullable
    StorageException failure() {
        return failure;
    }

    /**
     * Waits for the end of the output, at most 5 seconds. Restores an interrupt. Call it after the command is closed.
     */
    @Override
    public void close() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            if (!section.join(thread, END_TIMEOUT)) {
                LOG.warn("the output of a test did not end within {} after the test", Durations.words(END_TIMEOUT));
            }
            if (feed != null) {
                feed.close();
            }
        }
    }
}
