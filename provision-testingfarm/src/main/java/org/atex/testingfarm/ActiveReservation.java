package org.atex.testingfarm;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import org.atex.api.Connection;
import org.atex.api.PlainRemote;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.ssh.Host;
import org.atex.testingfarm.ReservationMachine.Decision;
import org.atex.testingfarm.ReservationMachine.Event;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out the decisions of a {@link ReservationMachine} with threads, the API and ssh, and reports to it.
 *
 * <p>Thread-safe: the lock of the {@link Reservations} guards the mutable fields. Decisions are carried out under it,
 * in their order; each starts a thread or adds to a queue.
 */
final class ActiveReservation {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** The time for which a failure is delayed to read the end of the log. */
    private static final Duration LAST_LINES_WITHIN = Duration.ofSeconds(2);

    /** The time for which a failure is delayed until the listener has received its event. */
    private static final Duration LISTENER_WITHIN = Duration.ofSeconds(10);

    /** The time for which the loss of a connection is delayed to ask the service for the reason. */
    private static final Duration REASON_WITHIN = Duration.ofSeconds(1);

    /** The tolerance for the difference between the clocks of this host and the service. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofHours(1);

    private final RunContext run;
    private final Reservations owner;
    private final ReservationMachine machine;
    private final String tag = UUID.randomUUID().toString();
    private final GuestLog log;

    /** What the listener has not received yet, and what must wait for that. */
    private final Queue<Runnable> untold = new ArrayDeque<>();

    private boolean telling;
    private @Nullable Thread sleeper;
    private @Nullable Thread login;
    private @Nullable Connection connection;
    private @Nullable Host host;
    private @Nullable Remote remote;
    private Decision.@Nullable Fail failure;
    private boolean failureTold;

    /** Creates a reservation that {@link #begin} begins. The caller must hold the lock. */
    ActiveReservation(Reservations owner, ReservationMachine machine) {
        this.run = owner.run;
        this.owner = owner;
        this.machine = machine;
        this.log = new GuestLog(run.api);
    }

    void begin() {
        post(new Event.Begun());
    }

    /** Waits until the machine can be used; {@return it} The caller releases the reservation in any case. */
    Remote await() throws InterruptedException {
        long nanos = LISTENER_WITHIN.toNanos();
        owner.lock.lockInterruptibly();
        try {
            while (remote == null && (failure == null || !failureTold && nanos > 0)) {
                if (failure == null) {
                    owner.changed.await();
                } else {
                    // A listener that hangs does not hold the failure back.
                    nanos = owner.changed.awaitNanos(nanos);
                }
            }
            if (remote != null) {
                return remote;
            }
            throw Objects.requireNonNull(failure).why();
        } finally {
            owner.lock.unlock();
        }
    }

    /** {@return whether the failure is one that similar reservations would have, too} */
    boolean hasFailedPermanently() {
        owner.lock.lock();
        try {
            return failure != null && failure.permanent();
        } finally {
            owner.lock.unlock();
        }
    }

    /** Gives the machine back, or cancels the reservation. Idempotent. */
    void release() {
        Connection open;
        owner.lock.lock();
        try {
            open = connection;
            connection = null;
        } finally {
            owner.lock.unlock();
        }
        try {
            if (open != null) {
                open.close();
            }
        } catch (RuntimeException e) {
            LOG.warn("the connection to {} was not closed cleanly", open, e);
        } finally {
            post(new Event.Unwanted());
        }
    }

    /** Stops waiting for the end of the request, and logs the command that cancels it. */
    void giveUp(Duration spent, String why) {
        post(new Event.GivenUp(spent, why));
    }

    boolean mayHaveLostRequest() {
        owner.lock.lock();
        try {
            return machine.mayHaveLostRequest();
        } finally {
            owner.lock.unlock();
        }
    }

    private void post(Event event) {
        owner.lock.lock();
        try {
            machine.on(event, run.settings.clock().instant()).forEach(this::carryOut);
            owner.changed.signalAll();
        } finally {
            owner.lock.unlock();
        }
    }

    /** The caller must hold the lock. */
    private void carryOut(Decision decision) {
        switch (decision) {
            case Decision.Submit() -> owner.start("submit", this::submit);
            case Decision.Search() -> owner.start("search", this::search);
            case Decision.Sleep(Duration time, int number) -> {
                endSleep();
                sleeper = owner.start("sleep", () -> {
                    run.settings.sleeper().sleep(time);
                    post(new Event.Awake(number));
                });
            }
            case Decision.Poll(String request) -> poll(() -> new Event.Polled(run.api.get(request, Duration.ZERO)));
            case Decision.ReadLog(var address) -> poll(() -> new Event.LogRead(log.read(address)));
            case Decision.Login(String address) -> login = owner.start("login", () -> logIn(address));
            case Decision.EndLogin() -> {
                if (login != null) {
                    login.interrupt();
                }
            }
            case Decision.ReadLastLines(var address) ->
                owner.start("last-lines", () -> post(new Event.LastLinesRead(log.read(address, LAST_LINES_WITHIN))));
            case Decision.HandOver() -> {
                Remote ready = remote();
                tell(() -> remote = ready);
            }
            case Decision.Fail fail -> {
                failure = fail;
                tell(() -> failureTold = true);
            }
            case Decision.Cancel(String request) -> owner.start("cancel", () -> cancel(request));
            case Decision.Tell(ReservationEvent event) -> enqueue(() -> run.notifyListener(event));
            case Decision.Warn(String text) -> LOG.warn("{}", text);
            case Decision.Leave(String text) -> LOG.error("{}", text);
            case Decision.Finish() -> {
                endSleep();
                tell(() -> owner.finished(this));
            }
        }
    }

    private void endSleep() {
        if (sleeper != null) {
            sleeper.interrupt();
        }
    }

    // The listener. It receives the events in their order, and before the caller of take() gets the result.

    /** Runs a step under the lock after the listener has received the events until now. */
    private void tell(Runnable step) {
        enqueue(() -> {
            owner.lock.lock();
            try {
                step.run();
                owner.changed.signalAll();
            } finally {
                owner.lock.unlock();
            }
        });
    }

    private void enqueue(Runnable task) {
        untold.add(task);
        if (!telling) {
            telling = true;
            owner.start("tell", this::tellAll);
        }
    }

    private void tellAll() {
        Runnable next = nextUntold();
        while (next != null) {
            next.run();
            next = nextUntold();
        }
    }

    private @Nullable Runnable nextUntold() {
        owner.lock.lock();
        try {
            Runnable next = untold.poll();
            telling = next != null;
            return next;
        } finally {
            owner.lock.unlock();
        }
    }

    // The calls of the service.

    private void submit() throws InterruptedException {
        try {
            RunContext.Prerequisites prerequisites = run.prerequisites();
            run.submissions.acquire();
            try {
                // Without a submission there is no request, as after a search that finds none.
                post(isWanted() ? submit(prerequisites) : new Event.Searched(null));
            } finally {
                run.submissions.release();
            }
        } catch (RuntimeException e) {
            post(new Event.NotSubmitted(
                    e, e instanceof TestingFarmException.NotAuthorized || e instanceof TestingFarmException.Rejected));
        }
    }

    private Event submit(RunContext.Prerequisites prerequisites) throws InterruptedException {
        try {
            return new Event.Submitted(run.api.submit(run.request(prerequisites, tag), Duration.ZERO));
        } catch (TestingFarmException.Unavailable e) {
            return new Event.NoAnswer(e);
        } catch (TestingFarmException.Rejected e) {
            // The service may quote the request, including its secrets.
            throw new ProvisioningException(
                    new FailureMessages(run).rejected(e, prerequisites.identity()),
                    new TestingFarmException.Rejected(
                            run.redaction.redact(String.valueOf(e.getMessage())), run.redaction.redact(e.words())));
        }
    }

    private void search() throws InterruptedException {
        try {
            List<FarmRequest> found = TaggedRequests.find(
                    run.api,
                    run.prerequisites().identity().tokenId(),
                    run.settings
                            .clock()
                            .instant()
                            .minus(run.settings.queueWithin())
                            .minus(CLOCK_TOLERANCE),
                    NewRequest.SUBMISSION_TAG,
                    tag);
            if (!found.isEmpty()) {
                LOG.info(
                        "found the request {}; only the response to its submission was lost",
                        found.getFirst().id());
            }
            post(new Event.Searched(found.isEmpty() ? null : found.getFirst().id()));
        } catch (TestingFarmException.Unavailable e) {
            post(new Event.NoAnswer(e));
        } catch (RuntimeException e) {
            post(new Event.NotSubmitted(e, e instanceof TestingFarmException.NotAuthorized));
        }
    }

    /** The part of a poll that blocks. */
    @FunctionalInterface
    private interface PollCall {
        Event make() throws InterruptedException;
    }

    private void poll(PollCall call) {
        owner.start("poll", () -> {
            Event event;
            run.polls.acquire();
            try {
                event = call.make();
            } catch (RuntimeException e) {
                event = new Event.PollFailed(e);
            } finally {
                run.polls.release();
            }
            post(event);
        });
    }

    private void cancel(String request) throws InterruptedException {
        Event event;
        try {
            event = new Event.Cancelled(run.api.cancel(request, Duration.ZERO));
        } catch (RuntimeException e) {
            event = new Event.CancelFailed(e);
        }
        post(event);
    }

    // The machine.

    private void logIn(String address) throws InterruptedException {
        Connection guest;
        Host reached;
        try {
            GuestLogin attempt = new GuestLogin(
                    run.settings, Host.of(address), run.prerequisites().key(), run.directory.resolve(tag));
            reached = attempt.host();
            guest = new GuestConnection(attempt.connect(), this::endReason, this::reasonOfLoss);
        } catch (RuntimeException e) {
            post(new Event.LoginFailed(e));
            return;
        }
        if (!offer(guest, reached)) {
            guest.close();
        }
    }

    /** {@return whether the machine is still needed} */
    private boolean offer(Connection guest, Host reached) {
        owner.lock.lock();
        try {
            connection = guest;
            host = reached;
            boolean wanted = machine.isWanted();
            if (!wanted) {
                connection = null;
            }
            post(new Event.LoggedIn(reached.toString()));
            return wanted;
        } finally {
            owner.lock.unlock();
        }
    }

    private Remote remote() {
        if (connection == null || host == null) {
            throw new IllegalStateException("there is no connection to hand over");
        }
        String request = String.valueOf(machine.id());
        // The provisioner adds the labels of the reservation, which win over those of the user's host function.
        return PlainRemote.builder(request, connection)
                .address(host.address())
                .labels(host.labels())
                .label("request", request)
                .expires(machine.expires())
                .onClose(this::release)
                .build();
    }

    private boolean isWanted() {
        owner.lock.lock();
        try {
            return machine.isWanted();
        } finally {
            owner.lock.unlock();
        }
    }

    private @Nullable String endReason() {
        owner.lock.lock();
        try {
            return machine.endReason();
        } finally {
            owner.lock.unlock();
        }
    }

    /**
     * {@return the reason for the loss of a connection, or null} If none is known yet, polls the request and waits a
     * short time.
     */
    private @Nullable String reasonOfLoss() throws InterruptedException {
        owner.lock.lockInterruptibly();
        try {
            post(new Event.ConnectionLost());
            long nanos = REASON_WITHIN.toNanos();
            while (machine.endReason() == null && machine.isPolling() && nanos > 0) {
                nanos = owner.changed.awaitNanos(nanos);
            }
            return machine.endReason();
        } finally {
            owner.lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "reservation " + tag;
    }
}
