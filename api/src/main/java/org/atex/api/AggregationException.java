package org.atex.api;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if the results of an attempt cannot be stored. None of them were stored, and the caller still owns the
 * artifacts. The caller may mend the cause and ingest the attempt again. If one of its causes is an
 * {@link java.io.IOException}, orchestrators ingest the attempt again after a while.
 */
public final class AggregationException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the test, the file or service that was not written, and the reason
     * @param cause the cause, or null if unknown
     */
    public AggregationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
