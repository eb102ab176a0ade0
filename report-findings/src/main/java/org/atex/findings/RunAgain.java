package org.atex.findings;

import java.util.List;

/**
 * The tests to run again: those that failed, are unknown or did not run. Known failures are among them. Immutable.
 *
 * @param tests the names of the tests
 * @param java a line of Java that selects these tests from {@code tests}, the tests of the program; empty if there is no
 *     test, or if the run is not kept and the tests are more than ten
 */
public record RunAgain(List<String> tests, String java) {
    /** Copies the list. */
    public RunAgain {
        tests = List.copyOf(tests);
    }
}
