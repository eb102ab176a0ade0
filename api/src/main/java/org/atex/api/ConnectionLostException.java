package org.atex.api;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if the system or the connection to it is gone. The caller may {@linkplain Connection#reconnect reconnect} or
 * use another system.
 */
public final class ConnectionLostException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the system, the operation, and how the loss was noticed
     * @param cause the cause, or null if unknown
     */
    public ConnectionLostException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
