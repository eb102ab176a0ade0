package org.atex.fmf;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.artifacts.ProcessList;
import org.atex.fmf.control.ControlStream;
import org.atex.fmf.control.ControlWord;
import org.atex.fmf.control.ProtocolException;
import org.atex.fmf.control.StorageException;
import org.atex.fmf.control.TimeLimit;
import org.atex.support.LimitedCall;
import org.jspecify.annotations.Nullable;

/**
 * One attempt of a test: runs hooks, checks and the test command, follows the control stream, handles restarts and
 * reboots, and determines the end of the test. Not thread-safe.
 */
final class TestRun {
    /**
     * The environment variables of a test.
     *
     * @param plan variables that the plan's environment file overrides
     * @param own variables that override that file
     */
    record Variables(Map<String, String> plan, Map<String, String> own) {}

    /**
     * The system that a test runs on.
     *
     * @param connection the connection to the system
     * @param directories the directories of the test on the system
     * @param system the prepared system
     * @param options the options of the executor
     */
    record Setting(Connection connection, SystemDirectories directories, PreparedSystem system, FmfOptions options) {}

    /** How long the wrapper may take to end after it reported the exit code of the test. */
    private static final Duration WRAPPER_GRACE = Duration.ofSeconds(2);

    // Exit codes of wrapper.sh and detached.sh; the scripts define them.
    private static final CommandEnd REBOOT_FAILED = new CommandEnd.Exited(119);
    private static final CommandEnd SYSTEM_UNFIT = new CommandEnd.Exited(120);
    private static final CommandEnd NOT_STARTABLE = new CommandEnd.Exited(121);
    private static final CommandEnd SPOOL_FULL = new CommandEnd.Exited(124);

    private final Connection connection;
    private final Setting setting;
    private final FmfTest test;
    private final TestKeys keys;
    private final Variables variables;
    private final Artifacts artifacts;
    private final Path output;
    private final long begun = System.nanoTime();
    private final ReportReceiver results;
    private final Hooks hooks;
    private final Judge judge;
    private final Checks checks;
    private final Meetings meetings;
    /** The time limit of the test command; replaced when packages, hooks and checks are done. */
    private TimeLimit limit;

    private @Nullable Integer exitCode;
    private boolean disconnected;
    private ReportReceiver.@Nullable RebootAnnouncement announcement;

    TestRun(
            Setting setting,
            FmfTest test,
            TestKeys keys,
            Variables variables,
            TestInvocation invocation,
            Artifacts artifacts)
            throws IOException {
        this.meetings = new Meetings(setting.connection(), setting.directories(), invocation);
        this.connection = setting.connection();
        this.setting = setting;
        this.test = test;
        this.keys = keys;
        this.variables = variables;
        this.artifacts = artifacts;
        this.output = artifacts.directory().resolve("output");
        this.limit = new TimeLimit(test.limit());
        this.results = new ReportReceiver(artifacts, output, setting.options().limits());
        this.hooks = new Hooks(setting.options(), test, connection, artifacts, results);
        this.judge = new Judge(keys, setting.options().beakerlib(), artifacts, results);
        this.checks = new Checks(
                keys.checks(),
                new Checks.Setting(
                        connection, setting.directories(), setting.options().hookWithin()),
                artifacts,
                results);
    }

    /**
     * Runs the test to its end.
     *
     * @param reboot handles reboots of the system
     * @return the end of the test
     * @throws InterruptedException if interrupted; the test was stopped, and a result says that it was cancelled
     * @throws IOException if a result or file cannot be stored on this machine; the test was stopped
     */
    TestEnd run(Reboot reboot) throws InterruptedException, IOException {
        try (results) {
            try {
                return finish(runWithHooks(reboot));
            } catch (InterruptedException e) {
                try {
                    var unused = finish(TestEnd.of(Outcome.CANCELLED, "the test was cancelled while it ran"));
                } catch (IOException notStored) {
                    e.addSuppressed(notStored);
                }
                throw e;
            }
        }
    }

    /** {@return whether the status of the test is {@code warn}; call it after {@link #run}} */
    boolean isWarned() {
        return judge.isWarned();
    }

    /** Stores the final result. The outcome rule is user code: an exception in it makes only this test an error. */
    private TestEnd finish(TestEnd end) throws IOException {
        AtomicReference<String> broken = new AtomicReference<>();
        TestEnd decided = results.finish(
                end,
                (found, subtests) -> {
                    try {
                        return Objects.requireNonNull(
                                setting.options().outcomeRule().decide(found, subtests), "no outcome");
                    } catch (Throwable e) {
                        broken.set("the outcome rule failed: " + LimitedCall.Failure.describe(e));
                        return Outcome.ERROR;
                    }
                },
                judge);
        String why = broken.get();
        return why == null ? decided : new TestEnd(Outcome.ERROR, end.exitCode(), why, end.systemUsable());
    }

    private TestEnd runWithHooks(Reboot reboot) throws InterruptedException, IOException {
        try {
            ReportedResult installed = setting.system().installed();
            if (installed != null) {
                results.add(installed);
            }
            String problem = setting.system()
                    .packages()
                    .whyMissing(test, setting.options().installWithin());
            TestEnd failed = problem == null ? hooks.before() : TestEnd.of(Outcome.SETUP_FAILED, problem);
            if (failed != null) {
                return failed;
            }
            checks.before().forEach(judge::add);
            // Start the clock only now: packages, hooks and checks have limits of their own.
            limit = new TimeLimit(test.limit());
            TestEnd end = runWithRestarts(reboot);
            if (end.outcome() == Outcome.LOST) {
                // Checks and hooks cannot run on a lost system.
                return end;
            }
            checks.after().forEach(judge::add);
            return hooks.after(end);
        } catch (ConnectionLostException e) {
            return TestEnd.of(Outcome.LOST, e.getMessage());
        }
    }

    private TestEnd runWithRestarts(Reboot reboot) throws InterruptedException, IOException {
        int reboots = 0;
        for (int restarts = 0; ; restarts++) {
            TestEnd end = runOnce(restarts, reboots, reboot);
            if (end == null) {
                end = awaitReboot(reboot);
                reboots++;
            } else if (requestsRestart(end)) {
                if (restarts >= keys.restarts()) {
                    return tooManyRestarts(end);
                }
                end = keys.restartWithReboot() ? rebootBeforeRestart(reboot) : null;
                reboots += keys.restartWithReboot() ? 1 : 0;
            }
            if (end != null) {
                return end;
            }
        }
    }

    private boolean requestsRestart(TestEnd end) {
        boolean byItself = end.outcome() == Outcome.PASSED || end.outcome() == Outcome.FAILED;
        return byItself && end.exitCode() != null && keys.restartOn().contains(end.exitCode());
    }

    private TestEnd tooManyRestarts(TestEnd end) {
        return new TestEnd(
                Outcome.ERROR,
                end.exitCode(),
                "it asked by exit code " + end.exitCode() + " to be started again, but reached its limit of "
                        + keys.restarts() + " restarts (the key restart-max-count sets it)",
                end.systemUsable());
    }

    /** Waits for a reboot that the test announced, then restores the time limit that was saved at the announcement. */
    private @Nullable TestEnd awaitReboot(Reboot reboot) throws InterruptedException, IOException {
        try {
            return reboot.await(announcement, new TimeLimit(reboot.limitOf(announcement)));
        } finally {
            limit.change("restore");
        }
    }

    private @Nullable TestEnd rebootBeforeRestart(Reboot reboot) throws InterruptedException, IOException {
        if (!FmfExecutor.mayChange(connection, setting.options())) {
            return TestEnd.of(
                    Outcome.ERROR,
                    "its key restart-with-reboot requires a reboot of its system, which is refused: "
                            + FmfExecutor.THIS_MACHINE);
        }
        limit.change("save");
        try {
            return reboot.reboot();
        } finally {
            limit.change("restore");
        }
    }

    /**
     * Starts the test command once. {@return the end of the test, or null if the test reboots its system and continues}
     */
    private @Nullable TestEnd runOnce(int restarts, int reboots, Reboot reboot)
            throws InterruptedException, IOException {
        exitCode = null;
        disconnected = false;
        FmfOptions options = setting.options();
        var to = new RunningTest.OutputTarget(
                output, options.limits().outputBytes(), options.timestampedOutput(), options.live(), test);
        RunningTest running = RunningTest.start(
                connection, command(restarts, reboots), limit, to, options.detached(), this::listProcesses);
        TestEnd end;
        try (running) {
            end = follow(running, reboot);
        }
        results.addFiles(running.processList());
        running.requireStored();
        return end;
    }

    /** Lists the processes of the system at the time limit, on the thread of the limit. */
    private List<String> listProcesses() throws InterruptedException {
        return ProcessList.write(connection, Duration.ofNanos(System.nanoTime() - begun), artifacts);
    }

    private @Nullable TestEnd follow(RunningTest running, Reboot reboot) throws InterruptedException, IOException {
        try {
            running.send(MetadataYaml.of(test));
            read(new ControlStream(running.control()), running);
            if (disconnected) {
                announcement = results.takeAnnouncement();
                // Stop the clock before the release: the test must not be killed at its limit while the system goes
                // down.
                running.stopClock();
                limit.change("save");
                running.release();
                return awaitShutdown(running, reboot);
            }
            return endOf(running);
        } catch (InterruptedIOException e) {
            throw interrupted(e);
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            return streamFailed(running, e);
        }
    }

    private static InterruptedException interrupted(InterruptedIOException e) {
        Thread.interrupted(); // clear the status, as an exception is thrown for it
        InterruptedException interrupted = new InterruptedException("interrupted while a test ran");
        interrupted.initCause(e);
        return interrupted;
    }

    private Command command(int restarts, int reboots) {
        SystemDirectories directories = setting.directories();
        Map<String, String> all = new LinkedHashMap<>(variables.plan());
        all.putAll(variables.own());
        for (String name : List.of("TMT_REBOOT_COUNT", "RSTRNT_REBOOTCOUNT", "REBOOTCOUNT")) {
            all.put(name, Integer.toString(reboots));
        }
        all.put("TMT_TEST_RESTART_COUNT", Integer.toString(restarts));
        if (restarts < keys.restarts() && !keys.restartOn().isEmpty()) {
            all.put(
                    "ATEX_RESTART_ON",
                    keys.restartOn().stream().map(String::valueOf).collect(Collectors.joining(" ")));
        }
        List<String> arguments = new ArrayList<>(List.of(
                directories.slot(),
                directories.tree() + "/" + test.directory(),
                test.command(),
                test.tty() ? "tty" : "",
                keys.beakerlib() ? "" : "set -e -o pipefail\n"));
        arguments.addAll(variables.own().keySet());
        return Command.bash(Scripts.WRAPPER.text(), arguments.toArray(String[]::new))
                .withEnvironment(all)
                .withStdin(Input.pipe());
    }

    /** {@return the end of the test, after the end of its control stream} */
    private @Nullable TestEnd endOf(RunningTest running) throws InterruptedException {
        if (exitCode != null) {
            TestEnd stopped = running.stoppedWith();
            return stopped != null ? stopped : exited(exitCode, running);
        }
        CommandEnd end = running.await();
        TestEnd stopped = running.stoppedWith();
        if (stopped != null) {
            return stopped;
        }
        return withoutExitCode(end);
    }

    /**
     * Waits for the shutdown that the test announced. {@return null if the system goes down; otherwise the end of the
     * test}
     */
    private @Nullable TestEnd awaitShutdown(RunningTest running, Reboot reboot) throws InterruptedException {
        TimeLimit within = new TimeLimit(reboot.limitOf(announcement));
        try {
            Optional<CommandEnd> end = running.await(within.left());
            TestEnd stopped = running.stoppedWith();
            if (stopped != null) {
                return stopped;
            }
            if (end.isEmpty()) {
                return Reboot.stayedUp(within);
            }
            return end.get().equals(REBOOT_FAILED)
                    ? TestEnd.of(Outcome.ERROR, "it announced a reboot, and that failed: " + lastLine())
                    : null;
        } catch (ConnectionLostException e) {
            return running.stoppedWith();
        }
    }

    private static TestEnd exited(int code, RunningTest running) throws InterruptedException {
        TestEnd end = code == 0
                ? TestEnd.exited(0)
                : new TestEnd(Outcome.FAILED, code, new CommandEnd.Exited(code).toString(), true);
        try {
            // Give the wrapper time to end by itself; closing the command right now would kill it.
            var unused = running.await(WRAPPER_GRACE);
            return end;
        } catch (ConnectionLostException e) {
            // The exit code arrived before the connection was lost, so the result is valid; the system is not usable.
            return new TestEnd(end.outcome(), code, end.note(), false);
        }
    }

    private TestEnd withoutExitCode(CommandEnd end) throws InterruptedException {
        // A wrapper may also end because its system died. This throws ConnectionLostException if the system is down.
        connection.run(Command.of("true"));
        if (end.equals(SYSTEM_UNFIT)) {
            return TestEnd.of(
                    Outcome.SETUP_FAILED,
                    "its system lacks free space, permissions or a program that the test needs: " + lastLine());
        }
        if (end.equals(SPOOL_FULL)) {
            return TestEnd.of(
                    Outcome.SETUP_FAILED,
                    "its system has no room below /var/tmp for the spool of the detached test: free space there, or"
                            + " reduce the spool with DetachedOptions.withSpoolBytes");
        }
        if (end.equals(NOT_STARTABLE)) {
            return TestEnd.of(Outcome.ERROR, "it cannot be started: " + lastLine());
        }
        return TestEnd.of(
                Outcome.ERROR,
                "it ended without an exit code: its wrapper was killed (" + end
                        + "); does the test kill its parent, or all processes of its user?");
    }

    /** {@return the last line of the output, which comes from the wrapper if the test was not started} */
    private String lastLine() {
        try {
            String text = Files.readString(output).strip();
            String line = text.substring(text.lastIndexOf('\n') + 1);
            boolean stamped = setting.options().timestampedOutput() && line.length() > StampedOutput.LENGTH;
            return stamped ? line.substring(StampedOutput.LENGTH) : line;
        } catch (IOException e) {
            return "see its output";
        }
    }

    /** {@return the end of the test, after a control stream that is malformed or ended within a word or file} */
    private TestEnd streamFailed(RunningTest running, IOException e) throws InterruptedException {
        TestEnd stopped = running.stoppedWith();
        if (stopped == null && !(e instanceof ProtocolException protocol && !protocol.atEnd())) {
            // The stream was cut off. A lost connection or a stopped test explains that, and is the better reason.
            CommandEnd unused = running.await();
            stopped = running.stoppedWith();
        }
        return stopped != null ? stopped : TestEnd.of(Outcome.ERROR, e.getMessage());
    }

    private void read(ControlStream stream, RunningTest running) throws IOException {
        for (ControlWord word; (word = stream.next()) != null; ) {
            switch (word) {
                case ControlWord.Result(int length) -> results.receive(length, stream);
                case ControlWord.ExitCode(int code) -> exitCode = code;
                case ControlWord.Duration(String argument) -> limit.change(argument);
                case ControlWord.Barrier barrier -> meetings.barrier(barrier);
                case ControlWord.Send send -> meetings.send(send);
                case ControlWord.Wait wait -> meetings.receive(wait);
                case ControlWord.Checkpoint checkpoint -> meetings.checkpoint(checkpoint);
                case ControlWord.SetState set -> meetings.set(set);
                case ControlWord.Block block -> meetings.block(block);
                case ControlWord.Disconnect() -> disconnect(running);
            }
        }
    }

    private void disconnect(RunningTest running) {
        if (FmfExecutor.mayChange(connection, setting.options())) {
            disconnected = true;
        } else {
            running.stop(TestEnd.of(
                    Outcome.ERROR,
                    "it announced a reboot by 'disconnect', which is refused: " + FmfExecutor.THIS_MACHINE));
        }
    }
}
