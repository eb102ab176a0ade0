package org.atex.api;

import org.jspecify.annotations.Nullable;

/**
 * The root of everything the blocks throw on their own account.
 *
 * <p>There is one subtype for each decision a caller can take, not one for each place. Messages say what could not be
 * done, where, why in short, and what to try. Wrong arguments are {@link IllegalArgumentException}, calls after
 * {@code close()} {@link IllegalStateException}; interruption is always {@link InterruptedException}.
 */
public abstract class AtexException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message what could not be done, where, why, and what to try
     * @param cause what led to it, if anything did
     */
    protected AtexException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
