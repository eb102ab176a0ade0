package org.atex.jsonl;

import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What the results of an attempt say beside the test's own words: that the test is flaky, or that its failure is known.
 *
 * @param note the begin of the notes of the test itself; empty if there is nothing to say
 * @param muted whether failures have the status {@code warn}
 */
record Remarks(String note, boolean muted) {
    /**
     * {@return the remarks on an attempt}
     *
     * @param failedBefore the number of the last attempt before it that failed; 0 if there is none
     */
    static Remarks on(TestRecord record, int failedBefore) {
        KnownFailure known = record.known();
        if (known != null) {
            return new Remarks(known.toString(), true);
        }
        boolean flaky = failedBefore > 0 && record.end().outcome() == Outcome.PASSED;
        return new Remarks(flaky ? "flaky, failed in attempt " + failedBefore : "", false);
    }

    /**
     * {@return the result with these remarks}
     *
     * @param otherwise the status if it has none, or null
     */
    ReportedResult add(ReportedResult result, @Nullable Status otherwise) {
        Status status = result.status() == null ? otherwise : result.status();
        String text = result.note();
        if (muted && status != null && Outcome.of(status).verdict() != Verdict.PASSED) {
            text = "was " + status.word() + (text == null ? "" : ": " + text);
            status = Status.WARN;
        }
        if (result.name() == null && !note.isEmpty()) {
            text = note + (text == null ? "" : "; " + text);
        }
        return ReportedResult.of(status, text, result.files())
                .withName(result.name())
                .withMore(result.more());
    }
}
