package org.atex.api;

import org.jspecify.annotations.Nullable;

/** Thrown if a system cannot be prepared for tests. Another system may work. */
public final class SetupException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the step that failed, the system, and the end of the output
     * @param cause the cause, or null if unknown
     */
    public SetupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
