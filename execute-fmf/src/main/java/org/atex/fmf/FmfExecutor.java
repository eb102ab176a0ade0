package org.atex.fmf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/**
 * Runs fmf tests on one system: copies their trees and libraries there, runs the plan's {@code prepare} scripts, then any number of
 * tests, and the {@code finish} scripts when it is closed. Several on one connection prepare and finish it once. All that is
 * asked of a system is bash and coreutils.
 *
 * <p>See {@link Executor} for lifecycle and thread safety.
 */
public final class FmfExecutor implements Executor {
    static final String THIS_MACHINE = "this is the machine that runs the tests and not a system to be thrown away"
            + " (FmfOptions.withChangesToThisMachine allows it)";

    private final Connection connection;
    private final Shared shared;
    private final PreparedSystem system;
    private final Place place;
    private final Reboot reboot;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** What all executors of a factory have in common. */
    private record Shared(
            FmfTests tests, FmfOptions options, PreparedSystems systems, SerialNumbers numbers, ExitFirst exitFirst) {}

    private FmfExecutor(Connection connection, Shared shared, PreparedSystem system, Place.Made made) {
        this.connection = connection;
        this.shared = shared;
        this.system = system;
        this.place = made.place();
        this.reboot = new Reboot(connection, made.boot(), shared.options.rebootWithin());
    }

    /**
     * {@return what makes executors of these tests}
     *
     * @param tests what will be run, with their trees and plan
     */
    public static Executor.Factory factory(FmfTests tests) {
        return factory(tests, FmfOptions.defaults());
    }

    /**
     * {@return what makes executors of these tests}
     *
     * @param tests what will be run, with their trees and plan
     * @param environment variables for every script and test, which win over those of plan and tests
     */
    public static Executor.Factory factory(FmfTests tests, Map<String, String> environment) {
        return factory(tests, FmfOptions.defaults().withEnvironment(environment));
    }

    /**
     * {@return what makes executors of these tests} It packs the trees when the first executor is opened, and keeps them
     * packed for the others.
     *
     * <p>Executors that it opens on one connection share what is done once for a system: the first copies the trees and runs
     * the plan's {@code prepare} steps, while others wait, and fail as it fails; closing the last runs the {@code finish}
     * scripts. Whatever is opened on the connection after that begins anew.
     *
     * @param tests what will be run, with their trees and plan
     * @param options how
     */
    public static Executor.Factory factory(FmfTests tests, FmfOptions options) {
        PreparedSystems systems = new PreparedSystems(tests, options);
        Shared shared = new Shared(tests, options, systems, new SerialNumbers(tests), new ExitFirst(tests.plan()));
        return connection -> {
            PreparedSystem system = systems.join(connection);
            Place.Made made = null;
            try {
                made = system.slot();
                return new FmfExecutor(connection, shared, system, made);
            } finally {
                if (made == null) {
                    systems.leave(connection, null);
                }
            }
        };
    }

    /** {@return whether the library may install packages on a system, and reboot it} */
    static boolean mayChange(Connection connection, FmfOptions options) {
        return options.changesToThisMachine() || !connection.isThisMachine();
    }

    /** A test that wraps the fmf test may have another time limit. */
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
            throw new IllegalStateException("the executor is closed: open another one on the connection");
        }
        TestEnd skipped = shared.exitFirst.skipped(fmf);
        if (skipped != null) {
            return skipped;
        }
        try {
            TestKeys keys = TestKeys.of(fmf);
            TestRun.Setting setting = new TestRun.Setting(connection, place, system, shared.options);
            TestRun run = new TestRun(setting, fmf, keys, variables(fmf, keys), into);
            TestEnd end = run.toItsEnd(reboot);
            shared.exitFirst.ended(fmf, end, run.isWarned());
            return end;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not store what " + fmf.name() + " leaves in " + into + ": " + e.getMessage()
                            + " (is there room, and a right to write?); the test was ended",
                    e);
        }
    }

    private TestRun.Variables variables(FmfTest test, TestKeys keys) {
        return new TestVariables(shared.tests, shared.options, place, mayChange(connection, shared.options))
                .of(test, keys, shared.numbers);
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            shared.systems.leave(connection, place);
        }
    }

    /** Remembers only for logs which tests there are. */
    @Override
    public String toString() {
        return "executor of " + shared.tests.size() + " tests in " + place.slot();
    }
}
