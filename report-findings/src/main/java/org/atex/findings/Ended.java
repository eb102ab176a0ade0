package org.atex.findings;

import java.nio.file.Path;
import java.util.List;
import org.atex.api.AttemptCause;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * A test of a run that has ended or will not start, as events or a kept run describe it.
 *
 * @param test the test
 * @param platform its platform
 * @param end its end
 * @param attempts its attempts, in order; empty if it never started
 * @param excerpt the excerpt of the last attempt
 * @param earlier the excerpt of the last attempt that failed
 * @param files the directory with the files of the last attempt, or null
 */
record Ended(
        PlainTest test,
        String platform,
        TestEnd end,
        List<TestRecord> attempts,
        Excerpt excerpt,
        Excerpt earlier,
        @Nullable Path files) {

    boolean isFailed() {
        Verdict verdict = end.outcome().verdict();
        return verdict == Verdict.FAILED || verdict == Verdict.INFRASTRUCTURE;
    }

    /** {@return whether the test never started, or was cancelled} It may also have been skipped because of another one. */
    boolean isNotRun() {
        return !isFailed() && (end.outcome().verdict() == Verdict.INCOMPLETE || attempts.isEmpty());
    }

    boolean isFlaky() {
        return TestSummary.of(test, end, attempts).flaky();
    }

    boolean isToRunAgain() {
        return end.outcome().verdict() != Verdict.PASSED || attempts.isEmpty();
    }

    @Nullable
    KnownFailure known() {
        return attempts.isEmpty() ? null : attempts.get(attempts.size() - 1).known();
    }

    Verdict verdict() {
        return known() == null ? end.outcome().verdict() : Verdict.PASSED;
    }

    Outcome outcome() {
        return end.outcome();
    }

    /** {@return the last attempt that failed before the last one, or null} */
    @Nullable
    TestRecord failedBefore() {
        for (int i = attempts.size() - 2; i >= 0; i--) {
            if (attempts.get(i).end().outcome().verdict() == Verdict.FAILED
                    && attempts.get(i + 1).cause() != AttemptCause.HOST_QUARANTINED) {
                return attempts.get(i);
            }
        }
        return null;
    }

    Ended with(Excerpt last, Excerpt before, @Nullable Path directory) {
        return new Ended(test, platform, end, attempts, last, before, directory);
    }
}
