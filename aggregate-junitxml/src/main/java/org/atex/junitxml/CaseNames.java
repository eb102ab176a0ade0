package org.atex.junitxml;

import java.util.HashMap;
import java.util.Map;

/**
 * How a test and its subtests are called: {@code name} is the full path, by which people search, and {@code classname} the
 * path above it with dots, by which readers group. Both are the same in each run: neither a system nor an attempt is part
 * of them.
 */
final class CaseNames {
    private final String group;
    private final String test;
    private final Map<String, Integer> seen = new HashMap<>();

    /**
     * Names a test.
     *
     * @param platform groups what has no path above it
     * @param test the test's name
     * @param allInOneSuite whether the platform has to be part of the group, as there is no suite for it
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

    /** {@return the classname of the test's subtests} */
    String subtestClassname() {
        String own = dotted(test.substring(test.lastIndexOf('/') + 1));
        return own.isEmpty() ? group : group + "." + own;
    }

    /** {@return the name of a subtest; one that was reported before gets a number, as readers drop all but the first} */
    String subtest(String name) {
        int before = seen.merge(name, 1, Integer::sum) - 1;
        return test + "[" + name + "]" + (before == 0 ? "" : " (" + before + ")");
    }

    private static String dotted(String path) {
        return path.replaceFirst("^/+", "").replace('.', '_').replaceAll("/+", ".");
    }

    static String notBlank(String name) {
        return name.isBlank() ? "tests" : name;
    }
}
