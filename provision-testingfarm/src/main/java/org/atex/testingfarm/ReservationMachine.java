package org.atex.testingfarm;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.AtexException;
import org.atex.api.ProvisioningException;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;

/**
 * Decides what is done for one reservation, from its submission until the service confirms that its request is over: a
 * state machine without threads, clock or I/O. It receives events and returns decisions, which the caller carries out
 * in their order, and reports on with further events.
 *
 * <p>It never leaves a request behind: after a lost response it searches for the request by its tag before it submits
 * again, and it follows a cancellation until the service confirms it, or {@link FarmSettings#cancelWithin} has passed.
 *
 * <p>Not thread-safe; guarded by the lock of the reservations.
 */
final class ReservationMachine {
    private static final Duration MIN_PAUSE = Duration.ofSeconds(2);
    private static final Duration MAX_PAUSE = Duration.ofMinutes(1);

    /** What has happened. */
    sealed interface Event {
        /** The reservation begins. */
        record Begun() implements Event {}

        /** The service has accepted the request. */
        record Submitted(String request) implements Event {}

        /** A search has ended. The request is null if there is none with the tag of the reservation. */
        record Searched(@Nullable String request) implements Event {}

        /** The service did not answer to a submission or a search. */
        record NoAnswer(TestingFarmException.Unavailable why) implements Event {}

        /** The request cannot be submitted. After a permanent failure, similar reservations would fail too. */
        record NotSubmitted(RuntimeException why, boolean permanent) implements Event {}

        /** A {@link Decision.Sleep} has ended. */
        record Awake(int number) implements Event {}

        /** The service has answered to a poll. */
        record Polled(FarmRequest request) implements Event {}

        /** A {@link Decision.ReadLog} has ended. */
        record LogRead(GuestLog.Facts facts) implements Event {}

        /** A poll, or the reading of the log after it, has failed. */
        record PollFailed(RuntimeException why) implements Event {}

        /** Commands run on the guest. */
        record LoggedIn(String host) implements Event {}

        /** The login was given up. */
        record LoginFailed(RuntimeException why) implements Event {}

        /** A {@link Decision.ReadLastLines} has ended. */
        record LastLinesRead(GuestLog.Facts facts) implements Event {}

        /** The service has answered to a cancellation. */
        record Cancelled(Cancellation effect) implements Event {}

        /** A cancellation has failed. */
        record CancelFailed(RuntimeException why) implements Event {}

        /** The machine is no longer needed. */
        record Unwanted() implements Event {}

        /** The connection to the machine was lost. */
        record ConnectionLost() implements Event {}

        /** The caller cannot wait any longer for the end of the request. */
        record GivenUp(Duration spent, String why) implements Event {}
    }

    /** What is to be done. */
    sealed interface Decision {
        /** Submit the request. */
        record Submit() implements Decision {}

        /** Search for the request by the tag of the reservation. */
        record Search() implements Decision {}

        /** Report {@link Event.Awake} after a time. Replaces an earlier sleep. */
        record Sleep(Duration time, int number) implements Decision {}

        /** Get the state of the request. */
        record Poll(String request) implements Decision {}

        /** Read the log; a failure counts as one of the poll. */
        record ReadLog(URI log) implements Decision {}

        /** Log in to the guest. */
        record Login(String address) implements Decision {}

        /** Interrupt the login. */
        record EndLogin() implements Decision {}

        /** Read the log for the reason of a failure, within a short time. */
        record ReadLastLines(URI log) implements Decision {}

        /** Hand over the machine to the caller of the provisioner. */
        record HandOver() implements Decision {}

        /** Report a failure to the caller of the provisioner. */
        record Fail(ProvisioningException why, boolean permanent) implements Decision {}

        /** Cancel the request. */
        record Cancel(String request) implements Decision {}

        /** Send an event to the listener. */
        record Tell(ReservationEvent event) implements Decision {}

        /** Log a warning. */
        record Warn(String text) implements Decision {}

        /** Log that a person has to cancel the request, and how. */
        record Leave(String text) implements Decision {}

        /** Forget the reservation: the request is over, or was given up. */
        record Finish() implements Decision {}
    }

    private final RunContext run;
    private final FarmSettings settings;
    private final FailureMessages messages;
    private final Pace pace;
    private final Instant begin;
    private final List<Decision> out = new ArrayList<>();

    private Instant now;
    private Phase phase = Phase.SUBMITTING;
    private Instant since;
    private int sleeps;
    private boolean asleep;
    private boolean wanted = true;
    private boolean finished;

    // The submission.
    private @Nullable String id;
    private boolean submitting;
    private boolean responseLost;
    private boolean mayHaveLostRequest;
    private Duration pause = MIN_PAUSE;

    // What the service and its log have said.
    private @Nullable FarmRequest latest;
    private GuestLog.Facts guest = GuestLog.Facts.NONE;
    private boolean polling;
    private boolean polledEarly;
    private boolean accessDenied;
    private Instant lastPoll;
    private @Nullable Instant reserved;

    // The machine.
    private boolean loggingIn;
    private boolean triedToLogIn;
    private boolean handedOver;
    private @Nullable RuntimeException loginFailure;
    private @Nullable ProvisioningException failure;
    private @Nullable String endReason;

    // The cancellation.
    private boolean cancelStarted;
    private boolean cancelling;
    private boolean cancelAccepted;

    ReservationMachine(RunContext run, Pace pace, Instant now) {
        this.run = run;
        this.settings = run.settings;
        this.messages = new FailureMessages(run);
        this.pace = pace;
        this.begin = now;
        this.now = now;
        this.since = now;
        this.lastPoll = now;
    }

    /** {@return a machine that only cancels a request that was found by the tag of the run} */
    static ReservationMachine ofLeftover(RunContext run, Pace pace, Instant now, String request) {
        ReservationMachine machine = new ReservationMachine(run, pace, now);
        machine.id = request;
        machine.wanted = false;
        return machine;
    }

    /** Handles an event; {@return what is to be done} */
    List<Decision> on(Event event, Instant time) {
        now = time;
        if (!finished) {
            handle(event);
            // The service is asked again some time after it has answered.
            if (!finished && id != null && !polling && !cancelling && !asleep) {
                sleep(pace.next());
            }
        }
        List<Decision> decisions = List.copyOf(out);
        out.clear();
        return decisions;
    }

    private void handle(Event event) {
        switch (event) {
            case Event.Begun() -> begin();
            case Event.Submitted(String request) -> submitted(request);
            case Event.Searched(String request) -> searched(request);
            case Event.NoAnswer(TestingFarmException.Unavailable why) -> submitLater(why);
            case Event.NotSubmitted(RuntimeException why, boolean permanent) -> {
                submitting = false;
                fail(reason(why), why, permanent);
                release();
            }
            case Event.Awake(int number) -> {
                if (number == sleeps) {
                    asleep = false;
                    awake();
                }
            }
            case Event.Polled(FarmRequest request) -> polled(request);
            case Event.LogRead(GuestLog.Facts facts) -> {
                guest = facts;
                evaluate();
            }
            case Event.PollFailed(RuntimeException why) -> pollFailed(why);
            case Event.LoggedIn(String host) -> loggedIn(host);
            case Event.LoginFailed(RuntimeException why) -> loginFailed(why);
            case Event.LastLinesRead(GuestLog.Facts facts) -> {
                guest = facts;
                endLogin();
            }
            case Event.Cancelled(Cancellation effect) -> cancelled(effect);
            case Event.CancelFailed(RuntimeException why) -> cancelFailed(why);
            case Event.Unwanted() -> release();
            case Event.ConnectionLost() -> pollEarly();
            case Event.GivenUp(Duration spent, String why) -> giveUp(spent, why);
        }
    }

    // The submission.

    private void begin() {
        if (wanted) {
            enter(Phase.SUBMITTING, run.reservation.toString());
            submit();
        } else {
            cancel();
        }
    }

    private void submit() {
        submitting = true;
        out.add(responseLost ? new Decision.Search() : new Decision.Submit());
    }

    private void submitted(String request) {
        submitting = false;
        id = request;
        enter(Phase.SUBMITTED, "");
        sleep(pace.first());
        if (!wanted) {
            cancel();
        }
    }

    private void searched(@Nullable String request) {
        responseLost = false;
        submitting = false;
        if (request != null) {
            submitted(request);
        } else {
            submitOrEnd();
        }
    }

    /** Submits the request if it is still needed. After a lost response it is searched for in any case, to cancel it. */
    private void submitOrEnd() {
        if (wanted || responseLost) {
            submit();
        } else {
            cancel();
        }
    }

    private void submitLater(TestingFarmException.Unavailable why) {
        responseLost |= why.mayHaveTakenEffect();
        mayHaveLostRequest |= responseLost;
        Duration asked = why.retryAfter();
        Duration wait = asked == null || asked.compareTo(pause) < 0 ? pause : asked;
        pause = pause.multipliedBy(2).compareTo(MAX_PAUSE) < 0 ? pause.multipliedBy(2) : MAX_PAUSE;
        submitting = false;
        if (now.plus(wait).isAfter(begin.plus(settings.queueWithin()))) {
            responseLost = false; // the end of the run searches for the request
            fail(reason(why), why, false);
            release();
        } else if (wanted || responseLost) {
            sleep(wait);
        } else {
            cancel();
        }
    }

    // The polls.

    private void awake() {
        if (id == null) {
            submitOrEnd();
            return;
        }
        polledEarly = false;
        // A request that is due during a pause skips this poll.
        if (!pace.isPaused(now)) {
            poll(id);
        }
    }

    private void poll(String request) {
        if (cancelStarted && !cancelAccepted) {
            sendCancel(request);
        } else if (!polling) {
            polling = true;
            out.add(new Decision.Poll(request));
        }
    }

    /** Polls before the request is due, but once per interval only. */
    private void pollEarly() {
        if (id != null && wanted && endReason == null && !polling && !polledEarly && !pace.isPaused(now)) {
            polledEarly = true;
            interruptSleep();
            poll(id);
        }
    }

    private void polled(FarmRequest request) {
        latest = request;
        URI log = request.log();
        // After the login the log is only read once more, when the request is over.
        if (log != null && wanted && (isBefore(Phase.READY) || !request.state().isAlive())) {
            out.add(new Decision.ReadLog(log));
        } else {
            evaluate();
        }
    }

    private void evaluate() {
        polling = false;
        FarmRequest request = latest;
        if (request == null) {
            return;
        }
        String word = request.state().word();
        if (request.state().isOver()) {
            end("it ended as " + word, null, word);
        } else if (!wanted) {
            checkCancellation("it is " + word);
        } else if (request.state() == RequestState.CANCEL_REQUESTED) {
            failAndRelease("it was cancelled by another client", null, false);
        } else if (guest.failure() != null && isBefore(Phase.READY)) {
            failAndRelease("its log says: " + guest.failure(), null, false);
        } else {
            advance(request);
            checkLimits("it is " + word);
        }
    }

    private void advance(FarmRequest request) {
        if (request.state() == RequestState.QUEUED && isBefore(Phase.QUEUED)) {
            enter(Phase.QUEUED, "");
        }
        if (request.state() == RequestState.RUNNING && isBefore(Phase.RUNNING)) {
            enter(Phase.RUNNING, request.artifacts() == null ? "" : String.valueOf(request.artifacts()));
        }
        String address = guest.address();
        if (address != null && isBefore(Phase.GUEST_READY)) {
            enter(Phase.GUEST_READY, address);
        }
        if (reserved == null && guest.isReserved()) {
            // The start is estimated early, so that expires() is never too late: the marker was written after the
            // previous poll, and the log may be up to one interval late.
            reserved = lastPoll.minus(pace.regular());
        }
        lastPoll = now;
        if (address != null && guest.isReserved()) {
            if (isBefore(Phase.RESERVED)) {
                enter(Phase.RESERVED, address);
            }
            if (!triedToLogIn) {
                triedToLogIn = true;
                loggingIn = true;
                out.add(new Decision.Login(address));
            }
        }
    }

    private void pollFailed(RuntimeException why) {
        polling = false;
        switch (why) {
            case TestingFarmException.Unavailable silent -> {
                pauseAll(silent);
                // A service that stays silent must not keep a reservation beyond its limits.
                checkLimits("the service does not answer: " + why.getMessage());
            }
            case TestingFarmException.NotFound gone -> end(reason(why), why, reason(why));
            case TestingFarmException.NotAuthorized denied -> denied(denied);
            default -> out.add(new Decision.Warn("could not poll the request " + id + ": " + why));
        }
    }

    private void pauseAll(TestingFarmException.Unavailable why) {
        Duration time = why.retryAfter();
        if (time != null) {
            pace.pauseUntil(now.plus(time));
        }
    }

    private void denied(TestingFarmException.NotAuthorized why) {
        if (!wanted) {
            checkCancellation(reason(why));
        } else if (!handedOver) {
            failAndRelease(reason(why), why, true);
        } else if (!accessDenied) {
            // The refused token says nothing about the machine, which therefore stays in use. Warn once only.
            accessDenied = true;
            out.add(new Decision.Warn("a machine in use can be neither monitored nor released: " + why.getMessage()));
        }
    }

    private void checkLimits(String state) {
        Duration limit = switch (phase) {
            case SUBMITTED, QUEUED -> settings.queueWithin();
            case RUNNING, GUEST_READY -> settings.provisionWithin();
            default -> null;
        };
        if (limit != null && timeInPhase().compareTo(limit) >= 0) {
            failAndRelease("it took longer than " + limit + "; " + state, null, false);
        }
        checkCancellation(state);
    }

    // The machine.

    private void loggedIn(String host) {
        loggingIn = false;
        if (isPending()) {
            handedOver = true;
            enter(Phase.READY, host);
            out.add(new Decision.HandOver());
        }
    }

    private void loginFailed(RuntimeException why) {
        loggingIn = false;
        if (isPending()) {
            loginFailure = why;
            URI log = latest == null ? null : latest.log();
            if (log == null) {
                endLogin();
            } else {
                // The guest usually writes the reason after the last poll.
                out.add(new Decision.ReadLastLines(log));
            }
        }
    }

    private void endLogin() {
        RuntimeException why = loginFailure;
        if (why != null) {
            loginFailure = null;
            failAndRelease(reason(why), why, false);
        }
    }

    private boolean isPending() {
        return wanted && failure == null && !handedOver;
    }

    // The failure.

    private void failAndRelease(String why, @Nullable Throwable cause, boolean permanent) {
        fail(why, cause, permanent);
        if (!handedOver) {
            release();
        }
    }

    private void fail(String why, @Nullable Throwable cause, boolean permanent) {
        // The first failure counts; later ones follow from it.
        if (!wanted || failure != null) {
            return;
        }
        // Only the submission throws such an exception: the request was rejected.
        ProvisioningException exception = cause instanceof ProvisioningException known
                ? known
                : new ProvisioningException(messages.failure(facts(), why), cause);
        failure = exception;
        endReason = handedOver ? messages.machineLost(facts(), why) : null;
        enter(Phase.FAILED, String.valueOf(exception.getMessage()));
        if (handedOver) {
            out.add(new Decision.Warn("a machine in use was lost: " + exception.getMessage()));
        } else {
            out.add(new Decision.Fail(exception, permanent || cause instanceof ProvisioningException));
        }
    }

    private FailureMessages.Facts facts() {
        return new FailureMessages.Facts(id, phase, timeInPhase(), Duration.between(begin, now), latest, guest.tail());
    }

    private static String reason(RuntimeException why) {
        return why instanceof AtexException ? String.valueOf(why.getMessage()) : why.toString();
    }

    // The end.

    /** Ends a reservation whose request is over. */
    private void end(String why, @Nullable Throwable cause, String detail) {
        fail(why, cause, false);
        finish(Phase.OVER, detail);
        if (!handedOver) {
            release();
        }
    }

    /** Cancels the reservation, because the machine is no longer needed. */
    private void release() {
        wanted = false;
        if (loggingIn) {
            loggingIn = false;
            out.add(new Decision.EndLogin());
        }
        // A request that is being submitted or searched for is cancelled when its id is known.
        if (!submitting && !responseLost) {
            cancel();
        }
    }

    private void cancel() {
        if (finished || cancelStarted) {
            return;
        }
        cancelStarted = true;
        if (id == null) {
            finish(Phase.OVER, "there was no request");
        } else {
            enter(Phase.CANCELLING, "");
            interruptSleep();
            sendCancel(id);
        }
    }

    private void sendCancel(String request) {
        if (!cancelling) {
            cancelling = true;
            out.add(new Decision.Cancel(request));
        }
    }

    private void cancelled(Cancellation effect) {
        cancelling = false;
        switch (effect) {
            // ALREADY_CANCELED may also mean that another client has requested it, and the machine is not gone yet.
            case REQUESTED, ALREADY_CANCELED -> cancelAccepted = true;
            case ALREADY_OVER, UNKNOWN -> finish(Phase.OVER, "over before it was cancelled");
        }
    }

    private void cancelFailed(RuntimeException why) {
        cancelling = false;
        if (why instanceof TestingFarmException.Unavailable silent) {
            pauseAll(silent);
            checkCancellation(reason(why));
        } else if (why instanceof TestingFarmException.NotAuthorized denied && denied.isExpired()) {
            checkCancellation(reason(why)); // the token may be renewed in time
        } else {
            giveUp(timeInPhase(), reason(why));
        }
    }

    /** Gives up if the service has not confirmed the cancellation in time. */
    private void checkCancellation(String state) {
        if (phase == Phase.CANCELLING && timeInPhase().compareTo(settings.cancelWithin()) >= 0) {
            giveUp(timeInPhase(), state);
        }
    }

    /** Stops waiting, and names the command with which a person can cancel the request. */
    private void giveUp(Duration spent, String state) {
        String why = run.redaction.redact(state);
        String detail = id == null
                ? "there may be an unknown request with the tag " + NewRequest.RUN_TAG + "=" + settings.run() + " ("
                        + why + ")"
                : "the cancellation of the request " + id + " was not confirmed within "
                        + FailureMessages.format(spent) + " (" + why + "); cancel it with: "
                        + run.api.cancelCommand(id);
        out.add(new Decision.Leave(detail));
        finish(Phase.LEFT, detail);
    }

    private void finish(Phase last, String detail) {
        if (!finished) {
            enter(last, detail);
            finished = true;
            out.add(new Decision.Finish());
        }
    }

    private void enter(Phase next, String detail) {
        out.add(new Decision.Tell(new ReservationEvent(now, id == null ? "" : id, next, timeInPhase(), detail)));
        phase = next;
        since = now;
    }

    /** Ignores the end of the sleep; the next one replaces it. */
    private void interruptSleep() {
        asleep = false;
        sleeps++;
    }

    private void sleep(Duration time) {
        asleep = true;
        out.add(new Decision.Sleep(time, ++sleeps));
    }

    private boolean isBefore(Phase other) {
        return phase.compareTo(other) < 0;
    }

    private Duration timeInPhase() {
        return Duration.between(since, now);
    }

    // What is known.

    /** {@return the id of the request, or null before the service has accepted it} */
    @Nullable
    String id() {
        return id;
    }

    /** {@return whether the machine is still needed} */
    boolean isWanted() {
        return wanted;
    }

    /** {@return whether the answer to a poll is awaited} */
    boolean isPolling() {
        return polling;
    }

    /** {@return whether the service may have accepted a request without returning its id} */
    boolean mayHaveLostRequest() {
        return mayHaveLostRequest;
    }

    /** {@return the reason for which the machine in use was lost, or null} */
    @Nullable
    String endReason() {
        return endReason;
    }

    /** {@return the earliest time at which the machine is taken away: the end of the reservation or of the request} */
    Instant expires() {
        Instant created = latest == null || latest.created() == null ? begin : latest.created();
        Instant byRequest = created.plus(settings.limit(run.reservation));
        Instant byReservation = (reserved == null ? begin : reserved).plus(run.reservation.duration());
        return byRequest.isBefore(byReservation) ? byRequest : byReservation;
    }
}
