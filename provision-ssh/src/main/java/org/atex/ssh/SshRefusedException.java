package org.atex.ssh;

import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/**
 * The host was reached, but its key is not trusted or it refuses the login. Another attempt does not help: correct the
 * key, the password, the user or the known hosts.
 */
public final class SshRefusedException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the host, the expectation, the observation, and a remedy
     * @param cause the cause, or null
     */
    public SshRefusedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
