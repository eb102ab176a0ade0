package org.atex.api;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A failure to provision a system. {@link Provisioner#take} returns it within an {@link Offer.Failed}; factory methods
 * throw it. The caller may request the system again, use another provisioner, or give up.
 */
public final class ProvisioningException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The name of the host, or null. */
    private final @Nullable String host;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the requested system, the service, and the reason
     * @param cause the cause, or null if unknown
     */
    public ProvisioningException(String message, @Nullable Throwable cause) {
        this(message, cause, null);
    }

    /**
     * Creates an exception for the failure of a certain host.
     *
     * @param message the requested system, the service, and the reason
     * @param cause the cause, or null if unknown
     * @param host the name of the host, as in {@link Remote#host()}; null if the failure is not one of a certain host
     */
    public ProvisioningException(String message, @Nullable Throwable cause, @Nullable String host) {
        super(message, cause);
        this.host = host;
    }

    /**
     * {@return the name of the host that failed, as in {@link Remote#host()}; empty if the failure is not one of a
     * certain host}
     */
    public Optional<String> host() {
        return Optional.ofNullable(host);
    }
}
