package org.atex.testingfarm;

import java.time.Duration;
import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/** The service did not do what it was asked for. There is a subtype for each thing that a caller can decide. */
public abstract sealed class TestingFarmException extends AtexException {
    private static final long serialVersionUID = 1L;

    private TestingFarmException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The token is missing, unknown, expired, or not the one for it: get another one. */
    public static final class NotAuthorized extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        /** Whether the token was valid before. */
        private final boolean expired;

        NotAuthorized(String message, boolean expired) {
            super(message, null);
            this.expired = expired;
        }

        /** {@return whether it was a good token once} */
        public boolean isExpired() {
            return expired;
        }
    }

    /** There is no such thing: mend the id or the address. */
    public static final class NotFound extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        NotFound(String message) {
            super(message, null);
        }
    }

    /** The service does not take what it was asked for: ask for something else. */
    public static final class Rejected extends TestingFarmException {
        private static final long serialVersionUID = 1L;

        /** The reason given by the service. */
        private final String words;

        Rejected(String message, String words) {
            super(message, null);
            this.words = words;
        }

        /** {@return what the service said of it} */
        public String words() {
            return words;
        }
    }

    /** It is over: there is nothing left to do for it. */
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

        /** {@return whether what was asked for may have been done all the same, because the answer was lost} */
        public boolean mayHaveTakenEffect() {
            return ambiguous;
        }

        /** {@return how long the service wants to be left alone, or null if it does not say} */
        public @Nullable Duration retryAfter() {
            return retryAfter;
        }
    }
}
