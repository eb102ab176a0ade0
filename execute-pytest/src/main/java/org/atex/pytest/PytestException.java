package org.atex.pytest;

import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if a pytest project cannot be read, or pytest cannot collect its tests. The project has to be changed; another
 * system would not help.
 */
public final class PytestException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the file, the line and the key if they are known, the reason, and a way out
     * @param cause the cause, or null if unknown
     */
    public PytestException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
