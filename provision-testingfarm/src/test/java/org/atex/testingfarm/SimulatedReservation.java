package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import org.atex.api.ProvisioningException;
import org.atex.ssh.SshRefusedException;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.atex.testingfarm.ReservationMachine.Decision;
import org.atex.testingfarm.ReservationMachine.Event;
import org.jspecify.annotations.Nullable;

/**
 * One reservation in simulated time: a service, a network, a guest and a caller that behave as a seed says. Checks after
 * every event what must hold at any time, and the rest at the end.
 */
final class SimulatedReservation {
    private static final Instant BEGIN = Instant.parse("2026-11-21T10:00:00Z");
    private static final URI ARTIFACTS = URI.create("https://farm.example/artifacts");

    private record Step(Instant at, long number, Runnable action) {}

    /** A request as the service knows it. */
    private static final class Request {
        final String id;
        RequestState state = RequestState.NEW;
        GuestLog.Facts log = GuestLog.Facts.NONE;

        Request(String id) {
            this.id = id;
        }
    }

    private final Random random;
    private final RunContext run;
    private final ReservationMachine machine;
    private final double trouble;
    private final PriorityQueue<Step> steps =
            new PriorityQueue<>(Comparator.comparing(Step::at).thenComparing(Step::number));
    private final Map<String, Request> requests = new HashMap<>();
    private final List<String> story = new ArrayList<>();
    private final List<Phase> phases = new ArrayList<>();
    private final List<Instant> polls = new ArrayList<>();

    private Instant now = BEGIN;
    private Instant end = BEGIN;
    private List<String> notOver = List.of();
    private long number;
    private int awake;
    private int submissions;
    private int polling;
    private int cancelling;
    private int logins;
    private int losses;
    private boolean unwanted;
    private boolean handedOver;
    private boolean inUse;
    private int finishes;
    private @Nullable ProvisioningException failure;
    private boolean left;
    private boolean lateRequest;

    SimulatedReservation(long seed, RunContext run) {
        this.random = new Random(seed);
        this.run = run;
        this.trouble = random.nextInt(3) * 0.2;
        this.machine = new ReservationMachine(run, new Pace(run.settings.pollEvery(), random), BEGIN);
    }

    /** Runs the reservation to its end; {@return how it ended} */
    String run() {
        if (random.nextInt(3) == 0) {
            after(seconds(List.of(30, 600, 6 * 3600).get(random.nextInt(3))), this::release);
        }
        post(new Event.Begun());
        for (int i = 0; !steps.isEmpty(); i++) {
            assertThat(i).as("steps of %s", this).isLessThan(20_000);
            Step step = steps.remove();
            now = step.at();
            step.action().run();
        }
        check();
        return (handedOver ? "used " : failure != null ? "failed " : "") + phases.getLast();
    }

    private void check() {
        assertThat(finishes).as("ends of %s", this).isOne();
        assertThat(phases.getLast()).as("the end of %s", this).isIn(Phase.OVER, Phase.LEFT);
        assertThat(phases.indexOf(Phase.FAILED)).as("failures of %s", this).isEqualTo(phases.lastIndexOf(Phase.FAILED));
        assertThat(phases.stream().filter(phase -> phase != Phase.FAILED).toList())
                .as("the phases of %s", this)
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(handedOver && failure != null)
                .as("a failure after the machine was handed over: %s", this)
                .isFalse();
        if (!left && !lateRequest) {
            assertThat(notOver).as("requests that %s left behind", this).isEmpty();
        }
        if (lateRequest) {
            assertThat(machine.mayHaveLostRequest())
                    .as("a search is due after %s", this)
                    .isTrue();
        }
        // The sum of the limits, of the longest use, and of what the network delays.
        Duration limit = Duration.ofHours(7);
        assertThat(Duration.between(BEGIN, end)).as("the time of %s", this).isLessThan(limit);
        for (int i = 2; i < polls.size(); i++) {
            // One early poll may come between two regular ones.
            assertThat(Duration.between(polls.get(i - 2), polls.get(i)))
                    .as("three polls in %s", this)
                    .isGreaterThanOrEqualTo(run.settings.pollEvery());
        }
    }

    private void post(Event event) {
        story.add(Duration.between(BEGIN, now) + " " + event);
        for (Decision decision : machine.on(event, now)) {
            story.add("    " + decision);
            carryOut(decision);
        }
    }

    private void after(Duration time, Runnable action) {
        steps.add(new Step(now.plus(time), ++number, action));
    }

    private Duration seconds(int most) {
        return Duration.ofMillis(random.nextInt(most * 1000));
    }

    private boolean isTrouble() {
        return random.nextDouble() < trouble;
    }

    private void carryOut(Decision decision) {
        switch (decision) {
            case Decision.Submit() -> {
                assertThat(submissions++)
                        .as("submissions at a time in %s", this)
                        .isZero();
                assertThat(unwanted)
                        .as("submitted although it is not needed: %s", this)
                        .isFalse();
                after(seconds(20), this::submit);
            }
            case Decision.Search() -> {
                assertThat(submissions++)
                        .as("submissions at a time in %s", this)
                        .isZero();
                after(seconds(20), this::search);
            }
            case Decision.Sleep(Duration time, int id) -> {
                awake = id;
                after(time, () -> {
                    if (awake == id && finishes == 0) {
                        post(new Event.Awake(id));
                    }
                });
            }
            case Decision.Poll(String id) -> {
                assertThat(polling++).as("polls at a time in %s", this).isZero();
                polls.add(now);
                after(seconds(isTrouble() ? 100 : 2), () -> poll(id));
            }
            case Decision.ReadLog(URI log) -> {
                polling++;
                after(seconds(isTrouble() ? 100 : 2), this::readLog);
            }
            case Decision.ReadLastLines(URI log) -> after(seconds(2), () -> post(new Event.LastLinesRead(log())));
            case Decision.Login(String address) -> {
                assertThat(logins++).as("logins of %s", this).isZero();
                after(seconds(600), this::logIn);
            }
            case Decision.EndLogin() -> story.add("(the login may end in time or not)");
            case Decision.HandOver() -> {
                assertThat(unwanted)
                        .as("handed over although it is not needed: %s", this)
                        .isFalse();
                assertThat(handedOver).as("handed over twice: %s", this).isFalse();
                handedOver = true;
                inUse = true;
                if (random.nextBoolean()) {
                    after(seconds(3600), () -> post(new Event.ConnectionLost()));
                    after(seconds(3600), () -> post(new Event.ConnectionLost()));
                }
                after(seconds(3 * 3600), this::release);
            }
            case Decision.Fail(ProvisioningException why, boolean permanent) -> {
                assertThat(failure).as("second failure of %s", this).isNull();
                assertThat(unwanted)
                        .as("failed although it is not needed: %s", this)
                        .isFalse();
                failure = why;
                after(seconds(1), this::release);
            }
            case Decision.Cancel(String id) -> {
                assertThat(cancelling++)
                        .as("cancellations at a time in %s", this)
                        .isZero();
                after(seconds(isTrouble() ? 100 : 2), () -> cancel(id));
            }
            case Decision.Tell(ReservationEvent event) -> {
                assertThat(event.before()).as("times in %s", this).isGreaterThanOrEqualTo(Duration.ZERO);
                phases.add(event.phase());
            }
            case Decision.Warn(String text) -> losses += text.startsWith("a machine in use was lost") ? 1 : 0;
            case Decision.Leave(String text) -> left = true;
            case Decision.Finish() -> {
                finishes++;
                end = now;
                notOver = requests.values().stream()
                        .filter(request -> !request.state.isOver())
                        .map(request -> request.id)
                        .toList();
            }
        }
    }

    private void release() {
        unwanted = true;
        inUse = false;
        post(new Event.Unwanted());
    }

    private TestingFarmException.Unavailable silent(boolean mayHaveTakenEffect) {
        return new TestingFarmException.Unavailable(
                "no answer",
                mayHaveTakenEffect,
                random.nextInt(4) == 0 ? Duration.ofSeconds(random.nextInt(200)) : null,
                null);
    }

    private void submit() {
        submissions--;
        if (!isTrouble()) {
            post(new Event.Submitted(create().id));
            return;
        }
        switch (random.nextInt(5)) {
            case 0 -> {
                var unused = create();
                post(new Event.NoAnswer(silent(true)));
            }
            case 1 -> {
                lateRequest = true;
                after(seconds(900), this::create);
                post(new Event.NoAnswer(silent(true)));
            }
            case 2 -> post(new Event.NotSubmitted(new TestingFarmException.NotAuthorized("expired", true), true));
            default -> post(new Event.NoAnswer(silent(random.nextBoolean())));
        }
    }

    private Request create() {
        assertThat(requests.values().stream().anyMatch(request -> request.state.isAlive()) && !lateRequest)
                .as("a second request by %s", this)
                .isFalse();
        Request request = new Request("request-" + (requests.size() + 1));
        requests.put(request.id, request);
        after(seconds(isTrouble() ? 5000 : 60), () -> advance(request));
        return request;
    }

    /** Moves a request to the state that follows, or to one that ends it. */
    private void advance(Request request) {
        if (!request.state.isAlive() || finishes > 0) {
            return;
        }
        if (random.nextDouble() < trouble / 4) {
            request.state = List.of(
                            RequestState.ERROR,
                            RequestState.COMPLETE,
                            RequestState.CANCEL_REQUESTED,
                            RequestState.CANCELED)
                    .get(random.nextInt(4));
            return;
        }
        switch (request.state) {
            case NEW -> request.state = RequestState.QUEUED;
            case QUEUED -> request.state = RequestState.RUNNING;
            default -> request.log = facts(request.log);
        }
        after(seconds(isTrouble() ? 5000 : 300), () -> advance(request));
    }

    private GuestLog.Facts facts(GuestLog.Facts before) {
        String address = before.address() == null ? "root@guest.example" : before.address();
        String trouble = isTrouble() && random.nextInt(4) == 0 ? "Result of testing: ERROR" : null;
        return new GuestLog.Facts(address, before.address() != null, trouble, List.of("a line"));
    }

    private void search() {
        submissions--;
        if (isTrouble()) {
            post(new Event.NoAnswer(silent(false)));
        } else {
            post(new Event.Searched(requests.values().stream()
                    .filter(request -> !request.state.isOver())
                    .map(request -> request.id)
                    .findFirst()
                    .orElse(null)));
        }
    }

    private void poll(String id) {
        polling--;
        Request request = requests.get(id);
        if (!isTrouble()) {
            post(new Event.Polled(new FarmRequest(
                    id, request.state, BEGIN, "F", "x86_64", Map.of(), Map.of(), ARTIFACTS, null, null, List.of())));
            return;
        }
        switch (random.nextInt(10)) {
            case 0 -> post(new Event.PollFailed(new TestingFarmException.NotAuthorized("expired", true)));
            case 1 -> post(new Event.PollFailed(new IllegalStateException("no JSON")));
            case 2 -> {
                request.state = RequestState.CANCELED;
                post(new Event.PollFailed(new TestingFarmException.NotFound("no such request")));
            }
            default -> post(new Event.PollFailed(silent(false)));
        }
    }

    private void readLog() {
        polling--;
        if (isTrouble()) {
            post(new Event.PollFailed(silent(false)));
        } else {
            post(new Event.LogRead(log()));
        }
    }

    private GuestLog.Facts log() {
        Request request = requests.get(String.valueOf(machine.id()));
        return request == null ? GuestLog.Facts.NONE : request.log;
    }

    private void logIn() {
        if (isTrouble()) {
            post(new Event.LoginFailed(new SshRefusedException("Permission denied", null)));
        } else {
            post(new Event.LoggedIn("root@guest.example"));
        }
    }

    private void cancel(String id) {
        cancelling--;
        Request request = requests.get(id);
        boolean silent = isTrouble();
        if (silent && random.nextBoolean()) {
            post(new Event.CancelFailed(silent(true)));
            return;
        }
        Cancellation effect = request.state.isAlive()
                ? Cancellation.REQUESTED
                : request.state.isOver() ? Cancellation.ALREADY_OVER : Cancellation.ALREADY_CANCELED;
        if (!request.state.isOver()) {
            request.state = RequestState.CANCEL_REQUESTED;
            after(seconds(isTrouble() ? 1000 : 90), () -> request.state = RequestState.CANCELED);
        }
        if (silent) {
            post(new Event.CancelFailed(silent(true)));
        } else {
            post(new Event.Cancelled(effect));
        }
    }

    @Override
    public String toString() {
        return "the reservation\n" + String.join("\n", story.subList(Math.max(0, story.size() - 60), story.size()))
                + "\nrequests: "
                + requests.values().stream()
                        .map(request -> request.id + " " + request.state)
                        .toList()
                + (inUse ? ", in use" : "") + (losses > 0 ? ", lost" : "");
    }
}
