package org.atex.findings;

import java.nio.file.Path;
import java.util.List;
import org.atex.api.Excerpt;
import org.atex.api.PlainTest;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * A test that passed after an attempt that had failed. Immutable.
 *
 * @param test the test
 * @param platform the platform of its last attempt
 * @param excerpt the failed parts and the last lines of the output of the last attempt that failed; empty if they are not
 *     kept
 * @param attempts all attempts, in order
 * @param files the directory with the files of the last attempt, which passed; null if it is not known
 */
public record FlakyTest(
        PlainTest test,
        String platform,
        Excerpt excerpt,
        List<TestRecord> attempts,
        @Nullable Path files) {
    /** Copies the list. */
    public FlakyTest {
        attempts = List.copyOf(attempts);
    }

    /** {@return the name of the test} */
    public String name() {
        return test.name();
    }
}
