package org.atex.testingfarm;

import java.time.Duration;
import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/** Thrown if a call of the service fails. There is one subtype for each decision that a caller can take. */
public abstract sealed class TestingFarmException extends AtexException {
    private static final long serialVersionUID = 1L;

    private TestingFarmException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The token is missing, unknown, expired, or not entitled to the operation: use another token. */
    public static final class NotAuthorized extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        /** Whether the token was valid before. */
        private final boolean expired;

        NotAuthorized(String message, boolean expired) {
            super(message, null);
            this.expired = expired;
        }

        /** {@return whether the token has expired, and was valid before} */
        public boolean isExpired() {
            return expired;
        }
    }

    /** The resource does not exist: correct the id or the address. */
    public static final class NotFound extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        NotFound(String message) {
            super(message, null);
        }
    }

    /** The service does not accept the request: change the request. */
    public static final class Rejected extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        /** The reason given by the service. */
        private final String words;

        Rejected(String message, String words) {
            super(message, null);
            this.words = words;
        }

        /** {@return the message of the service} */
        public String words() {
            return words;
        }
    }

    /** The request is over already, and needs no further action. */
    public static final class Gone extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        Gone(String message) {
            super(message, null);
        }
    }

    /** The service cannot be reached or does not work: try again later. */
    public static final class Unavailable extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        /** Whether the request may have been carried out. */
        private final boolean ambiguous;

        private final transient @Nullable Duration retryAfter;

        Unavailable(String message, boolean ambiguous, @Nullable Duration retryAfter, @Nullable Throwable cause) {
            super(message, cause);
            this.ambiguous = ambiguous;
            this.retryAfter = retryAfter;
        }

        /** {@return whether the operation may have taken effect although its response was lost} */
        public boolean mayHaveTakenEffect() {
            return ambiguous;
        }

        /** {@return the pause that the service demands before the next attempt, or null if it names none} */
        public @Nullable Duration retryAfter() {
            return retryAfter;
        }
    }
}
