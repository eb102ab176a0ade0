package org.atex.api;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A system could not be had: try again, ask for another kind, or give up. */
public final class ProvisioningException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The name of the host, or null. */
    private final @Nullable String host;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message what was asked for, where, why it was not given
     * @param cause what led to it, if anything did
     */
    public ProvisioningException(String message, @Nullable Throwable cause) {
        this(message, cause, null);
    }

    /**
     * Makes one about a certain host.
     *
     * @param message what was asked for, where, why it was not given
     * @param cause what led to it, if anything did
     * @param host the host's name, as in {@link Remote#host()}; null if no certain host failed
     */
    public ProvisioningException(String message, @Nullable Throwable cause, @Nullable String host) {
        super(message, cause);
        this.host = host;
    }

    /** {@return the host that failed, as in {@link Remote#host()}; empty if no certain host did} */
    public Optional<String> host() {
        return Optional.ofNullable(host);
    }
}
