package org.atex.ssh;

import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/**
 * A host was reached, and either it does not let us in or we do not trust it: trying again is of no use, the keys, the
 * password, the user or the known hosts must be mended.
 */
public final class SshRefusedException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message which host, what was expected, what came, what to do
     * @param cause what led to it, if anything did
     */
    public SshRefusedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
