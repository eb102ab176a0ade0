package org.atex.api;

import org.jspecify.annotations.Nullable;

/** A system could not be made ready for tests: another one may do. */
public final class SetupException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message which step failed on which system, with the last of its output
     * @param cause what led to it, if anything did
     */
    public SetupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
