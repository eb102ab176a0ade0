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
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reservation from its submission until the service confirms that its request is over. A thread of its own submits
 * the request, waits for the guest and logs in. The poller polls the request during that time, while the machine is in
 * use, and while the request is being cancelled.
 *
 * <p>Thread-safe; {@link #poll} must be called by one thread at a time.
 */
final class ActiveReservation implements Poller.Target, RequestMonitor.Callback {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** The time for which a failure is delayed to read the end of the log. */
    private static final Duration LAST_LINES_WITHIN = Duration.ofSeconds(2);

    /** How long a failure waits for the listener to receive its event. */
    private static final Duration LISTENER_WITHIN = Duration.ofSeconds(10);

    /** The time for which the loss of a connection is delayed to ask the service for the reason. */
    private static final Duration REASON_WITHIN = Duration.ofSeconds(1);

    /** Receives the progress of a reservation. Its methods are called without holding the reservation's lock. */
    interface Owner {
        /**
         * Offers the connection to the machine; {@return whether it was accepted, because the machine is still needed}
         */
        boolean connected(ActiveReservation reservation, Connection connection, Host host);

        /**
         * Reports a failure before the machine was handed over. After a permanent one, similar reservations would fail
         * too.
         */
        void failed(ActiveReservation reservation, ProvisioningException why, boolean permanent);

        /** Polls the request now if that is allowed; {@return a future that completes after the poll} */
        Future<Boolean> pollEarly(ActiveReservation reservation);

        /** Reports that the request is over, or was given up. */
        void finished(ActiveReservation reservation);
    }

    private final RunContext run;
    private final Owner owner;
    private final String tag = UUID.randomUUID().toString();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final PhaseTracker phases;
    private final Thread thread;
    private final Submission submission;
    private final ObservedRequest observed;
    private final RequestCanceller canceller;
    private final RequestMonitor monitor;

    private @Nullable ProvisioningException failure;
    private @Nullable String endReason;
    private boolean permanent;
    private boolean submitting;
    private boolean loginPossible;
    private boolean handedOver;
    private boolean abandoned;

    ActiveReservation(RunContext run, Owner owner) {
        this.run = run;
        this.owner = owner;
        this.phases = new PhaseTracker(run, lock, changed);
        this.observed = new ObservedRequest(run, phases.startTime());
        this.canceller = new RequestCanceller(run, phases, () -> owner.finished(this));
        this.monitor = new RequestMonitor(run, phases, observed, canceller, this);
        this.submission = new Submission(run, tag);
        this.thread = Threads.unstarted("reserve-" + tag, this::reserve);
    }

    /** {@return a reservation that only cancels a request that was found by its tag} */
    static ActiveReservation ofLeftover(RunContext run, Owner owner, FarmRequest request) {
        ActiveReservation reservation = new ActiveReservation(run, owner);
        reservation.phases.setRequestId(request.id());
        reservation.abandoned = true;
        return reservation;
    }

    void start() {
        thread.start();
    }

    /** {@return the id of the request, or null before the service has accepted it} */
    @Nullable
    String id() {
        return phases.requestId();
    }

    /** {@return whether the service may have accepted a request without returning its id} */
    boolean mayHaveLostRequest() {
        return submission.mayHaveLostRequest();
    }

    private void reserve() {
        phases.enter(Phase.SUBMITTING, run.reservation.toString());
        try {
            if (!submit()) {
                canceller.start();
                return;
            }
            String address = awaitGuest();
            Host host = Host.of(address);
            RunContext.Prerequisites prerequisites = run.prerequisites();
            GuestLogin login = new GuestLogin(run.settings, host, prerequisites.key(), knownHosts());
            Connection connection = login.connect();
            handOver(connection, login.host());
        } catch (InterruptedException e) {
            handleInterrupt();
        } catch (AtexException e) {
            readLastLines();
            fail(e.getMessage(), e, isPermanent(e));
        } catch (RuntimeException e) {
            readLastLines();
            fail(e.toString(), e, false);
        }
    }

    /**
     * Reads the log again before a login failure is reported: the guest usually writes the reason after the last poll.
     */
    private void readLastLines() {
        if (!observed.isReserved()) {
            return;
        }
        try {
            observed.readLog(LAST_LINES_WITHIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // abandoned or failed in the meantime
        }
    }

    private void handOver(Connection connection, Host host) throws InterruptedException {
        boolean wanted = false;
        try {
            awaitReported();
            if (beginHandingOver()) {
                phases.enter(Phase.READY, host.toString());
                wanted = owner.connected(
                        this, new GuestConnection(connection, this::endReason, this::reasonOfLoss), host);
            }
        } finally {
            if (!wanted) {
                connection.close();
            }
        }
        if (!wanted) {
            throw new InterruptedException("the reservation is no longer needed");
        }
    }

    /** Marks the machine as handed over, unless it is no longer needed: a later failure is that of a machine in use. */
    private boolean beginHandingOver() {
        lock.lock();
        try {
            handedOver = !abandoned && failure == null;
            return handedOver;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isPermanent(AtexException e) {
        return e instanceof TestingFarmException.NotAuthorized || e instanceof TestingFarmException.Rejected;
    }

    /** Ends the thread of this reservation after {@link #abandon} or {@link #fail} has interrupted it. */
    private void handleInterrupt() {
        ProvisioningException why;
        boolean permanently;
        lock.lock();
        try {
            why = failure;
            permanently = permanent;
        } finally {
            lock.unlock();
        }
        if (why == null) {
            abandon();
            canceller.start();
        } else {
            awaitFailureReported();
            reportFailure(why, permanently);
        }
    }

    /** Submits the request; {@return whether there is a request that is still needed} */
    private boolean submit() throws InterruptedException {
        RunContext.Prerequisites prerequisites = run.prerequisites();
        NewRequest request = run.request(prerequisites, tag);
        run.submissions.acquire();
        Optional<String> submitted;
        try {
            if (!beginSubmitting()) {
                return false;
            }
            submitted = submission.submit(request, prerequisites.identity().tokenId(), this::isWanted);
            // Inside the non-interruptible section: abandon() must find the id if there is a request.
            submitted.ifPresent(phases::setRequestId);
        } catch (TestingFarmException.Rejected e) {
            // The service may quote the request, including its secrets.
            throw new ProvisioningException(
                    new FailureMessages(run).rejected(e, prerequisites.identity()),
                    new TestingFarmException.Rejected(
                            run.redaction.redact(String.valueOf(e.getMessage())), run.redaction.redact(e.words())));
        } finally {
            run.submissions.release();
            endSubmitting();
        }
        if (submitted.isPresent()) {
            phases.enter(Phase.SUBMITTED, "");
        }
        return submitted.isPresent() && isWanted();
    }

    /**
     * Begins a section in which {@link #abandon} does not interrupt this thread: an interrupted submission may leave a
     * request with an unknown id.
     */
    private boolean beginSubmitting() {
        lock.lock();
        try {
            submitting = !abandoned;
            return submitting;
        } finally {
            lock.unlock();
        }
    }

    private void endSubmitting() {
        lock.lock();
        try {
            submitting = false;
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
                String address = observed.address();
                if (abandoned || failure != null) {
                    throw new InterruptedException("the reservation is no longer needed");
                }
                if (loginPossible && address != null) {
                    return address;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void loginPossible() {
        lock.lock();
        try {
            if (!loginPossible) {
                loginPossible = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the listener has received the event for {@link Phase#RESERVED}, so that it gets the events in order.
     * The listener may take any time.
     */
    private void awaitReported() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!phases.isReported(Phase.RESERVED) && !abandoned && failure == null) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the listener has received the event of a failure, which another thread may have noticed: it gets the
     * event before the caller of {@code take} gets the failure. A listener that hangs does not hold the failure back.
     */
    private void awaitFailureReported() {
        lock.lock();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            boolean unused = section.await(LISTENER_WITHIN.toNanos(), nanos -> {
                for (long left = nanos; !phases.isReported(Phase.FAILED) && left > 0; ) {
                    left = changed.awaitNanos(left);
                }
                return true;
            });
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void poll() throws InterruptedException {
        monitor.check();
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

    /** Stops waiting for the cancellation, and logs the command that cancels the request. */
    void giveUp(Duration spent, @Nullable String state) {
        canceller.giveUp(spent, state);
    }

    @Override
    public void fail(@Nullable String why, @Nullable Throwable cause, boolean permanently) {
        boolean waiting;
        ProvisioningException exception = null;
        lock.lock();
        try {
            waiting = !handedOver;
            // The first failure counts; later ones follow from it.
            if (!abandoned && failure == null) {
                exception = toException(String.valueOf(why), cause);
                failure = exception;
                endReason = waiting ? null : new FailureMessages(run).machineLost(facts(), String.valueOf(why));
                // submit() throws a ProvisioningException only for a rejected request.
                permanent = permanently || cause instanceof ProvisioningException;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        boolean onOwnThread = isOwnThread();
        if (exception == null) {
            if (onOwnThread) {
                handleInterrupt();
            }
            return;
        }
        phases.enter(Phase.FAILED, String.valueOf(exception.getMessage()));
        if (!waiting) {
            LOG.warn("a machine in use was lost: {}", exception.getMessage());
        } else if (onOwnThread) {
            handleInterrupt();
        } else {
            thread.interrupt(); // it may be waiting for the guest or logging in
        }
    }

    /** Requires the lock. */
    private ProvisioningException toException(String why, @Nullable Throwable cause) {
        if (cause instanceof ProvisioningException known) {
            return known;
        }
        return new ProvisioningException(new FailureMessages(run).failure(facts(), why), cause);
    }

    private FailureMessages.Facts facts() {
        return new FailureMessages.Facts(
                phases.requestId(),
                phases.phase(),
                phases.timeInPhase(),
                phases.totalTime(),
                observed.latest(),
                observed.tail());
    }

    /** {@return the reason for which the machine in use was lost, or null} */
    private @Nullable String endReason() {
        lock.lock();
        try {
            return endReason;
        } finally {
            lock.unlock();
        }
    }

    /**
     * {@return the reason for the loss of a connection, or null} If none is known yet, polls the request and waits a
     * short time.
     */
    private @Nullable String reasonOfLoss() throws InterruptedException {
        if (endReason() == null && isWanted()) {
            try {
                owner.pollEarly(this).get(REASON_WITHIN.toNanos(), TimeUnit.NANOSECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOG.debug("the reason for the loss of {} is not known yet", id(), e);
            }
        }
        return endReason();
    }

    private boolean isOwnThread() {
        return Thread.currentThread().equals(thread);
    }

    private void reportFailure(ProvisioningException why, boolean permanently) {
        owner.failed(this, why, permanently);
        abandon();
        canceller.start();
    }

    /**
     * Cancels the reservation, because the machine is no longer needed. Returns after the first attempt to cancel the
     * request. Idempotent.
     */
    void abandon() {
        boolean deferred;
        lock.lock();
        try {
            if (abandoned) {
                return;
            }
            abandoned = true;
            changed.signalAll();
            deferred = submitting; // its own thread cancels the request, once the id is known
            if (!deferred && !isOwnThread()) {
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
        if (!deferred) {
            canceller.start();
        }
    }

    /** Requests the cancellation from the service, if there is a request. Idempotent; not affected by interrupts. */
    void cancel() {
        canceller.start();
    }

    /** {@return the file with the host key of the guest} */
    Path knownHosts() {
        return run.directory.resolve(tag);
    }

    /** {@return the earliest time at which the machine is taken away} */
    Instant expires() {
        return observed.expires();
    }

    /** {@return the thread that reserves the machine, to join it} */
    Thread thread() {
        return thread;
    }
}
