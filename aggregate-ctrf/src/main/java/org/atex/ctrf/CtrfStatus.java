package org.atex.ctrf;

import org.atex.api.Outcome;
import org.atex.api.Status;
import org.jspecify.annotations.Nullable;

/** The statuses of the format. */
enum CtrfStatus {
    PASSED("passed"),
    FAILED("failed"),
    SKIPPED("skipped"),
    PENDING("pending"),
    OTHER("other");

    private final String word;

    CtrfStatus(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    /**
     * {@return the status of an attempt}
     *
     * @param isKnown whether its failure is known, and does not count: readers would count a failed test
     */
    static CtrfStatus of(Outcome outcome, boolean isKnown) {
        CtrfStatus status = of(outcome);
        return isKnown && status == FAILED ? OTHER : status;
    }

    private static CtrfStatus of(Outcome outcome) {
        return switch (outcome) {
            case PASSED -> PASSED;
            case FAILED, ERROR, TIMED_OUT, LOST, SETUP_FAILED -> FAILED;
            case SKIPPED -> SKIPPED;
            case NOT_RUN -> PENDING;
            case CANCELLED -> OTHER;
        };
    }

    /** {@return the status of a part of a test} */
    static CtrfStatus of(@Nullable Status status) {
        return status == null ? OTHER : of(Outcome.of(status));
    }
}
