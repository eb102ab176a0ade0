package org.atex.testingfarm;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.support.UninterruptibleSection;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cancels a request and follows the cancellation until the service confirms that the request is over, or until the time
 * limit is reached. Thread-safe.
 */
final class RequestCanceller {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    private final RunContext run;
    private final PhaseTracker phases;
    private final Runnable over;
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile boolean accepted;

    /**
     * Creates a canceller.
     *
     * @param over run once, when the request is over or was given up
     */
    RequestCanceller(RunContext run, PhaseTracker phases, Runnable over) {
        this.run = run;
        this.phases = phases;
        this.over = over;
    }

    /**
     * Requests the cancellation from the service, if there is a request. Idempotent; not affected by interrupts: a
     * pending interrupt is restored afterwards.
     */
    void start() {
        if (phases.isFinished() || !started.compareAndSet(false, true)) {
            return;
        }
        if (phases.requestId() == null) {
            finish(Phase.OVER, "there was no request");
            return;
        }
        phases.enter(Phase.CANCELLING, "");
        UninterruptibleSection.run(() -> {
            try {
                sendCancel();
            } catch (TestingFarmException.Unavailable e) {
                LOG.debug("{}; the poller sends it again", e.getMessage());
            }
        });
    }

    /** {@return whether the service has accepted the cancellation, so that it need not be sent again} */
    boolean isAccepted() {
        return accepted;
    }

    /** Sends the cancellation. */
    void sendCancel() throws InterruptedException {
        String request = phases.requestId();
        if (request == null) {
            return;
        }
        try {
            switch (run.api.cancel(request, Duration.ZERO)) {
                // ALREADY_CANCELED may also mean that another client has requested it, and the machine is not gone yet.
                case REQUESTED, ALREADY_CANCELED -> accepted = true;
                case ALREADY_OVER, UNKNOWN -> finish(Phase.OVER, "over before it was cancelled");
            }
        } catch (TestingFarmException.Unavailable e) {
            checkTimeout(e.getMessage());
            throw e;
        } catch (TestingFarmException e) {
            if (e instanceof TestingFarmException.NotAuthorized denied && denied.isExpired()) {
                checkTimeout(e.getMessage()); // the token may be renewed in time
            } else {
                giveUp(phases.timeInPhase(), e.getMessage());
            }
        }
    }

    /** Gives up if the service has not confirmed the cancellation in time. */
    void checkTimeout(@Nullable String state) {
        Duration spent = phases.timeInPhase();
        if (phases.phase() == Phase.CANCELLING && spent.compareTo(run.settings.cancelWithin()) >= 0) {
            giveUp(spent, state);
        }
    }

    /** Stops waiting, and logs the command with which a person can cancel the request. */
    void giveUp(Duration spent, @Nullable String state) {
        String request = phases.requestId();
        String why = run.redaction.redact(String.valueOf(state));
        String detail = request == null
                ? "there may be an unknown request with the tag " + NewRequest.RUN_TAG + "=" + run.settings.run() + " ("
                        + why + ")"
                : "the cancellation of the request " + request + " was not confirmed within "
                        + FailureMessages.format(spent) + " (" + why + "); cancel it with: "
                        + run.api.cancelCommand(request);
        LOG.error("{}", detail);
        finish(Phase.LEFT, detail);
    }

    void finish(Phase last, @Nullable String detail) {
        // enter() succeeds once only, so that over runs once.
        if (phases.enter(last, String.valueOf(detail))) {
            over.run();
        }
    }
}
