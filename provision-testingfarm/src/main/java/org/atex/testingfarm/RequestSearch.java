package org.atex.testingfarm;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which requests to look for. Immutable. The service looks through one state at a time, and is slow with long times.
 *
 * @param state the state they are in
 * @param tokenId the token that they were submitted with, or null for any
 * @param createdAfter when they were submitted at the earliest, or null
 * @param createdBefore when they were submitted at the latest, or null
 */
public record RequestSearch(
        RequestState state,
        @Nullable String tokenId,
        @Nullable Instant createdAfter,
        @Nullable Instant createdBefore) {
    /** Checks what it is given. */
    public RequestSearch {
        if (state == RequestState.UNKNOWN) {
            throw new IllegalArgumentException("cannot look for requests in a state that nobody knows");
        }
    }

    /**
     * {@return a search for all that are in a state}
     *
     * @param state the state
     */
    public static RequestSearch of(RequestState state) {
        return new RequestSearch(state, null, null, null);
    }

    /**
     * {@return this, for one token only}
     *
     * @param id its {@link Identity#tokenId}
     */
    public RequestSearch ofToken(@Nullable String id) {
        return new RequestSearch(state, id, createdAfter, createdBefore);
    }

    /**
     * {@return this, from a time on}
     *
     * @param when the time
     */
    public RequestSearch after(Instant when) {
        return new RequestSearch(state, tokenId, when, createdBefore);
    }

    /**
     * {@return this, up to a time}
     *
     * @param when the time
     */
    public RequestSearch before(Instant when) {
        return new RequestSearch(state, tokenId, createdAfter, when);
    }
}
