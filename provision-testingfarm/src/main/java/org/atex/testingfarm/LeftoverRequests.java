package org.atex.testingfarm;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run left that was killed before it could give its machines back: found by the run's tag among the requests that are
 * not over.
 *
 * <p>Thread-safe.
 */
public final class LeftoverRequests {
    /** A request moves on in this order, so that none slips through between two searches. */
    private static final List<RequestState> NOT_OVER =
            List.of(RequestState.NEW, RequestState.QUEUED, RequestState.RUNNING, RequestState.CANCEL_REQUESTED);

    private final TestingFarmApi api;
    private final String run;
    private final Duration age;
    private final Clock clock;
    private final Pause pause;
    private final Duration pollEvery;

    private LeftoverRequests(
            TestingFarmApi api, String run, Duration age, Clock clock, Pause pause, Duration pollEvery) {
        this.api = api;
        this.run = run;
        this.age = age;
        this.clock = clock;
        this.pause = pause;
        this.pollEvery = pollEvery;
    }

    /**
     * {@return the leftovers of a run that began within the last three days}
     *
     * @param api where to look; its token must be that of the run
     * @param run the run's tag: {@link TestingFarmProvisioner#run()}
     */
    public static LeftoverRequests of(TestingFarmApi api, String run) {
        return new LeftoverRequests(
                api, run, Duration.ofDays(3), Clock.systemUTC(), Thread::sleep, FarmSettings.POLL_EVERY);
    }

    /**
     * {@return these, of runs that may have begun longer ago}
     *
     * @param duration how long ago; the service is slow with long times
     */
    public LeftoverRequests within(Duration duration) {
        return new LeftoverRequests(api, run, duration, clock, pause, pollEvery);
    }

    /**
     * {@return these, looked at at another pace than every 30 s, which is what the service expects}
     *
     * @param interval the time between two looks
     */
    public LeftoverRequests pollEvery(Duration interval) {
        return new LeftoverRequests(
                api, run, age, clock, pause, TestingFarmApi.Builder.positive(interval, "pollEvery"));
    }

    /** {@return these, with another time} */
    LeftoverRequests time(Clock now, Pause wait, Duration interval) {
        return new LeftoverRequests(api, run, age, now, wait, interval);
    }

    /**
     * {@return the requests of the run that are not over}
     *
     * @throws TestingFarmException if the service does not say
     * @throws InterruptedException if interrupted
     */
    public List<FarmRequest> list() throws InterruptedException {
        String tokenId = api.whoami().tokenId();
        Map<String, FarmRequest> found = new LinkedHashMap<>();
        Instant begin = clock.instant().minus(age);
        for (RequestState state : NOT_OVER) {
            for (FarmRequest request :
                    api.search(RequestSearch.of(state).ofToken(tokenId).after(begin))) {
                if (run.equals(request.tags().get(NewRequest.RUN_TAG))) {
                    found.put(request.id(), request);
                }
            }
        }
        return List.copyOf(found.values());
    }

    /**
     * Cancels all of them, and waits until the service says that they are over.
     *
     * @param within how long to wait
     * @return those that were not seen to be over by then
     * @throws TestingFarmException if the service does not let us
     * @throws InterruptedException if interrupted; some may have been cancelled
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
            pause.sleep(pollEvery);
        }
    }
}
