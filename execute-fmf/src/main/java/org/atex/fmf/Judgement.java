package org.atex.fmf;

import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a test with the status of its result. The status is more precise than the outcome: {@code warn} and
 * {@code fail} both mean {@link Outcome#FAILED}.
 *
 * @param outcome the outcome
 * @param status the status
 * @param note the reason, or null
 * @param surprising whether the note must be shown even if the test passed
 */
record Judgement(Outcome outcome, Status status, @Nullable String note, boolean surprising) {
    /**
     * Creates a judgement. Its note is omitted if the test passed.
     *
     * @param outcome the outcome
     * @param status the status
     * @param note the reason, or null
     */
    Judgement(Outcome outcome, Status status, @Nullable String note) {
        this(outcome, status, note, false);
    }

    /**
     * {@return a judgement with the usual status of an outcome}
     *
     * @param outcome the outcome
     * @param note the reason, or null
     */
    static Judgement of(Outcome outcome, @Nullable String note) {
        return new Judgement(outcome, outcome.status(), note);
    }

    /**
     * {@return a judgement with the outcome that a status means, and a note that is always shown}
     *
     * @param status the status
     * @param note the reason, or null
     */
    static Judgement because(Status status, @Nullable String note) {
        return new Judgement(Outcome.of(status), status, note, true);
    }

    /** {@return whether the note is part of the result} */
    boolean needsReason() {
        return surprising || outcome != Outcome.PASSED;
    }

    /** {@return a test end with this outcome and note, and the exit code and system state of the given one} */
    TestEnd of(TestEnd end) {
        return new TestEnd(outcome, end.exitCode(), needsReason() ? note : null, end.systemUsable());
    }
}
