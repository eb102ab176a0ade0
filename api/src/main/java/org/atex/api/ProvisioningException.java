package org.atex.api;

import org.jspecify.annotations.Nullable;

/** A system could not be had: try again, ask for another kind, or give up. */
public final class ProvisioningException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message what was asked for, where, why it was not given
     * @param cause what led to it, if anything did
     */
    public ProvisioningException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
