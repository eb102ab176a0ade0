package org.atex.testingfarm;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks a request, its log and the time limits of its phase, and moves the reservation to its next phase, its failure
 * or its end.
 *
 * <p>Thread-safe; {@link #check} must be called by one thread at a time.
 */
final class RequestMonitor {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** The reservation to which the request belongs. */
    interface Callback {
        /** {@return whether the machine is still needed} */
        boolean isWanted();

        /** {@return whether the machine was handed over} */
        boolean isInUse();

        /**
         * Reports that the guest may accept logins. It is called before the listener gets the event, so that a slow
         * listener does not delay the login.
         */
        void loginPossible();

        /** Reports a failure. After a permanent one, similar reservations would fail too. */
        void fail(@Nullable String why, @Nullable Throwable cause, boolean permanent);
    }

    private final RunContext run;
    private final PhaseTracker phases;
    private final ObservedRequest observed;
    private final RequestCanceller canceller;
    private final Callback callback;
    private final AtomicBoolean accessDenied = new AtomicBoolean();

    RequestMonitor(
            RunContext run,
            PhaseTracker phases,
            ObservedRequest observed,
            RequestCanceller canceller,
            Callback callback) {
        this.run = run;
        this.phases = phases;
        this.observed = observed;
        this.canceller = canceller;
        this.callback = callback;
    }

    /**
     * Polls the request once, or sends the cancellation again if the service has not accepted it.
     *
     * @throws TestingFarmException.Unavailable if the service does not answer
     */
    void check() throws InterruptedException {
        String request = phases.requestId();
        if (request == null) {
            return;
        }
        if (!callback.isWanted() && !canceller.isAccepted()) {
            canceller.sendCancel();
            return;
        }
        try {
            FarmRequest now = run.api.get(request, Duration.ZERO);
            observed.update(now);
            // After the login the log is only read once more, when the request is over.
            if (callback.isWanted() && (isBefore(Phase.READY) || !now.state().isAlive())) {
                observed.readLog();
            }
            if (now.state().isAlive() && observed.isReserved()) {
                callback.loginPossible();
            }
            evaluate(now);
        } catch (TestingFarmException.Unavailable e) {
            LOG.debug("could not poll {}: {}", request, e.getMessage());
            // A service that stays silent must not keep a reservation beyond its limits.
            checkTimeout("the service does not answer: " + e.getMessage());
            throw e;
        } catch (TestingFarmException.NotFound e) {
            callback.fail(e.getMessage(), e, false);
            canceller.finish(Phase.OVER, e.getMessage());
        } catch (TestingFarmException.NotAuthorized e) {
            handleDenied(e);
        }
    }

    private void evaluate(FarmRequest now) {
        String word = now.state().word();
        if (now.state().isOver()) {
            callback.fail("it ended as " + word, null, false);
            canceller.finish(Phase.OVER, word);
        } else if (!callback.isWanted()) {
            canceller.checkTimeout("it is " + word);
        } else if (now.state() == RequestState.CANCEL_REQUESTED) {
            callback.fail("it was cancelled by another client", null, false);
        } else if (observed.failure() != null && isBefore(Phase.READY)) {
            callback.fail("its log says: " + observed.failure(), null, false);
        } else {
            advance(now);
            checkTimeout("it is " + word);
        }
    }

    private void advance(FarmRequest now) {
        if (now.state() == RequestState.QUEUED && isBefore(Phase.QUEUED)) {
            phases.enter(Phase.QUEUED, "");
        }
        if (now.state() == RequestState.RUNNING && isBefore(Phase.RUNNING)) {
            phases.enter(
                    Phase.RUNNING,
                    now.artifacts() == null ? "" : now.artifacts().toString());
        }
        String address = observed.address();
        if (address != null && isBefore(Phase.GUEST_READY)) {
            phases.enter(Phase.GUEST_READY, address);
        }
        observed.endPoll();
        if (address != null && observed.isReserved() && isBefore(Phase.RESERVED)) {
            phases.enter(Phase.RESERVED, address);
        }
    }

    private boolean isBefore(Phase other) {
        return phases.phase().compareTo(other) < 0;
    }

    private void handleDenied(TestingFarmException.NotAuthorized e) {
        if (!callback.isWanted()) {
            canceller.checkTimeout(e.getMessage());
        } else if (!callback.isInUse()) {
            callback.fail(e.getMessage(), e, true);
        } else if (accessDenied.compareAndSet(false, true)) {
            // The refused token says nothing about the machine, which therefore stays in use. Warn once only.
            LOG.warn("a machine in use can be neither monitored nor released: {}", e.getMessage());
        }
    }

    private void checkTimeout(@Nullable String state) {
        Duration limit = switch (phases.phase()) {
            case SUBMITTED, QUEUED -> run.settings.queueWithin();
            case RUNNING, GUEST_READY -> run.settings.provisionWithin();
            default -> null;
        };
        if (limit != null && phases.timeInPhase().compareTo(limit) >= 0) {
            callback.fail("it took longer than " + limit + "; " + state, null, false);
        }
        canceller.checkTimeout(state);
    }
}
