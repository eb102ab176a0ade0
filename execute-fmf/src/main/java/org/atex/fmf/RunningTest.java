package org.atex.fmf;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.control.StorageException;
import org.atex.fmf.control.TimeLimit;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * A test that runs under its wrapper on a system. It lives from the start of the command until all of its processes are
 * gone. The standard input of the command is the <em>lifeline</em> of the test: at its end the wrapper kills the test,
 * also when a lost connection closes it.
 *
 * <p>Three threads belong to it: one stores the output, one stops the test at its time limit, and one waits for the
 * wrapper.
 *
 * <p>Thread safety: {@link #stop} may be called from any thread, the other methods by one thread.
 */
final class RunningTest implements AutoCloseable {
    /** How long leftover processes may keep the control stream open after the wrapper ended without an exit code. */
    private static final Duration CONTROL_GRACE = Duration.ofMillis(500);

    /** How long the wrapper may take to kill the test after the end of the lifeline, before it is killed itself. */
    private static final Duration KILL_GRACE = Duration.ofMillis(250);

    /** How long the end of a test waits for the thread of its limit, which may be writing a file. */
    private static final Duration LIMITER_GRACE = Duration.ofSeconds(1);

    /** How long the wrapper may take to send the files of a test that exceeded its time limit. */
    private static final Duration UPLOAD_GRACE = Duration.ofMinutes(1);

    private final Wrapper wrapper;
    private final TimeLimit limit;
    private final OutputPump output;
    /** Set once: the first reason to stop the test wins, as later ones are usually its consequences. */
    private final AtomicReference<@Nullable TestEnd> stoppedWith = new AtomicReference<>();

    private final Diagnosis diagnosis;
    /** The names of the files with the processes at the time limit. */
    private volatile List<String> processList = List.of();

    private final Thread limiter;
    private final Thread wrapperWatcher;
    private volatile long lastReceived;

    /**
     * The destination of the output of a test.
     *
     * @param file the file, which is appended to
     * @param limit the maximum number of bytes in the file
     * @param stamped whether a time stamp is added to each line
     * @param live receives the output as it arrives, or null
     * @param test the test
     */
    record OutputTarget(
            Path file,
            long limit,
            boolean stamped,
            @Nullable LiveOutput live,
            FmfTest test) {}

    /** Finds out what a test does that has exceeded its time limit. */
    @FunctionalInterface
    interface Diagnosis {
        /** {@return the names of the files that it has written} */
        List<String> write() throws InterruptedException;
    }

    private RunningTest(Wrapper wrapper, TimeLimit limit, OutputTarget to, Diagnosis diagnosis) {
        this.diagnosis = diagnosis;
        this.wrapper = wrapper;
        this.limit = limit;
        // The pump may call stop before the constructor has ended: stop uses only fields that are already set.
        output = OutputPump.start(wrapper.output(), to, this::stop);
        limiter = Thread.ofVirtual().name("atex-limit").start(this::stopAtLimit);
        wrapperWatcher = Thread.ofVirtual().name("atex-wrapper").start(this::stopAfterWrapper);
    }

    static RunningTest start(
            Connection connection,
            Command command,
            TimeLimit limit,
            OutputTarget output,
            @Nullable DetachedOptions detached,
            Diagnosis diagnosis)
            throws InterruptedException {
        return new RunningTest(Wrapper.start(connection, command, limit, detached), limit, output, diagnosis);
    }

    /** Sends the metadata, which the wrapper reads before it starts the test. */
    void send(String metadata) throws IOException {
        OutputStream lifeline = wrapper.lifeline();
        lifeline.write((metadata + "\0").getBytes(StandardCharsets.UTF_8));
        lifeline.flush();
    }

    /** {@return the control stream of the test} */
    InputStream control() {
        return new FilterInputStream(wrapper.control()) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                int n = super.read(into, offset, length);
                lastReceived = System.nanoTime();
                return n;
            }
        };
    }

    /** Stops enforcing the time limit, while the test reboots its system. */
    void stopClock() {
        limiter.interrupt();
    }

    /**
     * Releases the test before a reboot: a byte on the lifeline tells the wrapper not to kill the test at its end.
     * Closing the control stream breaks the pipe of the test, which is the acknowledgement that the test waits for.
     */
    void release() throws IOException {
        try {
            wrapper.lifeline().write('d');
            wrapper.lifeline().flush();
        } catch (IOException e) {
            // The system is already down.
        }
        wrapper.control().close();
    }

    /** Waits for the wrapper. {@return its end} */
    CommandEnd await() throws InterruptedException {
        return wrapper.await();
    }

    /** Waits for the wrapper with a time limit. {@return its end, or empty if the limit passed} */
    Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        return wrapper.await(atMost);
    }

    /**
     * Stops the test, unless it was stopped before.
     *
     * @param end the end of the test, with the reason
     */
    void stop(TestEnd end) {
        if (stoppedWith.compareAndSet(null, end)) {
            kill();
        }
    }

    /** {@return the names of the files with the processes at the time limit; call it after {@link #close}} */
    List<String> processList() {
        return processList;
    }

    /** {@return the end with which the test was stopped; null if it was not} */
    @Nullable
    TestEnd stoppedWith() {
        return stoppedWith.get();
    }

    /**
     * Checks that the output was stored. Call it after {@link #close}.
     *
     * @throws StorageException if the output could not be stored on this machine
     */
    void requireStored() throws StorageException {
        StorageException failure = output.failure();
        if (failure != null) {
            throw failure;
        }
    }

    private void stopAtLimit() {
        try {
            limit.await();
        } catch (InterruptedException e) {
            return; // the test ended within its limit, or is rebooting
        }
        if (wrapper.isDisconnected()) {
            stop(lostAtLimit(limit));
        } else if (stoppedWith.compareAndSet(null, timedOut(limit))) {
            listProcesses();
            awaitUpload();
            kill();
        }
    }

    private void listProcesses() {
        try {
            processList = diagnosis.write();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the test is closed meanwhile
        }
    }

    /**
     * {@return the end of a test without connection at its limit: it may have ended in time, so it is not timed
     * out}
     */
    private static TestEnd lostAtLimit(TimeLimit limit) {
        return TestEnd.of(
                Outcome.LOST,
                "its connection was lost and not restored when "
                        + timedOut(limit).note());
    }

    static TestEnd timedOut(TimeLimit limit) {
        String shown = limit.limit().toString().substring(2).toLowerCase(Locale.ROOT);
        return TestEnd.of(Outcome.TIMED_OUT, "it exceeded its duration of " + shown);
    }

    /**
     * Kills the rest when the wrapper has ended. A test can kill its wrapper while other processes hold the control
     * stream open; the reader of that stream would block.
     */
    private void stopAfterWrapper() {
        try {
            wrapper.await();
            Thread.sleep(CONTROL_GRACE);
        } catch (InterruptedException e) {
            return; // the control stream was read to its end, and the test is closed
        } catch (ConnectionLostException e) {
            return; // the reader of the control stream reports it
        }
        kill();
    }

    /**
     * Ends the lifeline and waits for the files of the test, as long as data arrives and within {@link #UPLOAD_GRACE}.
     */
    private void awaitUpload() {
        long begun = System.nanoTime();
        try {
            wrapper.lifeline().close();
            while (System.nanoTime() - begun < UPLOAD_GRACE.toNanos()) {
                long before = lastReceived;
                if (wrapper.await(KILL_GRACE).isPresent() || lastReceived == before) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ConnectionLostException e) {
            // No files can arrive any more.
        }
    }

    /** Ends the lifeline, gives the wrapper a moment to kill the test, and kills the wrapper. Restores an interrupt. */
    private void kill() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            section.attempt(() -> {
                try {
                    wrapper.lifeline().close();
                    var unused = wrapper.await(KILL_GRACE);
                } catch (IOException | ConnectionLostException e) {
                    // The connection is lost, which ends the lifeline as well.
                }
            });
            wrapper.close();
        }
    }

    @Override
    public void close() {
        limiter.interrupt();
        wrapperWatcher.interrupt();
        kill();
        boolean unused = Threads.join(List.of(limiter), LIMITER_GRACE);
        output.close();
    }
}
