package org.atex.fmf;

import java.util.Map;
import java.util.UUID;

/**
 * Where things are on the system.
 *
 * @param root the directory that holds them
 */
record Place(String root) {
    String tree() {
        return root + "/tree";
    }

    String libraries() {
        return root + "/libs";
    }

    String planEnvironment() {
        return root + "/plan-environment";
    }

    String metadata() {
        return root + "/metadata.yaml";
    }

    /** {@return what tells Beakerlib to report to us: its results and logs, and no journal that nobody reads} */
    Map<String, String> beakerlib() {
        return Map.of(
                "BEAKERLIB_COMMAND_REPORT_RESULT", root + "/bin/rhts-report-result",
                "BEAKERLIB_COMMAND_SUBMIT_LOG", root + "/bin/rhts-submit-log",
                "BEAKERLIB_DIR", root + "/beakerlib",
                "BEAKERLIB_JOURNAL", "0",
                "TESTID", UUID.randomUUID().toString()); // without it, Beakerlib reports nothing
    }
}
