package org.atex.findings;

import java.util.List;
import org.atex.api.Outcome;

/**
 * Tests that never started, or were cancelled, for the same reason. Immutable.
 *
 * @param why the reason, which may be empty
 * @param outcome the outcome of the tests
 * @param tests the names of the tests, in the order of the plan
 */
public record NotRun(String why, Outcome outcome, List<String> tests) {
    /** Copies the list. */
    public NotRun {
        tests = List.copyOf(tests);
    }
}
