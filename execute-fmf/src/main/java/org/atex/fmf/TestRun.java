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
import org.atex.fmf.control.ControlStream;
import org.atex.fmf.control.ControlWord;
import org.atex.fmf.control.ProtocolException;
import org.atex.fmf.control.StorageException;
import org.atex.fmf.control.TimeLimit;
import org.jspecify.annotations.Nullable;

/** One attempt at one test: the command on the system, the control stream, the time limit, and what comes of them. */
final class TestRun {
    /**
     * What a test finds in its environment.
     *
     * @param plan the plan's, over which scripts may win that write to the plan's environment file
     * @param own what wins over both
     */
    record Variables(Map<String, String> plan, Map<String, String> own) {}

    /**
     * Where a test runs.
     *
     * @param connection the connection to its system
     * @param place where things are there
     * @param system how it was made ready
     * @param options how tests are run
     */
    record Setting(Connection connection, Place place, PreparedSystem system, FmfOptions options) {}

    /** How long the wrapper may take to end once it has said the test's exit code. */
    private static final Duration LAST_STEPS = Duration.ofSeconds(2);

    /** How the wrapper ends when it cannot start a test; see there. */
    private static final CommandEnd NO_ROOM = new CommandEnd.Exited(120);

    private static final CommandEnd NO_SPOOL = new CommandEnd.Exited(124);

    private static final CommandEnd NO_START = new CommandEnd.Exited(121);

    private static final CommandEnd NO_WAY_DOWN = new CommandEnd.Exited(119);

    private final Connection connection;
    private final Setting setting;
    private final FmfTest test;
    private final TestKeys keys;
    private final Variables variables;
    private final Path output;
    private final ReportReceiver results;
    private final Hooks hooks;
    private final Judge judge;
    private final Checks checks;
    /** Of the test alone: its clock starts again when all is ready for it. */
    private TimeLimit limit;

    private @Nullable Integer exitCode;
    private boolean disconnected;
    private ReportReceiver.@Nullable RebootWish wish;

    TestRun(Setting setting, FmfTest test, TestKeys keys, Variables variables, Artifacts artifacts) throws IOException {
        this.connection = setting.connection();
        this.setting = setting;
        this.test = test;
        this.keys = keys;
        this.variables = variables;
        this.output = artifacts.directory().resolve("output");
        this.limit = new TimeLimit(test.limit());
        this.results = new ReportReceiver(artifacts, output, setting.options().limits());
        this.hooks = new Hooks(setting.options(), test, connection, artifacts, results);
        this.judge = new Judge(keys, setting.options().beakerlib(), artifacts, results);
        this.checks = new Checks(
                keys.checks(),
                new Checks.Setting(
                        connection, setting.place(), setting.options().hookWithin()),
                artifacts,
                results);
    }

    /**
     * Runs the test.
     *
     * @throws IOException if something of it cannot be stored on this machine; the test has been ended
     */
    TestEnd toItsEnd(Reboot reboot) throws InterruptedException, IOException {
        try (results) {
            try {
                return finish(end(reboot));
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

    /** {@return whether the test, which has ended, ended with no more than a warning} */
    boolean isWarned() {
        return judge.isWarned();
    }

    /** The rule is the user's, and costs no more than this test whatever it does. */
    private TestEnd finish(TestEnd end) throws IOException {
        AtomicReference<String> broken = new AtomicReference<>();
        TestEnd decided = results.finish(
                end,
                (ours, subtests) -> {
                    try {
                        return Objects.requireNonNull(
                                setting.options().verdict().decide(ours, subtests), "no outcome");
                    } catch (Throwable e) {
                        broken.set("its verdict could not be found: " + LimitedCall.Failure.words(e));
                        return Outcome.ERROR;
                    }
                },
                judge);
        String why = broken.get();
        return why == null ? decided : new TestEnd(Outcome.ERROR, end.exitCode(), why, end.systemUsable());
    }

    private TestEnd end(Reboot reboot) throws InterruptedException, IOException {
        try {
            ReportedResult installed = setting.system().installed();
            if (installed != null) {
                results.add(installed);
            }
            String problem = setting.system()
                    .packages()
                    .whyMissing(test, setting.options().installWithin());
            TestEnd unready = problem == null ? hooks.before() : TestEnd.of(Outcome.SETUP_FAILED, problem);
            if (unready != null) {
                return unready;
            }
            checks.before().forEach(judge::add);
            limit = new TimeLimit(test.limit());
            TestEnd end = toItsLastStart(reboot);
            if (end.outcome() == Outcome.LOST) {
                return end;
            }
            checks.after().forEach(judge::add);
            return hooks.after(end);
        } catch (ConnectionLostException e) {
            return TestEnd.of(Outcome.LOST, e.getMessage());
        }
    }

    private TestEnd toItsLastStart(Reboot reboot) throws InterruptedException, IOException {
        int reboots = 0;
        for (int restarts = 0; ; restarts++) {
            TestEnd end = runOnce(restarts, reboots, reboot);
            if (end == null) {
                end = followDown(reboot);
                reboots++;
            } else if (wantsRestart(end)) {
                if (restarts >= keys.restarts()) {
                    return tooMany(end);
                }
                end = keys.restartWithReboot() ? rebootBetween(reboot) : null;
                reboots += keys.restartWithReboot() ? 1 : 0;
            }
            if (end != null) {
                return end;
            }
        }
    }

    private boolean wantsRestart(TestEnd end) {
        boolean byItself = end.outcome() == Outcome.PASSED || end.outcome() == Outcome.FAILED;
        return byItself && end.exitCode() != null && keys.restartOn().contains(end.exitCode());
    }

    private TestEnd tooMany(TestEnd end) {
        return new TestEnd(
                Outcome.ERROR,
                end.exitCode(),
                "it asked by exit code " + end.exitCode() + " to be started again, and was as often as it may be ("
                        + keys.restarts() + "; its key restart-max-count says how often)",
                end.systemUsable());
    }

    /** The test's clock stands still while its system is down. */
    private @Nullable TestEnd followDown(Reboot reboot) throws InterruptedException, IOException {
        try {
            return reboot.follow(wish, new TimeLimit(reboot.within(wish)));
        } finally {
            limit.change("restore");
        }
    }

    private @Nullable TestEnd rebootBetween(Reboot reboot) throws InterruptedException, IOException {
        if (!FmfExecutor.mayChange(connection, setting.options())) {
            return TestEnd.of(
                    Outcome.ERROR,
                    "its key restart-with-reboot has its system rebooted, which is refused: "
                            + FmfExecutor.THIS_MACHINE);
        }
        limit.change("save");
        try {
            return reboot.now();
        } finally {
            limit.change("restore");
        }
    }

    /** {@return how the test ended, or null if it took the system down to go on afterwards} */
    private @Nullable TestEnd runOnce(int restarts, int reboots, Reboot reboot)
            throws InterruptedException, IOException {
        exitCode = null;
        disconnected = false;
        FmfOptions options = setting.options();
        var to = new LiveTest.OutputTo(
                output, options.limits().outputBytes(), options.timestampedOutput(), options.live(), test);
        LiveTest live = LiveTest.start(connection, command(restarts, reboots), limit, to, options.detached());
        TestEnd end;
        try (live) {
            end = follow(live, reboot);
        }
        live.requireStored();
        return end;
    }

    private @Nullable TestEnd follow(LiveTest live, Reboot reboot) throws InterruptedException, IOException {
        try {
            live.send(Metadata.yaml(test));
            read(new ControlStream(live.control()), live);
            if (disconnected) {
                wish = results.takeRebootWish();
                live.stopClock();
                limit.change("save");
                live.letGo();
                return down(live, reboot);
            }
            return afterwards(live);
        } catch (InterruptedIOException e) {
            throw interrupted(e);
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            return broken(live, e);
        }
    }

    private static InterruptedException interrupted(InterruptedIOException e) {
        Thread.interrupted(); // what was pending is thrown
        InterruptedException interrupted = new InterruptedException("interrupted while a test ran");
        interrupted.initCause(e);
        return interrupted;
    }

    private Command command(int restarts, int reboots) {
        Place place = setting.place();
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
                place.slot(),
                place.tree() + "/" + test.directory(),
                test.command(),
                test.tty() ? "tty" : "",
                keys.beakerlib() ? "" : "set -e -o pipefail\n"));
        arguments.addAll(variables.own().keySet());
        return Command.bash(Scripts.WRAPPER.text(), arguments.toArray(String[]::new))
                .withEnvironment(all)
                .withStdin(Input.pipe());
    }

    private @Nullable TestEnd afterwards(LiveTest live) throws InterruptedException {
        if (exitCode != null) {
            TestEnd givenUp = live.givenUp();
            return givenUp != null ? givenUp : exited(exitCode, live);
        }
        CommandEnd end = live.await();
        TestEnd givenUp = live.givenUp();
        if (givenUp != null) {
            return givenUp;
        }
        return withoutExitCode(end);
    }

    /** {@return null if the system goes down, as the test said before} */
    private @Nullable TestEnd down(LiveTest live, Reboot reboot) throws InterruptedException {
        TimeLimit within = new TimeLimit(reboot.within(wish));
        try {
            Optional<CommandEnd> end = live.await(within.left());
            TestEnd givenUp = live.givenUp();
            if (givenUp != null) {
                return givenUp;
            }
            if (end.isEmpty()) {
                return Reboot.stayedUp(within);
            }
            return end.get().equals(NO_WAY_DOWN)
                    ? TestEnd.of(Outcome.ERROR, "it announced a reboot, and that failed: " + lastLine())
                    : null;
        } catch (ConnectionLostException e) {
            return live.givenUp();
        }
    }

    /** The end of the wrapper is awaited only so that one that still closes its files is not killed for it. */
    private static TestEnd exited(int code, LiveTest live) throws InterruptedException {
        TestEnd end = code == 0
                ? TestEnd.exited(0)
                : new TestEnd(Outcome.FAILED, code, new CommandEnd.Exited(code).toString(), true);
        try {
            var unused = live.await(LAST_STEPS);
            return end;
        } catch (ConnectionLostException e) {
            return new TestEnd(end.outcome(), code, end.note(), false); // the test's last word was in time
        }
    }

    private TestEnd withoutExitCode(CommandEnd end) throws InterruptedException {
        connection.run(Command.of("true")); // tells a system that is gone from a wrapper that is
        if (end.equals(NO_ROOM)) {
            return TestEnd.of(
                    Outcome.SETUP_FAILED, "its system has no room, or no right, for what it needs: " + lastLine());
        }
        if (end.equals(NO_SPOOL)) {
            return TestEnd.of(
                    Outcome.SETUP_FAILED,
                    "its system has no room below /var/tmp for what the detached test wrote until it is fetched: make room"
                            + " there, or keep less by DetachedOptions.withSpoolBytes");
        }
        if (end.equals(NO_START)) {
            return TestEnd.of(Outcome.ERROR, "it cannot be started: " + lastLine());
        }
        return TestEnd.of(
                Outcome.ERROR,
                "it ended without an exit code: whatever ended its wrapper (" + end + ") must not do that");
    }

    /** Of what the wrapper said, which is all that there is if the test did not start. */
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

    /** The stream ended where it must not, or what came was not to be understood. */
    private TestEnd broken(LiveTest live, IOException e) throws InterruptedException {
        TestEnd givenUp = live.givenUp();
        if (givenUp == null && !(e instanceof ProtocolException protocol && !protocol.atEnd())) {
            // Cut off by the end of the test or of the connection, which is worse than the mistake.
            CommandEnd unused = live.await();
            givenUp = live.givenUp();
        }
        return givenUp != null ? givenUp : TestEnd.of(Outcome.ERROR, e.getMessage());
    }

    private void read(ControlStream stream, LiveTest live) throws IOException {
        for (ControlWord word; (word = stream.next()) != null; ) {
            switch (word) {
                case ControlWord.Result(int length) -> results.receive(length, stream);
                case ControlWord.ExitCode(int code) -> exitCode = code;
                case ControlWord.Duration(String argument) -> limit.change(argument);
                case ControlWord.Disconnect() -> disconnect(live);
            }
        }
    }

    private void disconnect(LiveTest live) {
        if (FmfExecutor.mayChange(connection, setting.options())) {
            disconnected = true;
        } else {
            live.giveUp(TestEnd.of(
                    Outcome.ERROR,
                    "it announced a reboot by 'disconnect', which is refused: " + FmfExecutor.THIS_MACHINE));
        }
    }
}
