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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores what a test writes to its output and errors, and shows it to whoever follows. It goes on reading when it cannot
 * store any more, so that the test is not held up by a full pipe.
 */
final class OutputPump implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutputPump.class);

    /** When nothing of the test is left, the end of its output is near. */
    private static final Duration END_IS_NEAR = Duration.ofSeconds(5);

    private final Path file;
    private final long most;
    private final boolean stamped;
    private final Consumer<TestEnd> giveUp;
    private final @Nullable Follower follower;
    private volatile @Nullable StorageException failure;
    private long count;
    private final Thread thread;

    private OutputPump(InputStream from, LiveTest.OutputTo to, Consumer<TestEnd> giveUp) {
        this.file = to.file();
        this.most = to.most();
        this.stamped = to.stamped();
        this.follower = Follower.of(to.live(), to.test());
        this.giveUp = giveUp;
        thread = Thread.ofVirtual().name("atex-test-output").start(() -> readAll(from));
    }

    /**
     * Begins.
     *
     * @param from what the test writes
     * @param to where it goes
     * @param giveUp told that the test has to be ended, and how it ends then
     */
    static OutputPump start(InputStream from, LiveTest.OutputTo to, Consumer<TestEnd> giveUp) {
        return new OutputPump(from, to, giveUp);
    }

    private void readAll(InputStream from) {
        byte[] buffer = new byte[64 * 1024];
        try (OutputStream to = open()) {
            for (int n; (n = read(from, buffer)) >= 0; ) {
                store(buffer, n, to);
                show(buffer, n);
            }
        } catch (IOException e) {
            StorageException full = new StorageException("the output of the test", e);
            failure = full;
            giveUp.accept(TestEnd.of(Outcome.SETUP_FAILED, full.getMessage()));
            drain(from, buffer);
        }
    }

    private OutputStream open() throws IOException {
        OutputStream plain = new FileOutputStream(file.toFile(), true);
        return stamped ? new StampedOutput(plain, Instant::now) : plain;
    }

    /** A lost connection is noticed by whoever waits for the test. */
    private static int read(InputStream from, byte[] buffer) {
        try {
            return from.read(buffer);
        } catch (IOException e) {
            return -1;
        }
    }

    private void store(byte[] buffer, int n, OutputStream to) throws IOException {
        int room = (int) Math.min(n, most - Math.min(most, count));
        to.write(buffer, 0, room);
        if (room < n && count <= most) {
            giveUp.accept(TestEnd.of(
                    Outcome.ERROR,
                    "it wrote more than " + most
                            + " bytes of output: if that is right, raise the limit of the executor"));
        }
        count += n;
    }

    private void show(byte[] buffer, int n) {
        if (follower != null) {
            follower.show(buffer, n);
        }
    }

    private static void drain(InputStream from, byte[] buffer) {
        while (read(from, buffer) >= 0) {
            // It goes nowhere.
        }
    }

    /** {@return why the output could not be stored here, or null if it was; known when this is closed} */
    @Nullable
    StorageException failure() {
        return failure;
    }

    /** Waits for the end of the output, and keeps an interrupt. Call it when the command is closed. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            if (!thread.join(END_IS_NEAR)) {
                LOG.warn("the output of a test has no end although nothing of the test is left");
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (follower != null) {
            follower.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
