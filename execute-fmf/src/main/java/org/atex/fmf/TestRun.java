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
    /** How long the wrapper may take to end once it has said the test's exit code. */
    private static final Duration LAST_STEPS = Duration.ofSeconds(2);

    private final Connection connection;
    private final FmfExecutor.Place place;
    private final Packages packages;
    private final FmfTest test;
    private final Map<String, String> variables;
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
            Map<String, String> variables,
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
            Thread watch = Thread.ofVirtual().name("atex-limit").start(() -> endAtLimit(running));
            try {
                new ControlStream(running.stdout()).readAll(this);
                return timedOut ? timeOut() : afterwards(running);
            } catch (ProtocolException e) {
                // A line cut off by the end of the test is no mistake of the test's.
                return timedOut ? timeOut() : fail(e);
            } catch (InterruptedIOException e) {
                throw interrupted(e);
            } finally {
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
        Map<String, String> all = new LinkedHashMap<>(variables);
        all.put("TMT_REBOOT_COUNT", Integer.toString(restarts));
        all.put("TMT_TEST_RESTART_COUNT", Integer.toString(restarts));
        List<String> arguments = new ArrayList<>(List.of(place.tree() + "/" + test.directory(), test.command()));
        // What the plan's environment file says must not win over any of these.
        arguments.addAll(variables.keySet());
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
