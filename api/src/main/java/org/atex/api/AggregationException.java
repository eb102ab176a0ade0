package org.atex.api;

import org.jspecify.annotations.Nullable;

/** A test's results could not be stored: nothing of them was, and the artifacts are still the caller's. */
public final class AggregationException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message which test's results, what could not be written where, and why
     * @param cause what led to it, if anything did
     */
    public AggregationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
