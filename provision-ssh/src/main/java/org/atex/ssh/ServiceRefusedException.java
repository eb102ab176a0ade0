package org.atex.ssh;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A reservation service answers, but not what it should. */
final class ServiceRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final @Nullable Duration retryAfter;

    /** Takes 0 as the status of what breaks the protocol. */
    ServiceRefusedException(int status, @Nullable Duration retryAfter, String message) {
        super(message);
        this.status = status;
        this.retryAfter = retryAfter;
    }

    /** {@return whether asking again may help} */
    boolean isTemporary() {
        return status == 408 || status == 425 || status == 429 || status >= 500;
    }

    /** {@return whether what was asked for is not there (any more)} */
    boolean isGone() {
        return status == 404 || status == 410;
    }

    /** {@return how long the service wants to be left alone, or null if it does not say} */
    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }
}
