package org.atex.fmf;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Outcome;
import org.atex.api.RunningCommand;
import org.atex.api.TestEnd;
import org.atex.fmf.control.StorageException;
import org.atex.fmf.control.TimeLimit;
import org.jspecify.annotations.Nullable;

/**
 * A test that runs under its wrapper on a system, from the start of the command until nothing of it is left. The
 * command's input is the test's lifeline: the wrapper kills the test at its end, also when it is a lost connection that
 * ends it.
 *
 * <p>Thread safety: {@link #giveUp} may be called from any thread, the rest is for one.
 */
final class LiveTest implements AutoCloseable {
    /** How long what the test left may hold the control stream open once the wrapper has ended without a word. */
    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    /** How long the wrapper has to kill the test when its lifeline is cut, before it is killed itself. */
    private static final Duration KILLING = Duration.ofMillis(250);

    /** How long it may then go on sending what a test has left that exceeded its duration. */
    private static final Duration LAST_FILES = Duration.ofMinutes(1);

    private final RunningCommand running;
    private final TimeLimit limit;
    private final OutputPump output;
    private final AtomicReference<@Nullable TestEnd> givenUp = new AtomicReference<>();
    private final Thread limiter;
    private final Thread watch;
    private volatile long received;

    /**
     * Where the output of a test goes.
     *
     * @param file is added to
     * @param most how many bytes of it
     * @param stamped whether each line has its time there
     * @param live also gets it, or null
     * @param test whose it is
     */
    record OutputTo(
            Path file, long most, boolean stamped, @Nullable LiveOutput live, FmfTest test) {}

    private LiveTest(RunningCommand running, TimeLimit limit, OutputTo to) {
        this.running = running;
        this.limit = limit;
        output = OutputPump.start(running.stderr(), to, this::giveUp);
        limiter = Thread.ofVirtual().name("atex-limit").start(this::endAtLimit);
        watch = Thread.ofVirtual().name("atex-wrapper").start(this::endAfterWrapper);
    }

    static LiveTest start(
            Connection connection,
            Command command,
            TimeLimit limit,
            OutputTo output,
            @Nullable DetachedOptions detached)
            throws InterruptedException {
        RunningCommand running = detached == null
                ? connection.start(command)
                : DetachedCommand.start(connection, command, detached, limit);
        return new LiveTest(running, limit, output);
    }

    /** Sends what the wrapper reads before it starts the test. */
    void send(String metadata) throws IOException {
        OutputStream lifeline = running.stdin();
        lifeline.write((metadata + "\0").getBytes(StandardCharsets.UTF_8));
        lifeline.flush();
    }

    InputStream control() {
        return new FilterInputStream(running.stdout()) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                int n = super.read(into, offset, length);
                received = System.nanoTime();
                return n;
            }
        };
    }

    /** The test takes its system down: its own limit does not count meanwhile. */
    void stopClock() {
        limiter.interrupt();
    }

    /** The test takes its system down: it is not to be killed, and is told by a broken pipe that we know. */
    void letGo() throws IOException {
        try {
            running.stdin().write('d');
            running.stdin().flush();
        } catch (IOException e) {
            // The system is quicker than we are.
        }
        running.stdout().close();
    }

    CommandEnd await() throws InterruptedException {
        return running.await();
    }

    Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        return running.await(atMost);
    }

    /**
     * Ends the test from outside.
     *
     * @param reason how it ended
     */
    void giveUp(TestEnd reason) {
        if (givenUp.compareAndSet(null, reason)) {
            kill();
        }
    }

    /** {@return how it was ended from outside, or null if it was not} */
    @Nullable
    TestEnd givenUp() {
        return givenUp.get();
    }

    /**
     * Call it when this is closed.
     *
     * @throws StorageException if the output could not be stored on this machine
     */
    void requireStored() throws StorageException {
        StorageException failure = output.failure();
        if (failure != null) {
            throw failure;
        }
    }

    private void endAtLimit() {
        try {
            limit.await();
        } catch (InterruptedException e) {
            return; // it has ended in time
        }
        if (running instanceof DetachedCommand detached && detached.isCut()) {
            giveUp(cutOff(limit));
        } else if (givenUp.compareAndSet(null, timedOut(limit))) {
            awaitLastFiles();
            kill();
        }
    }

    /** It may have ended in time, but nobody knows. */
    private static TestEnd cutOff(TimeLimit limit) {
        return TestEnd.of(
                Outcome.LOST,
                "its connection was lost, and not back when " + timedOut(limit).note());
    }

    static TestEnd timedOut(TimeLimit limit) {
        String shown = limit.limit().toString().substring(2).toLowerCase(Locale.ROOT);
        return TestEnd.of(Outcome.TIMED_OUT, "it exceeded its duration of " + shown);
    }

    /** Whatever a test did to its wrapper: nothing that is left may keep us waiting for words that will not come. */
    private void endAfterWrapper() {
        try {
            running.await();
            Thread.sleep(LAST_WORDS);
        } catch (InterruptedException e) {
            return; // the last word has come
        } catch (ConnectionLostException e) {
            return; // which the reader of the stream is told too
        }
        kill();
    }

    /** Goes on as long as something comes. */
    private void awaitLastFiles() {
        long begun = System.nanoTime();
        try {
            running.stdin().close();
            while (System.nanoTime() - begun < LAST_FILES.toNanos()) {
                long before = received;
                if (running.await(KILLING).isPresent() || received == before) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ConnectionLostException e) {
            // There is nothing to wait for.
        }
    }

    private void kill() {
        boolean interrupted = Thread.interrupted();
        try {
            running.stdin().close();
            var unused = running.await(KILLING);
        } catch (InterruptedException e) {
            interrupted = true;
        } catch (IOException | ConnectionLostException e) {
            // Then the wrapper sees the end of its lifeline without us.
        }
        running.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        limiter.interrupt();
        watch.interrupt();
        kill();
        output.close();
    }
}
