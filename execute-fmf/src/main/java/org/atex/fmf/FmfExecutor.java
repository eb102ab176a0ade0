package org.atex.fmf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
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

    /** Whose variables and commands suites find. */
    static final String TMT_VERSION = "1.80.0";

    private final Connection connection;
    private final FmfTests tests;
    private final FmfOptions options;
    private final PreparedSystems systems;
    private final PreparedSystem system;
    private final SerialNumbers numbers;
    private final Place place;
    private final Reboot reboot;
    private final AtomicBoolean closed = new AtomicBoolean();

    private FmfExecutor(
            Connection connection,
            FmfTests tests,
            FmfOptions options,
            PreparedSystems systems,
            SerialNumbers numbers,
            PreparedSystem system,
            Place.Made made) {
        this.connection = connection;
        this.tests = tests;
        this.options = options;
        this.systems = systems;
        this.system = system;
        this.numbers = numbers;
        this.place = made.place();
        this.reboot = new Reboot(connection, made.boot(), options.rebootWithin());
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
        SerialNumbers numbers = new SerialNumbers(tests);
        return connection -> {
            PreparedSystem system = systems.join(connection);
            Place.Made made = null;
            try {
                made = system.slot();
                return new FmfExecutor(connection, tests, options, systems, numbers, system, made);
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

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        if (!(test instanceof FmfTest fmf)) {
            throw new IllegalArgumentException("this executor runs fmf tests, and " + test.name() + " is "
                    + test.getClass().getName() + ": use the tests that FmfTests discovered");
        }
        if (closed.get()) {
            throw new IllegalStateException("the executor is closed: open another one on the connection");
        }
        try {
            TestKeys keys = TestKeys.of(fmf);
            TestRun.Setting setting = new TestRun.Setting(connection, place, system, options);
            return new TestRun(setting, fmf, keys, variables(fmf, keys), into).toItsEnd(reboot);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not store what " + fmf.name() + " leaves in " + into + ": " + e.getMessage()
                            + " (is there room, and a right to write?); the test was ended",
                    e);
        }
    }

    /** Later ones win: what every test is told, the test's own, the user's. All of them win over the plan's. */
    private TestRun.Variables variables(FmfTest test, TestKeys keys) {
        Map<String, String> own = new LinkedHashMap<>();
        String serial = Integer.toString(numbers.of(test));
        String tree = treeOf(test);
        own.put("TMT_VERSION", TMT_VERSION);
        own.put("TMT_PLAN_ENVIRONMENT_FILE", place.planEnvironment());
        own.put("TMT_PLAN_DATA", place.planData());
        own.put("TMT_TEST_NAME", test.name());
        own.put("TMT_TEST_METADATA", place.metadata());
        own.put("TMT_TEST_INVOCATION_PATH", place.test());
        own.put("TMT_TEST_DATA", place.testData());
        own.put("TMT_TEST_SUBMITTED_FILES", place.test() + "/submitted-files.log");
        own.put("TMT_TEST_SERIAL_NUMBER", serial);
        own.put("TMT_TEST_ITERATION_ID", numbers.run() + "-" + serial);
        own.put("TMT_TEST_PIDFILE", place.slot() + "/test.pid");
        own.put("TMT_TEST_PIDFILE_LOCK", place.slot() + "/test.pid.lock");
        own.put("TMT_TOPOLOGY_YAML", place.slot() + "/topology.yaml");
        own.put("TMT_TOPOLOGY_BASH", place.slot() + "/topology.sh");
        own.put("TMT_RESTRAINT_COMPATIBLE", "1");
        own.put("RSTRNT_TASKNAME", test.name());
        own.put("TMT_TREE", tree);
        own.put(
                "TMT_SOURCE_DIR",
                place.root() + "/source" + tree.substring(place.tree().length()));
        if (tests.sources().stream().anyMatch(source -> source.place().startsWith("libs/"))) {
            own.put("BEAKERLIB_LIBRARY_PATH", place.libraries());
        }
        if (keys.beakerlib() || options.beakerlib()) {
            own.putAll(place.beakerlib(serial));
        }
        if (!mayChange(connection, options)) {
            own.put("ATEX_NO_REBOOT", THIS_MACHINE);
        }
        own.putAll(test.environment());
        own.putAll(options.environment());
        return new TestRun.Variables(tests.plan().environment(), own);
    }

    /** Of several trees, the one that the test comes from. */
    private String treeOf(FmfTest test) {
        String directory = "tree/" + test.directory() + "/";
        return tests.sources().stream()
                .filter(source -> directory.startsWith(source.place() + "/"))
                .map(source -> place.root() + "/" + source.place())
                .findFirst()
                .orElse(place.tree());
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            systems.leave(connection, place);
        }
    }

    /** Remembers only for logs which tests there are. */
    @Override
    public String toString() {
        return "executor of " + List.copyOf(tests).size() + " tests in " + place.slot();
    }
}
