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
 * Submits one request, once. When the answer is lost, there may be a request that nobody knows of; so none is submitted again
 * before the service has said that there is none with the submission's tag.
 *
 * <p>One thread at a time.
 */
final class Submission {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    /** A request moves on in this order, so that none slips through between two searches. */
    private static final List<RequestState> ALIVE =
            List.of(RequestState.NEW, RequestState.QUEUED, RequestState.RUNNING);

    /** Clocks differ. */
    private static final Duration WINDOW = Duration.ofHours(1);

    private final Run run;
    private final String tag;
    private final Clock clock;
    private final Instant begin;
    private boolean unclear;
    private boolean everUnclear;

    Submission(Run run, String tag) {
        this.run = run;
        this.tag = tag;
        this.clock = run.settings.clock();
        this.begin = clock.instant();
    }

    /** {@return whether an answer was lost: what was asked for then may still come to be, however late} */
    boolean wasUnclear() {
        return everUnclear;
    }

    /**
     * Submits it.
     *
     * @param wanted asked before each attempt, whether to go on
     * @return the id, or nothing if it is not wanted any more and there is no request
     * @throws TestingFarmException if there is none; {@link #wasUnclear} says whether that is certain
     */
    Optional<String> submit(NewRequest request, @Nullable String tokenId, BooleanSupplier wanted)
            throws InterruptedException {
        Duration wait = SHORTEST_PAUSE;
        while (unclear || wanted.getAsBoolean()) {
            try {
                if (unclear) {
                    Optional<String> found = find(tokenId);
                    unclear = false;
                    if (found.isPresent()) {
                        LOG.info("the request {} was submitted, though the answer was lost", found.get());
                        return found;
                    }
                    continue;
                }
                return Optional.of(post(request));
            } catch (TestingFarmException.Unavailable e) {
                unclear |= e.mayHaveTakenEffect();
                everUnclear |= unclear;
                Duration asked = e.retryAfter();
                Duration pause = asked == null || asked.compareTo(wait) < 0 ? wait : asked;
                if (clock.instant().plus(pause).isAfter(begin.plus(run.settings.queueWithin()))) {
                    throw e;
                }
                LOG.debug("submitting again in {}: {}", pause, e.getMessage());
                run.settings.pause().sleep(pause);
                wait = wait.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? wait.multipliedBy(2) : LONGEST_PAUSE;
            }
        }
        return Optional.empty();
    }

    private String post(NewRequest request) throws InterruptedException {
        try {
            return run.api.submit(request, Duration.ZERO);
        } catch (InterruptedException e) {
            everUnclear = true;
            throw e;
        }
    }

    private Optional<String> find(@Nullable String tokenId) throws InterruptedException {
        for (RequestState state : ALIVE) {
            for (FarmRequest request :
                    run.api.search(RequestSearch.of(state).ofToken(tokenId).after(begin.minus(WINDOW)))) {
                if (tag.equals(request.tags().get(NewRequest.SUBMISSION_TAG))) {
                    return Optional.of(request.id());
                }
            }
        }
        return Optional.empty();
    }
}
