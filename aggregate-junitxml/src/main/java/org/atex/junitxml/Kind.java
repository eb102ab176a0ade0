package org.atex.junitxml;

import org.atex.api.Outcome;

/** What readers tell apart. */
enum Kind {
    PASSED(""),
    FAILURE("failure"),
    ERROR("error"),
    SKIPPED("skipped");

    private final String element;

    Kind(String element) {
        this.element = element;
    }

    /** {@return the element that says so} */
    String element() {
        return element;
    }

    boolean isBad() {
        return this == FAILURE || this == ERROR;
    }

    static Kind of(Outcome outcome) {
        return switch (outcome) {
            case PASSED -> PASSED;
            case FAILED -> FAILURE;
            case ERROR, TIMED_OUT, LOST, SETUP_FAILED -> ERROR;
            case SKIPPED, CANCELLED, NOT_RUN -> SKIPPED;
        };
    }
}
