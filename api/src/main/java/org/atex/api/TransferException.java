package org.atex.api;

import org.jspecify.annotations.Nullable;

/** Files could not be moved to or from a system, though the connection holds: mend the path, the rights or the room. */
public final class TransferException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message which path could not be moved where, and why
     * @param cause what led to it, if anything did
     */
    public TransferException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
