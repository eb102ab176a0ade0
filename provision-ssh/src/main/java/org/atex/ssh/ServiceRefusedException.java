package org.atex.ssh;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A reservation service answered with an error status, or with something that violates the protocol. */
final class ServiceRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final @Nullable Duration retryAfter;

    /** Creates an exception; the status is 0 for a violation of the protocol. */
    ServiceRefusedException(int status, @Nullable Duration retryAfter, String message) {
        super(message);
        this.status = status;
        this.retryAfter = retryAfter;
    }

    /** {@return whether another request may succeed} */
    boolean isTemporary() {
        return status == 408 || status == 425 || status == 429 || status >= 500;
    }

    /** {@return whether the requested resource does not exist or exists no longer} */
    boolean isGone() {
        return status == 404 || status == 410;
    }

    /** {@return the value of {@code Retry-After}, or null if the answer has none} */
    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }
}
