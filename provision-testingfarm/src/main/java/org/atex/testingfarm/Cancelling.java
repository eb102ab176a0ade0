package org.atex.testingfarm;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cancelling of a request, which is followed until the service says that it is over, or for as long as that may take.
 * Thread-safe.
 */
final class Cancelling {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    private final Run run;
    private final Stages stages;
    private final Runnable over;
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile boolean accepted;

    /**
     * Makes one.
     *
     * @param over run once, when there is nothing left of the request or nothing more can be done
     */
    Cancelling(Run run, Stages stages, Runnable over) {
        this.run = run;
        this.stages = stages;
        this.over = over;
    }

    /** Asks the service to cancel it, if there is anything to cancel. Idempotent; an interrupt does not cut it short. */
    void begin() {
        if (stages.isFinished() || !begun.compareAndSet(false, true)) {
            return;
        }
        if (stages.id() == null) {
            finish(Phase.OVER, "there was no request");
            return;
        }
        stages.enter(Phase.CANCELLING, "");
        boolean interrupted = Thread.interrupted();
        try {
            ask();
        } catch (InterruptedException e) {
            interrupted = true;
        } catch (TestingFarmException.Unavailable e) {
            LOG.debug("{}; trying again", e.getMessage());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** {@return whether the service has taken it upon itself: then it need not be asked again} */
    boolean isAccepted() {
        return accepted;
    }

    /** Asks once more. */
    void ask() throws InterruptedException {
        String request = stages.id();
        if (request == null) {
            return;
        }
        try {
            switch (run.api.cancel(request, Duration.ZERO)) {
                // Cancelled before may mean no more than that somebody asked before.
                case REQUESTED, ALREADY_CANCELED -> accepted = true;
                case ALREADY_OVER, UNKNOWN -> finish(Phase.OVER, "over before it was cancelled");
            }
        } catch (TestingFarmException.Unavailable e) {
            checkTime(e.getMessage());
            throw e;
        } catch (TestingFarmException e) {
            if (e instanceof TestingFarmException.NotAuthorized denied && denied.isExpired()) {
                checkTime(e.getMessage()); // it may be renewed by then
            } else {
                leave(stages.inPhase(), e.getMessage());
            }
        }
    }

    /** Gives up when it takes too long. */
    void checkTime(@Nullable String state) {
        Duration spent = stages.inPhase();
        if (stages.phase() == Phase.CANCELLING && spent.compareTo(run.settings.cancelWithin()) >= 0) {
            leave(spent, state);
        }
    }

    /** Tells people what they must do themselves. */
    void leave(Duration spent, @Nullable String state) {
        String request = stages.id();
        String why = run.redaction.clean(String.valueOf(state));
        String detail = request == null
                ? "there may be a request with the tag " + NewRequest.RUN_TAG + "=" + run.settings.run() + " (" + why
                        + ")"
                : "the request " + request + " was not seen to be cancelled within " + Diagnosis.shown(spent) + " ("
                        + why + "); cancel it with: " + run.api.cancelCommand(request);
        LOG.error("{}", detail);
        finish(Phase.LEFT, detail);
    }

    void finish(Phase last, @Nullable String detail) {
        if (stages.enter(last, String.valueOf(detail))) {
            over.run();
        }
    }
}
