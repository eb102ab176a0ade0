package org.atex.api;

import org.jspecify.annotations.Nullable;

/**
 * The superclass of all exceptions that the blocks define.
 *
 * <p>There is one subclass for each decision that a caller can take, not one for each place that can fail. A message
 * names the operation that failed, the place, the reason, and a step to try next.
 *
 * <p>Other failures use types of the JDK: a wrong argument is an {@link IllegalArgumentException}, a call after {@code
 * close()} an {@link IllegalStateException}, an interruption always an {@link InterruptedException}.
 */
public abstract class AtexException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the operation that failed, the place, the reason, and a step to try next
     * @param cause the cause, or null if unknown
     */
    protected AtexException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
