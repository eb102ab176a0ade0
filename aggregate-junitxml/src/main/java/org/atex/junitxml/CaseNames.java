package org.atex.junitxml;

import java.util.HashMap;
import java.util.Map;

/**
 * The names of a test and its subtests in the report: {@code name} is the full path of the test, and {@code classname}
 * the path above it with dots, by which readers group tests. Both are the same in all runs, so that readers can keep a
 * history: they include neither the system nor the attempt.
 */
final class CaseNames {
    private final String group;
    private final String test;
    private final Map<String, Integer> seen = new HashMap<>();

    /**
     * Creates the names for a test.
     *
     * @param platform the platform, which is the classname of tests without a path above them
     * @param test the name of the test
     * @param allInOneSuite true if the platform must be part of the classname, as it has no suite of its own
     */
    CaseNames(String platform, String test, boolean allInOneSuite) {
        this.test = test;
        int slash = test.lastIndexOf('/');
        String above = slash <= 0 ? "" : dotted(test.substring(0, slash));
        if (above.isEmpty()) {
            group = notBlank(platform);
        } else {
            group = allInOneSuite ? notBlank(platform) + "." + above : above;
        }
    }

    String classname() {
        return group;
    }

    /** {@return the classname of the subtests} */
    String subtestClassname() {
        String own = dotted(test.substring(test.lastIndexOf('/') + 1));
        return own.isEmpty() ? group : group + "." + own;
    }

    /** {@return the name of a subtest; repeated names get a number, as readers keep only the first of equal names} */
    String subtest(String name) {
        int before = seen.merge(name, 1, Integer::sum) - 1;
        return test + "[" + name + "]" + (before == 0 ? "" : " (" + before + ")");
    }

    // Dots in names become underscores, as readers split classnames at dots.
    private static String dotted(String path) {
        return path.replaceFirst("^/+", "").replace('.', '_').replaceAll("/+", ".");
    }

    static String notBlank(String name) {
        return name.isBlank() ? "tests" : name;
    }
}
