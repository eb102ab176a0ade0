package org.atex.junitxml;

import org.atex.api.Outcome;

/** The kinds of cases that the format distinguishes. */
enum CaseStatus {
    PASSED(""),
    FAILURE("failure"),
    ERROR("error"),
    SKIPPED("skipped");

    private final String element;

    CaseStatus(String element) {
        this.element = element;
    }

    /** {@return the name of the XML element; empty for {@link #PASSED}} */
    String element() {
        return element;
    }

    boolean isBad() {
        return this == FAILURE || this == ERROR;
    }

    static CaseStatus of(Outcome outcome) {
        return switch (outcome) {
            case PASSED -> PASSED;
            case FAILED -> FAILURE;
            case ERROR, TIMED_OUT, LOST, SETUP_FAILED -> ERROR;
            case SKIPPED, CANCELLED, NOT_RUN -> SKIPPED;
        };
    }
}
