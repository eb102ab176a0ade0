package org.atex.testingfarm;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A search for requests. Immutable. The service searches one state at a time, and is slow for long periods.
 *
 * @param state the state of the requests
 * @param tokenId the id of the token with which they were submitted, or null for any
 * @param createdAfter the earliest time of submission, or null
 * @param createdBefore the latest time of submission, or null
 */
public record RequestSearch(
        RequestState state,
        @Nullable String tokenId,
        @Nullable Instant createdAfter,
        @Nullable Instant createdBefore) {
    /** Checks the state. */
    public RequestSearch {
        if (state == RequestState.UNKNOWN) {
            throw new IllegalArgumentException(
                    "cannot search for requests in the state UNKNOWN, which the service does not have");
        }
    }

    /**
     * {@return a search for all requests in a state}
     *
     * @param state the state
     */
    public static RequestSearch of(RequestState state) {
        return new RequestSearch(state, null, null, null);
    }

    /**
     * {@return a copy for the requests of one token}
     *
     * @param id its {@link Identity#tokenId}, or null for any
     */
    public RequestSearch ofToken(@Nullable String id) {
        return new RequestSearch(state, id, createdAfter, createdBefore);
    }

    /**
     * {@return a copy with an earliest time of submission}
     *
     * @param when the time
     */
    public RequestSearch after(Instant when) {
        return new RequestSearch(state, tokenId, when, createdBefore);
    }

    /**
     * {@return a copy with a latest time of submission}
     *
     * @param when the time
     */
    public RequestSearch before(Instant when) {
        return new RequestSearch(state, tokenId, createdAfter, when);
    }
}
