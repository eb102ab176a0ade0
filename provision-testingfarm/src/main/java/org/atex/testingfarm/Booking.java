package org.atex.testingfarm;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
final class Booking implements Poller.Subject, Watch.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** A failure waits so long for the end of the log that says why. */
    private static final Duration LAST_LINES_WITHIN = Duration.ofSeconds(2);

    /** A loss waits so long for the service to say why. */
    private static final Duration WHY_WITHIN = Duration.ofSeconds(1);

    /** Is told what becomes of it; never under its lock. */
    interface Owner {
        /** {@return whether somebody wants it} */
        boolean arrived(Booking booking, Connection connection, Host host);

        /** It failed. If it is for good, others like it would fail too. */
        void failed(Booking booking, ProvisioningException why, boolean forGood);

        /** {@return is complete when somebody has looked at it, which is now if that may be} */
        Future<Boolean> lookEarly(Booking booking);

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
    private final Sight sight;
    private final Cancelling cancelling;
    private final Watch watch;

    private @Nullable ProvisioningException failure;
    private @Nullable String gone;
    private boolean forGood;
    private boolean posting;
    private boolean letIn;
    private boolean handedOver;
    private boolean abandoned;

    Booking(Run run, Owner owner) {
        this.run = run;
        this.owner = owner;
        this.stages = new Stages(run, lock, changed);
        this.sight = new Sight(run, stages.begin());
        this.cancelling = new Cancelling(run, stages, () -> owner.over(this));
        this.watch = new Watch(run, stages, sight, cancelling, this);
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
        stages.enter(Phase.SUBMITTING, run.reservation.toString());
        try {
            if (!submit()) {
                cancelling.begin();
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
            readLastLines();
            fail(e.getMessage(), e, isForGood(e));
        } catch (RuntimeException e) {
            readLastLines();
            fail(e.toString(), e, false);
        }
    }

    /** What keeps us out was written after the last look, as like as not. */
    private void readLastLines() {
        if (!sight.isReserved()) {
            return;
        }
        try {
            sight.readLog(LAST_LINES_WITHIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // it is not wanted any more, or failed before
        }
    }

    private void handOver(Connection connection, Host host) throws InterruptedException {
        boolean wanted = false;
        try {
            awaitTold();
            if (beginHandingOver()) {
                stages.enter(Phase.READY, host.toString());
                wanted = owner.arrived(this, new GuestConnection(connection, this::gone, this::whyLost), host);
            }
        } finally {
            if (!wanted) {
                connection.close();
            }
        }
        if (!wanted) {
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
            cancelling.begin();
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
            stages.enter(Phase.SUBMITTED, "");
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

    @Override
    public boolean isWanted() {
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
                String address = sight.address();
                if (abandoned || failure != null) {
                    throw new InterruptedException("not wanted any more");
                }
                if (letIn && address != null) {
                    return address;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void letIn() {
        lock.lock();
        try {
            if (!letIn) {
                letIn = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Who listens hears of one thing after the other, and takes whatever time. */
    private void awaitTold() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!stages.isTold(Phase.RESERVED) && !abandoned && failure == null) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void poll() throws InterruptedException {
        watch.look();
    }

    @Override
    public boolean isInUse() {
        lock.lock();
        try {
            return handedOver;
        } finally {
            lock.unlock();
        }
    }

    /** Tells people what they must do themselves. */
    void leave(Duration spent, @Nullable String state) {
        cancelling.leave(spent, state);
    }

    @Override
    public void fail(@Nullable String why, @Nullable Throwable cause, boolean always) {
        boolean waiting;
        ProvisioningException told = null;
        lock.lock();
        try {
            waiting = !handedOver;
            if (!abandoned && failure == null) {
                told = told(String.valueOf(why), cause);
                failure = told;
                gone = waiting ? null : new Diagnosis(run).end(facts(), String.valueOf(why));
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
        stages.enter(Phase.FAILED, String.valueOf(told.getMessage()));
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
        return new ProvisioningException(new Diagnosis(run).failure(facts(), why), cause);
    }

    private Diagnosis.Facts facts() {
        return new Diagnosis.Facts(
                stages.id(), stages.phase(), stages.inPhase(), stages.inAll(), sight.seen(), sight.tail());
    }

    /** {@return why the machine in use is there no more, or null while it is} */
    private @Nullable String gone() {
        lock.lock();
        try {
            return gone;
        } finally {
            lock.unlock();
        }
    }

    /** Who has lost the machine before anybody looked waits for a look, but not for long. */
    private @Nullable String whyLost() throws InterruptedException {
        if (gone() == null && isWanted()) {
            try {
                owner.lookEarly(this).get(WHY_WITHIN.toNanos(), TimeUnit.NANOSECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOG.debug("nobody knows yet why {} was lost", id(), e);
            }
        }
        return gone();
    }

    private boolean isOwnThread() {
        return Thread.currentThread().equals(thread);
    }

    private void given(ProvisioningException why, boolean always) {
        owner.failed(this, why, always);
        abandon();
        cancelling.begin();
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
            cancelling.begin();
        }
    }

    /** Asks the service to cancel it, if there is anything to cancel. Idempotent; an interrupt does not cut it short. */
    void cancel() {
        cancelling.begin();
    }

    /** {@return where the key of the guest is kept} */
    Path knownHosts() {
        return run.directory.resolve(tag);
    }

    /** {@return when the machine goes, at the earliest} */
    Instant expires() {
        return sight.expires();
    }

    /** {@return its own thread, for whoever waits until it has ended} */
    Thread thread() {
        return thread;
    }
}
