package org.atex.testingfarm;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.AtexException;
import org.atex.api.Connection;
import org.atex.api.ProvisioningException;
import org.atex.ssh.Host;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reservation, from its submission until the service says that it is over. A thread of its own submits it, waits for the
 * guest and logs in; the poller looks at the request all the while, also when the machine is in use and when it is cancelled.
 *
 * <p>Thread-safe; {@link #poll} for one thread at a time.
 */
final class Booking {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** Is told what becomes of it; never under its lock. */
    interface Owner {
        /** {@return whether somebody wants it} */
        boolean arrived(Booking booking, Connection connection, Host host);

        /** It failed. If it is for good, others like it would fail too. */
        void failed(Booking booking, ProvisioningException why, boolean forGood);

        /** Nothing is left of it, or of it nothing more can be done. */
        void over(Booking booking);
    }

    private final Run run;
    private final Owner owner;
    private final String tag = UUID.randomUUID().toString();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Stages stages;
    private final Thread thread;
    private final Submission submission;
    private final GuestWatch guest = new GuestWatch();

    private @Nullable FarmRequest seen;
    private @Nullable PipelineLog log;
    private List<String> tail = List.of();
    private Instant lastLook;
    private @Nullable Instant reserved;
    private @Nullable ProvisioningException failure;
    private boolean forGood;
    private boolean posting;
    private boolean handedOver;
    private boolean abandoned;
    private boolean cancelling;
    private volatile boolean cancelAccepted;

    Booking(Run run, Owner owner) {
        this.run = run;
        this.owner = owner;
        this.stages = new Stages(run, lock, changed);
        this.lastLook = run.settings.clock().instant();
        this.submission = new Submission(run, tag);
        this.thread = Threads.unstarted("reserve-" + tag, this::reserve);
    }

    /** {@return the cancelling of a request that nobody waits for} */
    static Booking ofLeftover(Run run, Owner owner, FarmRequest request) {
        Booking booking = new Booking(run, owner);
        booking.stages.submitted(request.id());
        booking.abandoned = true;
        return booking;
    }

    void start() {
        enter(Phase.SUBMITTING, run.reservation.toString());
        thread.start();
    }

    /** {@return the id of the request, or null while there is none} */
    @Nullable
    String id() {
        return stages.id();
    }

    /** {@return whether there may be a request that nobody knows of} */
    boolean wasUnclear() {
        return submission.wasUnclear();
    }

    private void reserve() {
        try {
            if (!submit()) {
                cancel();
                return;
            }
            String address = awaitGuest();
            Host host = Host.of(address);
            Run.Ground ground = run.ground();
            GuestLogin login = new GuestLogin(run.settings, host, ground.key(), knownHosts());
            Connection connection = login.connect();
            handOver(connection, login.host());
        } catch (InterruptedException e) {
            interrupted();
        } catch (AtexException e) {
            fail(e.getMessage(), e, isForGood(e));
        } catch (RuntimeException e) {
            fail(e.toString(), e, false);
        }
    }

    private void handOver(Connection connection, Host host) throws InterruptedException {
        boolean wanted = beginHandingOver();
        if (wanted) {
            enter(Phase.READY, host.toString());
            wanted = owner.arrived(this, connection, host);
        }
        if (!wanted) {
            connection.close();
            throw new InterruptedException("not wanted any more");
        }
    }

    /** From here on a failure is that of a machine in use. */
    private boolean beginHandingOver() {
        lock.lock();
        try {
            handedOver = !abandoned && failure == null;
            return handedOver;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isForGood(AtexException e) {
        return e instanceof TestingFarmException.NotAuthorized || e instanceof TestingFarmException.Rejected;
    }

    private void interrupted() {
        ProvisioningException why;
        boolean always;
        lock.lock();
        try {
            why = failure;
            always = forGood;
        } finally {
            lock.unlock();
        }
        if (why == null) {
            abandon();
            cancel();
        } else {
            given(why, always);
        }
    }

    /** {@return whether there is a request now} */
    private boolean submit() throws InterruptedException {
        Run.Ground ground = run.ground();
        NewRequest request = run.request(ground, tag);
        run.submissions.acquire();
        Optional<String> submitted;
        try {
            if (!beginPosting()) {
                return false;
            }
            submitted = submission.submit(request, ground.identity().tokenId(), this::isWanted);
            // Before anybody who does not want it any more looks whether there is a request.
            submitted.ifPresent(stages::submitted);
        } catch (TestingFarmException.Rejected e) {
            // The service may quote what it was sent, secrets too.
            throw new ProvisioningException(
                    new Diagnosis(run).rejected(e, ground.identity()),
                    new TestingFarmException.Rejected(
                            run.redaction.clean(String.valueOf(e.getMessage())), run.redaction.clean(e.words())));
        } finally {
            run.submissions.release();
            endPosting();
        }
        if (submitted.isPresent()) {
            enter(Phase.SUBMITTED, "");
        }
        return submitted.isPresent() && isWanted();
    }

    /** From here on it is not interrupted: a request whose id nobody knows is hard to get rid of. */
    private boolean beginPosting() {
        lock.lock();
        try {
            posting = !abandoned;
            return posting;
        } finally {
            lock.unlock();
        }
    }

    private void endPosting() {
        lock.lock();
        try {
            posting = false;
        } finally {
            lock.unlock();
        }
    }

    private boolean isWanted() {
        lock.lock();
        try {
            return !abandoned;
        } finally {
            lock.unlock();
        }
    }

    private String awaitGuest() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                String address = guest.address();
                if (abandoned || failure != null) {
                    throw new InterruptedException("not wanted any more");
                }
                if (stages.phase() == Phase.RESERVED && address != null) {
                    return address;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Looks at the request, at what its log says, and at the time. */
    void poll() throws InterruptedException {
        String request = id();
        if (request == null) {
            return;
        }
        if (isLeaving() && !cancelAccepted) {
            cancel(request);
            return;
        }
        try {
            FarmRequest now = run.api.get(request, Duration.ZERO);
            seen(now);
            readLog(now);
            look(now);
        } catch (TestingFarmException.Unavailable e) {
            LOG.debug("could not look at {}: {}", request, e.getMessage());
            checkTime("the service does not answer: " + e.getMessage());
            throw e;
        } catch (TestingFarmException.NotFound e) {
            if (!isLeaving()) {
                fail(e.getMessage(), e, false);
            }
            finish(Phase.OVER, e.getMessage());
        } catch (TestingFarmException.NotAuthorized e) {
            if (isLeaving()) {
                checkTime(e.getMessage());
            } else {
                fail(e.getMessage(), e, true);
            }
        }
    }

    private void seen(FarmRequest now) {
        lock.lock();
        try {
            seen = now;
        } finally {
            lock.unlock();
        }
    }

    private void look(FarmRequest now) {
        boolean leaving = isLeaving();
        if (now.state().isOver()) {
            if (!leaving) {
                fail("it ended as " + now.state().word(), null, false);
            }
            finish(Phase.OVER, now.state().word());
        } else if (leaving) {
            checkTime("it is " + now.state().word());
        } else if (now.state() == RequestState.CANCEL_REQUESTED) {
            fail("somebody cancelled it", null, false);
        } else if (guest.failure() != null && !isReserved()) {
            fail("its log says: " + guest.failure(), null, false);
        } else {
            goOn(now);
            checkTime("it is " + now.state().word());
        }
    }

    private void goOn(FarmRequest now) {
        if (now.state() == RequestState.QUEUED && isBefore(Phase.QUEUED)) {
            enter(Phase.QUEUED, "");
        }
        if (now.state() == RequestState.RUNNING && isBefore(Phase.RUNNING)) {
            enter(Phase.RUNNING, now.artifacts() == null ? "" : now.artifacts().toString());
        }
        String address = guest.address();
        if (address != null && isBefore(Phase.GUEST_READY)) {
            enter(Phase.GUEST_READY, address);
        }
        if (address != null && guest.isReserved() && isBefore(Phase.RESERVED)) {
            lock.lock();
            try {
                // It began after the look before this one, but for the time that the log needs to get here.
                reserved = lastLook.minus(run.settings.pollEvery());
            } finally {
                lock.unlock();
            }
            enter(Phase.RESERVED, address);
        }
        lock.lock();
        try {
            lastLook = run.settings.clock().instant();
        } finally {
            lock.unlock();
        }
    }

    /** Once we are in, only an end is worth reading. */
    private void readLog(FarmRequest now) throws InterruptedException {
        URI address = now.log();
        if (address == null || isReserved() && !now.state().isOver() || isLeaving()) {
            return;
        }
        PipelineLog reading = log;
        if (reading == null) {
            reading = PipelineLog.of(run.api, address);
            log = reading;
        }
        List<String> lines = reading.next();
        lock.lock();
        try {
            lines.forEach(guest::read);
            tail = reading.tail();
        } finally {
            lock.unlock();
        }
    }

    private boolean isBefore(Phase other) {
        return stages.phase().compareTo(other) < 0;
    }

    private boolean isReserved() {
        return !isBefore(Phase.RESERVED);
    }

    private boolean isLeaving() {
        lock.lock();
        try {
            return abandoned;
        } finally {
            lock.unlock();
        }
    }

    private void checkTime(@Nullable String state) {
        Duration spent = stages.inPhase();
        Phase now = stages.phase();
        Duration limit = switch (now) {
            case SUBMITTED, QUEUED -> run.settings.queueWithin();
            case RUNNING, GUEST_READY -> run.settings.provisionWithin();
            case CANCELLING -> run.settings.cancelWithin();
            default -> null;
        };
        if (limit == null || spent.compareTo(limit) < 0) {
            return;
        }
        if (now == Phase.CANCELLING) {
            leave(spent, state);
        } else {
            fail("it took longer than " + limit + ", and " + state, null, false);
        }
    }

    /** Tells people what they must do themselves. */
    void leave(Duration spent, @Nullable String state) {
        String request = id();
        String why = run.redaction.clean(String.valueOf(state));
        String detail = request == null
                ? "there may be a request with the tag " + NewRequest.RUN_TAG + "=" + run.settings.run() + " (" + why
                        + ")"
                : "the request " + request + " was not seen to be cancelled within " + Diagnosis.shown(spent) + " ("
                        + why + "); cancel it with: " + run.api.cancelCommand(request);
        LOG.error("{}", detail);
        finish(Phase.LEFT, detail);
    }

    private void fail(@Nullable String why, @Nullable Throwable cause, boolean always) {
        boolean waiting;
        ProvisioningException told = null;
        lock.lock();
        try {
            waiting = !handedOver;
            if (!abandoned && failure == null) {
                told = told(String.valueOf(why), cause);
                failure = told;
                forGood = always || cause instanceof ProvisioningException;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        boolean own = isOwnThread();
        if (told == null) {
            if (own) {
                interrupted();
            }
            return;
        }
        enter(Phase.FAILED, String.valueOf(told.getMessage()));
        if (!waiting) {
            LOG.warn("a machine in use has gone: {}", told.getMessage());
        } else if (own) {
            interrupted();
        } else {
            thread.interrupt(); // it may be logging in
        }
    }

    /** Under the lock. */
    private ProvisioningException told(String why, @Nullable Throwable cause) {
        if (cause instanceof ProvisioningException known) {
            return known;
        }
        Diagnosis.Facts facts =
                new Diagnosis.Facts(stages.id(), stages.phase(), stages.inPhase(), stages.inAll(), seen, tail);
        return new ProvisioningException(new Diagnosis(run).failure(facts, why), cause);
    }

    private boolean isOwnThread() {
        return Thread.currentThread().equals(thread);
    }

    private void given(ProvisioningException why, boolean always) {
        owner.failed(this, why, always);
        abandon();
        cancel();
    }

    /** It is not needed any more: whatever there is of it is cancelled. Returns when the service was asked to, once. */
    void abandon() {
        boolean later;
        lock.lock();
        try {
            if (abandoned) {
                return;
            }
            abandoned = true;
            changed.signalAll();
            later = posting; // then its own thread does the rest, when it knows what there is
            if (!later && !isOwnThread()) {
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
        if (!later) {
            cancel();
        }
    }

    /** Asks the service to cancel it, if there is anything to cancel. Idempotent; an interrupt does not cut it short. */
    void cancel() {
        String request;
        lock.lock();
        try {
            if (cancelling || stages.isFinished()) {
                return;
            }
            cancelling = true;
            request = stages.id();
        } finally {
            lock.unlock();
        }
        if (request == null) {
            finish(Phase.OVER, "there was no request");
            return;
        }
        enter(Phase.CANCELLING, "");
        boolean interrupted = Thread.interrupted();
        try {
            cancel(request);
        } catch (InterruptedException e) {
            interrupted = true;
        } catch (TestingFarmException.Unavailable e) {
            LOG.debug("{}; trying again", e.getMessage());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void cancel(String request) throws InterruptedException {
        try {
            switch (run.api.cancel(request, Duration.ZERO)) {
                case REQUESTED -> cancelAccepted = true;
                case ALREADY_CANCELED, ALREADY_OVER, UNKNOWN -> finish(Phase.OVER, "over before it was cancelled");
            }
        } catch (TestingFarmException.Unavailable e) {
            checkTime(e.getMessage());
            throw e;
        } catch (TestingFarmException e) {
            leave(stages.inPhase(), e.getMessage());
        }
    }

    private void finish(Phase last, @Nullable String detail) {
        if (enter(last, String.valueOf(detail))) {
            owner.over(this);
        }
    }

    private boolean enter(Phase next, String detail) {
        return stages.enter(next, detail);
    }

    /** {@return where the key of the guest is kept} */
    Path knownHosts() {
        return run.directory.resolve(tag);
    }

    /** {@return when the machine goes, at the earliest} */
    Instant expires() {
        lock.lock();
        try {
            Instant begin = stages.begin();
            Instant created = seen == null || seen.created() == null ? begin : seen.created();
            Instant byRequest = created.plus(run.settings.limit(run.reservation));
            Instant byReservation = (reserved == null ? begin : reserved).plus(run.reservation.lasting());
            return byRequest.isBefore(byReservation) ? byRequest : byReservation;
        } finally {
            lock.unlock();
        }
    }

    /** {@return its own thread, for whoever waits until it has ended} */
    Thread thread() {
        return thread;
    }
}
