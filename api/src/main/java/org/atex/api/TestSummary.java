package org.atex.api;

import java.util.List;

/**
 * What became of one planned test.
 *
 * @param test its name
 * @param end how it ended in the end: that of the last attempt, or why it never started
 * @param attempts every attempt, in order; none if it never started
 */
public record TestSummary(String test, TestEnd end, List<TestRecord> attempts) {
    /** Copies the list. */
    public TestSummary {
        attempts = List.copyOf(attempts);
    }

    /** {@return whether it passed only after an attempt that had not} */
    public boolean flaky() {
        return end.outcome() == Outcome.PASSED && attempts.size() > 1;
    }
}
