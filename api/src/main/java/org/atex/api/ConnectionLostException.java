package org.atex.api;

import org.jspecify.annotations.Nullable;

/** The system, or the link to it, went away: reconnect, or go on with another system. */
public final class ConnectionLostException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message which system, what was being done, how the loss was noticed
     * @param cause what led to it, if anything did
     */
    public ConnectionLostException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
