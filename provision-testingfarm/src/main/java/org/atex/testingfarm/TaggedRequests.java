package org.atex.testingfarm;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds requests that are not over by a tag. */
final class TaggedRequests {
    /**
     * The states in the order in which a request passes through them: a request that changes its state between two
     * searches is found by the later one.
     */
    private static final List<RequestState> NOT_OVER =
            List.of(RequestState.NEW, RequestState.QUEUED, RequestState.RUNNING, RequestState.CANCEL_REQUESTED);

    private TaggedRequests() {}

    /**
     * {@return the requests of a token that have a tag}
     *
     * @param tokenId the id of the token; null if unknown
     * @param after the time of the oldest request
     * @throws TestingFarmException if the service does not answer as expected
     */
    static List<FarmRequest> find(TestingFarmApi api, @Nullable String tokenId, Instant after, String tag, String value)
            throws InterruptedException {
        Map<String, FarmRequest> found = new LinkedHashMap<>();
        for (RequestState state : NOT_OVER) {
            for (FarmRequest request :
                    api.search(RequestSearch.of(state).ofToken(tokenId).after(after))) {
                if (value.equals(request.tags().get(tag))) {
                    found.put(request.id(), request);
                }
            }
        }
        return List.copyOf(found.values());
    }
}
