package org.atex.findings;

import java.nio.file.Path;
import java.util.List;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * A test that failed, or whose result is unknown because a system or a connection failed. Immutable.
 *
 * @param test the test
 * @param platform the platform of its last attempt
 * @param end how the last attempt ended
 * @param known the rule because of which the failure does not count, or null
 * @param excerpt the failed parts and the last lines of the output of the last attempt; empty if they are not kept
 * @param attempts all attempts, in order
 * @param files the directory with the files of the last attempt, or null if it is not known
 * @param since since when the test fails, or null if it is not known
 */
public record FailedTest(
        PlainTest test,
        String platform,
        TestEnd end,
        @Nullable KnownFailure known,
        Excerpt excerpt,
        List<TestRecord> attempts,
        @Nullable Path files,
        @Nullable FailingSince since) {
    /** Copies the list. */
    public FailedTest {
        attempts = List.copyOf(attempts);
    }

    /** {@return the name of the test} */
    public String name() {
        return test.name();
    }

    /** {@return the reason in one line: the note of the attempt, or else its exit code; empty if there is neither} */
    public String reason() {
        String note = end.note();
        Integer exitCode = end.exitCode();
        if (note != null && !note.isBlank()) {
            return note;
        }
        return exitCode == null || exitCode == 0 ? "" : "exit code " + exitCode;
    }

    /** {@return the system of the last attempt, or null if there was none} */
    public @Nullable SystemInfo system() {
        return attempts.isEmpty() ? null : attempts.get(attempts.size() - 1).system();
    }
}
