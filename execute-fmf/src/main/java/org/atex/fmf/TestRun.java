package org.atex.fmf;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Outcome;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TestEnd;
import org.atex.fmf.control.ControlHandler;
import org.atex.fmf.control.ControlStream;
import org.atex.fmf.control.ProtocolException;
import org.atex.fmf.control.ReportedResults;
import org.atex.fmf.control.TimeLimit;
import org.jspecify.annotations.Nullable;

/** One attempt at one test: the command on the system, the control stream, the time limit, and what comes of them. */
final class TestRun implements ControlHandler {
    /**
     * What a test finds in its environment.
     *
     * @param plan the plan's, over which scripts may win that write to the plan's environment file
     * @param own what wins over both
     */
    record Variables(Map<String, String> plan, Map<String, String> own) {}

    /** How long the wrapper may take to end once it has said the test's exit code. */
    private static final Duration LAST_STEPS = Duration.ofSeconds(2);
    /** How long what the test left may hold the control stream open once the wrapper has ended without a word. */
    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private final Connection connection;
    private final FmfExecutor.Place place;
    private final Packages packages;
    private final FmfTest test;
    private final Variables variables;
    private final Path output;
    private final TimeLimit limit;
    private final ReportedResults results;
    private @Nullable Integer exitCode;
    private boolean disconnected;
    private volatile boolean timedOut;

    TestRun(
            Connection connection,
            FmfExecutor.Place place,
            Packages packages,
            FmfTest test,
            Variables variables,
            Artifacts artifacts)
            throws IOException {
        this.connection = connection;
        this.place = place;
        this.packages = packages;
        this.test = test;
        this.variables = variables;
        this.output = artifacts.directory().resolve("output");
        this.limit = new TimeLimit(test.limit());
        this.results = new ReportedResults(artifacts, output);
    }

    TestEnd toItsEnd() throws InterruptedException, IOException {
        try (results) {
            try {
                return results.finish(end());
            } catch (InterruptedException e) {
                results.finish(TestEnd.of(Outcome.CANCELLED, "the test was cancelled while it ran"));
                throw e;
            }
        }
    }

    private TestEnd end() throws InterruptedException, IOException {
        try {
            String missing = packages.whyMissing(test.requires());
            if (!missing.isEmpty()) {
                return TestEnd.of(Outcome.SETUP_FAILED, missing);
            }
            for (int restarts = 0; ; restarts++) {
                TestEnd end = runOnce(restarts);
                if (end != null) {
                    return end;
                }
                connection.reconnect(limit.left());
            }
        } catch (ProtocolException e) {
            return TestEnd.of(Outcome.ERROR, e.getMessage());
        } catch (ConnectionLostException e) {
            return TestEnd.of(Outcome.LOST, e.getMessage());
        }
    }

    /** {@return how the test ended, or null if it took the system down to go on afterwards} */
    private @Nullable TestEnd runOnce(int restarts) throws InterruptedException, IOException {
        exitCode = null;
        disconnected = false;
        try (RunningCommand running = connection.start(command(restarts))) {
            Thread limiter = Thread.ofVirtual().name("atex-limit").start(() -> endAtLimit(running));
            Thread watch = Thread.ofVirtual().name("atex-wrapper").start(() -> endAfterWrapper(running));
            try {
                new ControlStream(running.stdout()).readAll(this);
                if (disconnected) {
                    // A test that waits for this writes until it cannot any more.
                    running.stdout().close();
                }
                return timedOut ? timeOut() : afterwards(running);
            } catch (ProtocolException e) {
                // A line cut off by the end of the test is no mistake of the test's.
                return timedOut ? timeOut() : fail(e);
            } catch (InterruptedIOException e) {
                throw interrupted(e);
            } finally {
                limiter.interrupt();
                watch.interrupt();
            }
        }
    }

    private static TestEnd fail(ProtocolException e) throws ProtocolException {
        throw e;
    }

    private static InterruptedException interrupted(InterruptedIOException e) {
        Thread.interrupted(); // what was pending is thrown
        InterruptedException interrupted = new InterruptedException("interrupted while a test ran");
        interrupted.initCause(e);
        return interrupted;
    }

    private Command command(int restarts) {
        Map<String, String> all = new LinkedHashMap<>(variables.plan());
        all.putAll(variables.own());
        all.put("TMT_REBOOT_COUNT", Integer.toString(restarts));
        all.put("TMT_TEST_RESTART_COUNT", Integer.toString(restarts));
        List<String> arguments = new ArrayList<>(List.of(place.tree() + "/" + test.directory(), test.command()));
        arguments.addAll(variables.own().keySet());
        return Command.bash(FmfExecutor.wrapper(), arguments.toArray(String[]::new))
                .withEnvironment(all)
                .withStdin(Input.text(Metadata.yaml(test)))
                .withStderr(Output.file(output));
    }

    private void endAtLimit(RunningCommand running) {
        try {
            limit.await();
        } catch (InterruptedException e) {
            return; // it has ended in time
        }
        timedOut = true;
        running.close();
    }

    /** Whatever a test did to its wrapper: nothing that is left may keep us waiting for words that will not come. */
    private static void endAfterWrapper(RunningCommand running) {
        try {
            running.await();
            Thread.sleep(LAST_WORDS);
        } catch (InterruptedException e) {
            return; // the last word has come
        } catch (ConnectionLostException e) {
            return; // which the reader of the stream is told too
        }
        running.close();
    }

    private TestEnd timeOut() {
        return new TestEnd(Outcome.TIMED_OUT, null, "it exceeded its duration of " + shown(limit.limit()), true);
    }

    private static String shown(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private @Nullable TestEnd afterwards(RunningCommand running) throws InterruptedException {
        if (exitCode != null) {
            // Only so that a wrapper that still closes its files is not killed for it.
            var unused = running.await(LAST_STEPS);
            return TestEnd.exited(exitCode);
        }
        CommandEnd end = awaitEnd(running);
        if (end == null) {
            return timeOut();
        }
        if (disconnected) {
            return null;
        }
        connection.run(Command.of("true")); // tells a system that is gone from a wrapper that is
        return TestEnd.of(
                Outcome.ERROR,
                "it ended without an exit code: whatever ended its wrapper (" + end + ") must not do that");
    }

    private @Nullable CommandEnd awaitEnd(RunningCommand running) throws InterruptedException {
        CommandEnd end = running.await();
        return timedOut ? null : end;
    }

    @Override
    public void result(int length, ControlStream stream) throws IOException {
        results.receive(length, stream);
    }

    @Override
    public void exitCode(int code) {
        exitCode = code;
    }

    @Override
    public void duration(String argument) throws ProtocolException {
        limit.change(argument);
    }

    @Override
    public void disconnect() {
        disconnected = true;
    }
}
