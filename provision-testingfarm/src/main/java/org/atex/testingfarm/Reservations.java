package org.atex.testingfarm;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.provision.NoMoreSystemsException;
import org.atex.provision.SystemMaker;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes systems by reservations, and repeats those that fail. A reservation counts against the maximum number of
 * systems until the service confirms that its request is over, because it costs money until then.
 *
 * <p>Lifecycle: {@link #close} cancels the requests that are not over, and waits for the service. Thread-safe.
 */
final class Reservations implements SystemMaker, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** The time limit for steps that do not wait for the service: ending threads, and the listener. */
    private static final Duration LOCAL_TIMEOUT = Duration.ofMinutes(1);

    final RunContext run;

    /** Guards all reservations of the provisioner. No user code and no I/O runs under it. */
    final ReentrantLock lock = new ReentrantLock();

    /** Signalled after every event of a reservation. */
    final Condition changed = lock.newCondition();

    private final Semaphore permits;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    // Guarded by the lock.
    private final Set<ActiveReservation> unfinished = new HashSet<>();
    private final Pace pace;
    private int failures;
    private @Nullable String exhaustedBy;
    private boolean mayHaveLostRequest;

    Reservations(RunContext run) {
        this.run = run;
        this.permits = new Semaphore(run.settings.maxSystems());
        this.pace = new Pace(run.settings.pollEvery(), ThreadLocalRandom.current());
    }

    /** Forgets that reservations fail permanently, because that may have been mended. */
    void retry() {
        lock.lock();
        try {
            exhaustedBy = null;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Remote make(int number) throws InterruptedException {
        while (true) {
            ActiveReservation reservation = begin();
            boolean made = false;
            try {
                Remote remote = reservation.await();
                made = true;
                return remote;
            } catch (ProvisioningException e) {
                if (!failed(reservation, e)) {
                    throw e;
                }
            } finally {
                if (!made) {
                    reservation.release();
                }
            }
        }
    }

    private ActiveReservation begin() throws InterruptedException {
        permits.acquire();
        lock.lock();
        try {
            if (exhaustedBy != null) {
                permits.release();
                throw new NoMoreSystemsException(exhaustedBy);
            }
            return add(new ReservationMachine(run, pace, run.settings.clock().instant()));
        } finally {
            lock.unlock();
        }
    }

    private ActiveReservation add(ReservationMachine machine) {
        ActiveReservation reservation = new ActiveReservation(this, machine);
        unfinished.add(reservation);
        reservation.begin();
        return reservation;
    }

    /** Counts and logs a failure; {@return whether the reservation is repeated} */
    private boolean failed(ActiveReservation reservation, ProvisioningException why) {
        boolean permanent = reservation.hasFailedPermanently();
        lock.lock();
        try {
            boolean again = !permanent && failures < run.settings.maxFailedRequests();
            failures++;
            LOG.warn("{}{}", again ? "trying again: " : "", why.getMessage());
            if (permanent) {
                exhaustedBy = why.getMessage();
            }
            return again;
        } finally {
            lock.unlock();
        }
    }

    /** A reservation has ended. The caller must hold the lock. */
    void finished(ActiveReservation reservation) {
        mayHaveLostRequest |= reservation.mayHaveLostRequest();
        if (unfinished.remove(reservation)) {
            // Also for the requests that close() finds, which have none: nothing is made any more then.
            permits.release();
        }
    }

    /** A step that may block. */
    @FunctionalInterface
    interface Step {
        void run() throws InterruptedException;
    }

    /** Starts a thread that {@link #close} ends. */
    Thread start(String name, Step step) {
        Thread thread = Threads.unstarted("farm-" + name, () -> {
            try {
                step.run();
            } catch (InterruptedException e) {
                LOG.trace("{} was interrupted", name);
            } finally {
                threads.remove(Thread.currentThread());
            }
        });
        threads.add(thread);
        thread.start();
        return thread;
    }

    /** Cancels all requests, and waits until they are over or the time to cancel them has passed. */
    @Override
    public void close() {
        unfinished().forEach(ActiveReservation::release);
        awaitAllOver(cancelWithin());
        if (cancelLostRequests()) {
            awaitAllOver(cancelWithin());
        }
        giveUp(cancelWithin());
        awaitAllOver(LOCAL_TIMEOUT);
        List<Thread> left = List.copyOf(threads);
        left.forEach(Thread::interrupt);
        // A login may still write the guest's host key into the directory that is deleted next.
        Threads.join(left, LOCAL_TIMEOUT);
        run.close();
    }

    /** {@return the longest time that {@link #close} takes} */
    Duration closeWithin() {
        return cancelWithin().plus(LOCAL_TIMEOUT).multipliedBy(2);
    }

    private Duration cancelWithin() {
        return run.settings.cancelWithin().plus(run.settings.pollEvery().multipliedBy(2));
    }

    /** Stops waiting for all requests that are not over. */
    void giveUp(Duration spent) {
        unfinished().forEach(reservation -> reservation.giveUp(spent, "the program is ending"));
    }

    private List<ActiveReservation> unfinished() {
        lock.lock();
        try {
            return List.copyOf(unfinished);
        } finally {
            lock.unlock();
        }
    }

    private void awaitAllOver(Duration atMost) {
        lock.lock();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            boolean unused = section.await(atMost.toNanos(), nanos -> {
                for (long left = nanos; !unfinished.isEmpty() && left > 0; ) {
                    left = changed.awaitNanos(left);
                }
                return unfinished.isEmpty();
            });
        } finally {
            lock.unlock();
        }
    }

    /**
     * Cancels requests with unknown ids, since the response to their submission was lost. They are found by the tag of
     * the run. {@return whether there may be any}
     */
    private boolean cancelLostRequests() {
        lock.lock();
        try {
            if (!mayHaveLostRequest) {
                return false;
            }
        } finally {
            lock.unlock();
        }
        try {
            for (FarmRequest request :
                    LeftoverRequests.of(run.api, run.settings.run()).list()) {
                if (request.state().isAlive()) {
                    LOG.info("cancelling {}; the response to its submission was lost", request.id());
                    cancel(request);
                }
            }
        } catch (TestingFarmException e) {
            LOG.error(
                    "there may be an unknown request with the tag {}={}, to be cancelled with LeftoverRequests: {}",
                    NewRequest.RUN_TAG,
                    run.settings.run(),
                    e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return true;
    }

    private void cancel(FarmRequest request) {
        lock.lock();
        try {
            var unused = add(ReservationMachine.ofLeftover(
                    run, pace, run.settings.clock().instant(), request.id()));
        } finally {
            lock.unlock();
        }
    }
}
