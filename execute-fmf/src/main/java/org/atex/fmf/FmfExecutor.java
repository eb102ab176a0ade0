package org.atex.fmf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.ReportedResult;
import org.atex.api.SetupException;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.artifacts.ResultWriter;

/**
 * Runs fmf tests on one system. Opening copies the trees and libraries to the system and runs the {@code prepare} steps
 * of the plan, once for all tests. Closing runs the {@code finish} steps and removes the copies. The system needs bash
 * 4.2, coreutils and grep.
 *
 * <p>Thread safety: see {@link Executor}. Tests that run concurrently have separate directories on the system, but
 * share the copies of the trees.
 */
public final class FmfExecutor implements Executor {
    /** The reason why packages are not installed, and reboots are refused, on the machine that runs the executor. */
    static final String THIS_MACHINE = "this is the machine that runs the tests and not a system to be thrown away"
            + " (FmfOptions.withChangesToThisMachine allows it)";

    private final Connection connection;
    private final Shared shared;
    private final PreparedSystem system;
    /** The idle slots. A slot is added when none is idle, so their number is the maximum of concurrent tests. */
    private final Queue<Slot> idle = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean closed = new AtomicBoolean();

    /** The state that all executors of a factory share. */
    private record Shared(
            FmfTests tests,
            FmfOptions options,
            TreePacks packs,
            SetUpLogs logs,
            SerialNumbers numbers,
            ExitFirst exitFirst) {}

    /** A directory on the system, which is used by one test at a time. */
    private record Slot(SystemDirectories directories, Reboot reboot) {}

    private FmfExecutor(Connection connection, Shared shared, PreparedSystem system) {
        this.connection = connection;
        this.shared = shared;
        this.system = system;
    }

    /**
     * {@return a factory of executors with the default options}
     *
     * @param tests the tests to run, with their trees and plan
     */
    public static Executor.Factory factory(FmfTests tests) {
        return factory(tests, FmfOptions.defaults());
    }

    /**
     * {@return a factory of executors with environment variables}
     *
     * @param tests the tests to run, with their trees and plan
     * @param environment variables for all scripts and tests; they take precedence over those of the plan and of tests
     */
    public static Executor.Factory factory(FmfTests tests, Map<String, String> environment) {
        return factory(tests, FmfOptions.defaults().withEnvironment(environment));
    }

    /**
     * {@return a factory of executors with the given options} The factory packs the trees when it opens its first
     * executor and reuses the archives for further ones. It is thread-safe.
     *
     * @param tests the tests to run, with their trees and plan
     * @param options the options
     */
    public static Executor.Factory factory(FmfTests tests, FmfOptions options) {
        Shared shared = new Shared(
                tests,
                options,
                new TreePacks(options.excludes(), options.keptTrees()),
                new SetUpLogs(options),
                new SerialNumbers(tests),
                new ExitFirst(tests.plan()));
        return new Executor.Factory() {
            @Override
            public Executor open(Remote remote) throws InterruptedException {
                Connection connection = remote.connection();
                PreparedSystem system = new PreparedSystem(connection, tests, options, shared.logs());
                FmfExecutor executor = new FmfExecutor(connection, shared, system);
                executor.idle.add(executor.newSlot(system.makeReady(shared.packs())));
                return executor;
            }

            @Override
            public List<String> warnings() {
                return tests.warnings();
            }
        };
    }

    private Slot newSlot(SystemDirectories.Created created) {
        return new Slot(created.directories(), new Reboot(connection, created.bootId(), shared.options.rebootWithin()));
    }

    /** {@return whether packages may be installed on a system, and the system may be rebooted} */
    static boolean mayChange(Connection connection, FmfOptions options) {
        return options.changesToThisMachine() || !connection.isThisMachine();
    }

    /** {@return the fmf test inside a test case, with the time limit of the outermost wrapper} */
    private static FmfTest fmfTest(TestCase test) {
        FmfTest fmf = test.unwrap(FmfTest.class)
                .orElseThrow(
                        () -> new IllegalArgumentException("this executor runs fmf tests, and " + test.name() + " is "
                                + test.getClass().getName()
                                + ": use the tests that FmfTests discovered, or wrap them (TestCase.wrapped)"));
        Duration limit = test.limit();
        return limit == null || limit.equals(fmf.limit()) ? fmf : fmf.withLimit(limit);
    }

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        FmfTest fmf = fmfTest(test);
        if (closed.get()) {
            throw new IllegalStateException("the executor is closed: open another one on the system");
        }
        TestEnd skipped = shared.exitFirst.skipped(fmf);
        if (skipped != null) {
            return skipped;
        }
        // poll and add are atomic, so concurrent calls never share a slot.
        Slot slot = idle.poll();
        if (slot == null) {
            try {
                slot = newSlot(system.createSlot());
            } catch (SetupException e) {
                return notStarted(fmf, into, TestEnd.of(Outcome.SETUP_FAILED, e.getMessage()));
            } catch (ConnectionLostException e) {
                return notStarted(fmf, into, TestEnd.of(Outcome.LOST, e.getMessage()));
            }
        }
        try {
            return run(fmf, TestInvocation.of(test), into, slot);
        } finally {
            idle.add(slot);
        }
    }

    private TestEnd run(FmfTest test, TestInvocation invocation, Artifacts into, Slot slot)
            throws InterruptedException {
        try {
            TestKeys keys = TestKeys.of(test);
            TestRun.Setting setting = new TestRun.Setting(connection, slot.directories(), system, shared.options);
            if (invocation.topology() != null) {
                TopologyFiles.in(slot.directories(), true).write(connection, invocation.topology());
            }
            TestRun.Variables variables = variables(test, invocation, keys, slot.directories());
            TestRun run = new TestRun(setting, test, keys, variables, invocation, into);
            TestEnd end = run.run(slot.reboot());
            shared.exitFirst.ended(test, end, run.isWarned());
            return end;
        } catch (IOException e) {
            throw notStored(test, into, e);
        } catch (SetupException e) {
            return notStarted(test, into, TestEnd.of(Outcome.SETUP_FAILED, e.getMessage()));
        } catch (ConnectionLostException e) {
            return notStarted(test, into, TestEnd.of(Outcome.LOST, e.getMessage()));
        }
    }

    private TestEnd notStarted(FmfTest test, Artifacts into, TestEnd end) {
        try (ResultWriter writer = ResultWriter.append(into.results())) {
            writer.write(ReportedResult.of(end.outcome().status(), end.note(), List.of()));
            return end;
        } catch (IOException e) {
            throw notStored(test, into, e);
        }
    }

    private static UncheckedIOException notStored(FmfTest test, Artifacts into, IOException e) {
        return new UncheckedIOException(
                "could not store the results of " + test.name() + " in " + into + ": " + e.getMessage()
                        + " (check free space and permissions); the test was stopped",
                e);
    }

    private TestRun.Variables variables(
            FmfTest test, TestInvocation invocation, TestKeys keys, SystemDirectories directories) {
        return new TestVariables(shared.tests, shared.options, directories, mayChange(connection, shared.options))
                .of(test, invocation, keys, shared.numbers);
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            system.cleanUp();
        }
    }

    /** {@return a text for logs: the number of tests and the system} */
    @Override
    public String toString() {
        return "executor of " + shared.tests.size() + " tests on " + connection;
    }
}
