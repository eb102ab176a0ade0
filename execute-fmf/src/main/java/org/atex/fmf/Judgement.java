package org.atex.fmf;

import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * How a test ended, with the word that its own result has for that.
 *
 * @param outcome how it ended
 * @param status the word, such as {@code warn}, which fails a test as {@code fail} does
 * @param note why, or null
 * @param surprising whether the note is of use although the test passed
 */
record Judgement(Outcome outcome, Status status, @Nullable String note, boolean surprising) {
    /**
     * Makes one that needs no reason if the test passed, an exit code for instance that the test itself took for good.
     *
     * @param outcome how it ended
     * @param status the word
     * @param note why, or null
     */
    Judgement(Outcome outcome, Status status, @Nullable String note) {
        this(outcome, status, note, false);
    }

    /**
     * {@return one with the usual word}
     *
     * @param outcome how it ended
     * @param note why, or null
     */
    static Judgement of(Outcome outcome, @Nullable String note) {
        return new Judgement(outcome, outcome.status(), note);
    }

    /**
     * {@return one with the outcome that a word means}
     *
     * @param status the word
     * @param note why, also if the test passed
     */
    static Judgement because(Status status, @Nullable String note) {
        return new Judgement(Outcome.of(status), status, note, true);
    }

    boolean needsReason() {
        return surprising || outcome != Outcome.PASSED;
    }

    /** {@return this as the end of that test} */
    TestEnd of(TestEnd end) {
        return new TestEnd(outcome, end.exitCode(), needsReason() ? note : null, end.systemUsable());
    }
}
