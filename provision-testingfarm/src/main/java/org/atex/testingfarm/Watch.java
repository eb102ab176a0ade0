package org.atex.testingfarm;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at a request, at what its log says, and at the time; has the reservation enter what phase it is in, fail, or be over.
 *
 * <p>Thread-safe; {@link #look} for one thread at a time.
 */
final class Watch {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** Whose request it is. */
    interface Owner {
        /** {@return whether it is on its way, or in use} */
        boolean isWanted();

        /** {@return whether somebody has the machine} */
        boolean isInUse();

        /** The guest can be logged in to. Whoever waits for that does not wait until everybody has heard of it. */
        void letIn();

        /** It failed. If it is for good, others like it would fail too. */
        void fail(@Nullable String why, @Nullable Throwable cause, boolean forGood);
    }

    private final Run run;
    private final Stages stages;
    private final Sight sight;
    private final Cancelling cancelling;
    private final Owner owner;
    private final AtomicBoolean blind = new AtomicBoolean();

    Watch(Run run, Stages stages, Sight sight, Cancelling cancelling, Owner owner) {
        this.run = run;
        this.stages = stages;
        this.sight = sight;
        this.cancelling = cancelling;
        this.owner = owner;
    }

    /**
     * Looks once; or asks once more to cancel it, where that was not heard.
     *
     * @throws TestingFarmException.Unavailable if the service does not answer
     */
    void look() throws InterruptedException {
        String request = stages.id();
        if (request == null) {
            return;
        }
        if (!owner.isWanted() && !cancelling.isAccepted()) {
            cancelling.ask();
            return;
        }
        try {
            FarmRequest now = run.api.get(request, Duration.ZERO);
            sight.saw(now);
            // Once we are in, only an end is worth reading.
            if (owner.isWanted() && (isBefore(Phase.READY) || !now.state().isAlive())) {
                sight.readLog();
            }
            if (now.state().isAlive() && sight.isReserved()) {
                owner.letIn();
            }
            judge(now);
        } catch (TestingFarmException.Unavailable e) {
            LOG.debug("could not look at {}: {}", request, e.getMessage());
            checkTime("the service does not answer: " + e.getMessage());
            throw e;
        } catch (TestingFarmException.NotFound e) {
            owner.fail(e.getMessage(), e, false);
            cancelling.finish(Phase.OVER, e.getMessage());
        } catch (TestingFarmException.NotAuthorized e) {
            denied(e);
        }
    }

    private void judge(FarmRequest now) {
        String word = now.state().word();
        if (now.state().isOver()) {
            owner.fail("it ended as " + word, null, false);
            cancelling.finish(Phase.OVER, word);
        } else if (!owner.isWanted()) {
            cancelling.checkTime("it is " + word);
        } else if (now.state() == RequestState.CANCEL_REQUESTED) {
            owner.fail("somebody cancelled it", null, false);
        } else if (sight.failure() != null && isBefore(Phase.READY)) {
            owner.fail("its log says: " + sight.failure(), null, false);
        } else {
            goOn(now);
            checkTime("it is " + word);
        }
    }

    private void goOn(FarmRequest now) {
        if (now.state() == RequestState.QUEUED && isBefore(Phase.QUEUED)) {
            stages.enter(Phase.QUEUED, "");
        }
        if (now.state() == RequestState.RUNNING && isBefore(Phase.RUNNING)) {
            stages.enter(
                    Phase.RUNNING,
                    now.artifacts() == null ? "" : now.artifacts().toString());
        }
        String address = sight.address();
        if (address != null && isBefore(Phase.GUEST_READY)) {
            stages.enter(Phase.GUEST_READY, address);
        }
        sight.looked();
        if (address != null && sight.isReserved() && isBefore(Phase.RESERVED)) {
            stages.enter(Phase.RESERVED, address);
        }
    }

    private boolean isBefore(Phase other) {
        return stages.phase().compareTo(other) < 0;
    }

    private void denied(TestingFarmException.NotAuthorized e) {
        if (!owner.isWanted()) {
            cancelling.checkTime(e.getMessage());
        } else if (!owner.isInUse()) {
            owner.fail(e.getMessage(), e, true);
        } else if (blind.compareAndSet(false, true)) {
            // That we may not look says nothing of the machine.
            LOG.warn("a machine in use cannot be looked after, nor given back: {}", e.getMessage());
        }
    }

    private void checkTime(@Nullable String state) {
        Duration limit = switch (stages.phase()) {
            case SUBMITTED, QUEUED -> run.settings.queueWithin();
            case RUNNING, GUEST_READY -> run.settings.provisionWithin();
            default -> null;
        };
        if (limit != null && stages.inPhase().compareTo(limit) >= 0) {
            owner.fail("it took longer than " + limit + ", and " + state, null, false);
        }
        cancelling.checkTime(state);
    }
}
