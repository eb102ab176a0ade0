package org.atex.fmf;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What tests find in their environment. Immutable.
 *
 * @param tests all of them, with their plan
 * @param options what the user says
 * @param place where things are on the system
 * @param mayReboot whether a test may reboot it
 */
record TestVariables(FmfTests tests, FmfOptions options, Place place, boolean mayReboot) {
    /** Whose variables and commands suites find. */
    static final String TMT_VERSION = "1.80.0";

    /**
     * Later ones win: what every test is told, the plan's or the test's own, the user's. All of them win over what prepare
     * scripts say, and over those of the test or of the plan.
     */
    TestRun.Variables of(FmfTest test, TestKeys keys, SerialNumbers numbers) {
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
        if (!mayReboot) {
            own.put("ATEX_NO_REBOOT", FmfExecutor.THIS_MACHINE);
        }
        Map<String, String> planned = tests.plan().environment(own, options);
        boolean testFirst = options.testEnvironmentOverPlan();
        own.putAll(testFirst ? test.environment() : planned);
        own.putAll(options.environment());
        return new TestRun.Variables(testFirst ? planned : test.environment(), own);
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
}
