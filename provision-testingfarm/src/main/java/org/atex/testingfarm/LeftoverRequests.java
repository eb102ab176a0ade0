package org.atex.testingfarm;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.atex.support.Arguments;

/**
 * The requests that a run left behind because its process was killed. They are found by the tag of the run among the
 * requests that are not over.
 *
 * <p>Immutable and thread-safe.
 */
public final class LeftoverRequests {
    private final TestingFarmApi api;
    private final String run;
    private final Duration age;
    private final Clock clock;
    private final Sleeper sleeper;
    private final Duration pollEvery;

    private LeftoverRequests(
            TestingFarmApi api, String run, Duration age, Clock clock, Sleeper sleeper, Duration pollEvery) {
        this.api = api;
        this.run = run;
        this.age = age;
        this.clock = clock;
        this.sleeper = sleeper;
        this.pollEvery = pollEvery;
    }

    /**
     * {@return the leftover requests of a run that started within the last three days}
     *
     * @param api the client; its token must be the one of the run
     * @param run the tag of the run: {@link TestingFarmProvisioner#run()}
     */
    public static LeftoverRequests of(TestingFarmApi api, String run) {
        return new LeftoverRequests(
                api, run, Duration.ofDays(3), Clock.systemUTC(), Thread::sleep, FarmSettings.POLL_EVERY);
    }

    /**
     * {@return a copy for runs that may have started longer ago}
     *
     * @param duration the age of the oldest request to find; the service is slow for long periods
     */
    public LeftoverRequests withMaxAge(Duration duration) {
        return new LeftoverRequests(api, run, duration, clock, sleeper, pollEvery);
    }

    /**
     * {@return a copy with another poll interval; 30 seconds by default, as the service recommends}
     *
     * @param interval the interval
     */
    public LeftoverRequests pollEvery(Duration interval) {
        return new LeftoverRequests(api, run, age, clock, sleeper, Arguments.positive(interval, "pollEvery"));
    }

    /** {@return a copy with another clock, sleeper and poll interval} */
    LeftoverRequests time(Clock now, Sleeper wait, Duration interval) {
        return new LeftoverRequests(api, run, age, now, wait, interval);
    }

    /**
     * {@return the requests of the run that are not over}
     *
     * @throws TestingFarmException if the service does not answer as expected
     * @throws InterruptedException if interrupted
     */
    public List<FarmRequest> list() throws InterruptedException {
        return TaggedRequests.find(api, api.whoami().tokenId(), clock.instant().minus(age), NewRequest.RUN_TAG, run);
    }

    /**
     * Cancels all requests of the run, and waits until the service confirms that they are over.
     *
     * @param within the time limit for the confirmation
     * @return the requests that were not confirmed within the limit
     * @throws TestingFarmException if the token may not cancel a request, or the service does not answer as expected
     * @throws InterruptedException if interrupted; some requests may have been cancelled
     */
    public List<FarmRequest> cancel(Duration within) throws InterruptedException {
        List<FarmRequest> left = new ArrayList<>();
        for (FarmRequest request : list()) {
            if (request.state() == RequestState.CANCEL_REQUESTED
                    || api.cancel(request.id()) == Cancellation.REQUESTED) {
                left.add(request);
            }
        }
        Instant end = clock.instant().plus(within);
        while (true) {
            List<FarmRequest> now = new ArrayList<>();
            for (FarmRequest request : left) {
                FarmRequest seen = api.get(request.id());
                if (!seen.state().isOver()) {
                    now.add(seen);
                }
            }
            left = now;
            if (left.isEmpty() || clock.instant().plus(pollEvery).isAfter(end)) {
                return List.copyOf(left);
            }
            sleeper.sleep(pollEvery);
        }
    }
}
