package org.atex.api;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of one planned test.
 *
 * @param test its name
 * @param end how it ended in the end: that of the last attempt, or why it never started
 * @param attempts every attempt, in order; none if it never started
 * @param excerpt the failed parts and the end of the output of the last attempt, if it did not pass
 * @param files the directory that holds the files of the last attempt, or null if it is not known
 */
public record TestSummary(
        String test,
        TestEnd end,
        List<TestRecord> attempts,
        Excerpt excerpt,
        @Nullable Path files) {
    /** Copies the list. */
    public TestSummary {
        attempts = List.copyOf(attempts);
    }

    /**
     * Makes a summary without an excerpt and files.
     *
     * @param test its name
     * @param end how it ended in the end
     * @param attempts every attempt, in order
     */
    public TestSummary(String test, TestEnd end, List<TestRecord> attempts) {
        this(test, end, attempts, Excerpt.none(), null);
    }

    /** {@return whether it passed only after an attempt that had not} */
    public boolean flaky() {
        return end.outcome() == Outcome.PASSED && attempts.size() > 1;
    }
}
