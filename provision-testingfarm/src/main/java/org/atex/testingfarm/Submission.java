package org.atex.testingfarm;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Submits one request without creating a second one by a repetition. After a lost response the request may exist; it is
 * submitted again only after the service has confirmed that no request has the submission's tag.
 *
 * <p>Not thread-safe.
 */
final class Submission {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final Duration MIN_PAUSE = Duration.ofSeconds(2);
    private static final Duration MAX_PAUSE = Duration.ofMinutes(1);

    /**
     * The states in the order in which a request passes through them: a request that changes its state between two
     * searches is found by the later one.
     */
    private static final List<RequestState> ALIVE =
            List.of(RequestState.NEW, RequestState.QUEUED, RequestState.RUNNING);

    /** The tolerance for the difference between the clocks of this host and the service. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofHours(1);

    private final RunContext run;
    private final String tag;
    private final Clock clock;
    private final Instant startTime;
    private boolean responseLost;
    private boolean mayHaveLostRequest;

    Submission(RunContext run, String tag) {
        this.run = run;
        this.tag = tag;
        this.clock = run.settings.clock();
        this.startTime = clock.instant();
    }

    /** {@return whether a response was lost: the request may exist, or may still appear later} */
    boolean mayHaveLostRequest() {
        return mayHaveLostRequest;
    }

    /**
     * Submits the request.
     *
     * @param wanted asked before each attempt whether the request is still needed
     * @return the id, or empty if the request is no longer needed and does not exist
     * @throws TestingFarmException if the submission failed; {@link #mayHaveLostRequest} says whether the request may
     *     exist nevertheless
     */
    Optional<String> submit(NewRequest request, @Nullable String tokenId, BooleanSupplier wanted)
            throws InterruptedException {
        Duration wait = MIN_PAUSE;
        // After a lost response the search is made even if the request is no longer needed, to be able to cancel it.
        while (responseLost || wanted.getAsBoolean()) {
            try {
                if (responseLost) {
                    Optional<String> found = find(tokenId);
                    responseLost = false;
                    if (found.isPresent()) {
                        LOG.info("found the request {}; only the response to its submission was lost", found.get());
                        return found;
                    }
                    continue;
                }
                return Optional.of(post(request));
            } catch (TestingFarmException.Unavailable e) {
                responseLost |= e.mayHaveTakenEffect();
                mayHaveLostRequest |= responseLost;
                Duration asked = e.retryAfter();
                Duration pause = asked == null || asked.compareTo(wait) < 0 ? wait : asked;
                if (clock.instant().plus(pause).isAfter(startTime.plus(run.settings.queueWithin()))) {
                    throw e;
                }
                LOG.debug("submitting again in {}: {}", pause, e.getMessage());
                run.settings.sleeper().sleep(pause);
                wait = wait.multipliedBy(2).compareTo(MAX_PAUSE) < 0 ? wait.multipliedBy(2) : MAX_PAUSE;
            }
        }
        return Optional.empty();
    }

    private String post(NewRequest request) throws InterruptedException {
        try {
            return run.api.submit(request, Duration.ZERO);
        } catch (InterruptedException e) {
            mayHaveLostRequest = true;
            throw e;
        }
    }

    private Optional<String> find(@Nullable String tokenId) throws InterruptedException {
        for (RequestState state : ALIVE) {
            for (FarmRequest request :
                    run.api.search(RequestSearch.of(state).ofToken(tokenId).after(startTime.minus(CLOCK_TOLERANCE)))) {
                if (tag.equals(request.tags().get(NewRequest.SUBMISSION_TAG))) {
                    return Optional.of(request.id());
                }
            }
        }
        return Optional.empty();
    }
}
