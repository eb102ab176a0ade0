package org.atex.fmf;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atex.api.TestInvocation;

/**
 * Computes the environment variables of tests. Immutable.
 *
 * @param tests all tests, with their plan
 * @param options the options of the user
 * @param directories the directories on the system
 * @param mayReboot whether tests may reboot the system
 */
record TestVariables(FmfTests tests, FmfOptions options, SystemDirectories directories, boolean mayReboot) {
    /** The version of tmt that the variables and commands correspond to. */
    static final String TMT_VERSION = "1.80.0";

    /**
     * {@return the variables of a test} In increasing precedence: those of the test (or of the plan, if the options let
     * the test win), those that prepare scripts wrote to the plan's environment file, those that every test gets, those
     * of the plan (or the test), those of the options, and those of the invocation.
     */
    TestRun.Variables of(FmfTest test, TestInvocation invocation, TestKeys keys, SerialNumbers numbers) {
        Map<String, String> own = new LinkedHashMap<>();
        String serial = Integer.toString(numbers.of(test));
        String tree = treeOf(test);
        own.put("TMT_VERSION", TMT_VERSION);
        own.put("TMT_PLAN_ENVIRONMENT_FILE", directories.planEnvironment());
        own.put("TMT_PLAN_DATA", directories.planData());
        own.put("TMT_TEST_NAME", test.name());
        own.put("TMT_TEST_METADATA", directories.metadata());
        own.put("TMT_TEST_INVOCATION_PATH", directories.test());
        own.put("TMT_TEST_DATA", directories.testData());
        own.put("TMT_TEST_SUBMITTED_FILES", directories.test() + "/submitted-files.log");
        own.put("TMT_TEST_SERIAL_NUMBER", serial);
        own.put("TMT_TEST_ITERATION_ID", numbers.run() + "-" + serial);
        own.put("TMT_TEST_PIDFILE", directories.slot() + "/test.pid");
        own.put("TMT_TEST_PIDFILE_LOCK", directories.slot() + "/test.pid.lock");
        TopologyFiles topology = TopologyFiles.in(directories, invocation.topology() != null);
        own.put("TMT_TOPOLOGY_YAML", topology.yaml());
        own.put("TMT_TOPOLOGY_BASH", topology.bash());
        own.put("TMT_RESTRAINT_COMPATIBLE", "1");
        own.put("RSTRNT_TASKNAME", test.name());
        own.put("TMT_TREE", tree);
        own.put(
                "TMT_SOURCE_DIR",
                directories.root() + "/source"
                        + tree.substring(directories.tree().length()));
        if (tests.sources().stream().anyMatch(source -> source.place().startsWith("libs/"))) {
            own.put("BEAKERLIB_LIBRARY_PATH", directories.libraries());
        }
        if (keys.beakerlib() || options.beakerlib()) {
            own.putAll(directories.beakerlib(serial));
        }
        if (!mayReboot) {
            own.put("ATEX_NO_REBOOT", FmfExecutor.THIS_MACHINE);
        }
        Map<String, String> planned = tests.plan().environment(own, options);
        boolean testFirst = options.testEnvironmentOverPlan();
        own.putAll(testFirst ? test.environment() : planned);
        own.putAll(options.environment());
        own.putAll(invocation.environment());
        return new TestRun.Variables(testFirst ? planned : test.environment(), own);
    }

    /** {@return the path on the system of the tree that contains the test} */
    private String treeOf(FmfTest test) {
        String directory = "tree/" + test.directory() + "/";
        return tests.sources().stream()
                .filter(source -> directory.startsWith(source.place() + "/"))
                .map(source -> directories.root() + "/" + source.place())
                .findFirst()
                .orElse(directories.tree());
    }
}
