package org.atex.testingfarm;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.ProvisioningException;
import org.atex.ssh.Host;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The machines of a provisioner: requested, being reserved, ready, in use, or being released.
 *
 * <p>Thread-safe. No user code and no I/O runs under the lock, which is taken before the one of the poller.
 */
final class MachinePool implements ActiveReservation.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    private final RunContext run;
    private final Poller poller;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /**
     * The reservations that may still cost money, because the service has not confirmed that their requests are over.
     * They count against the maximum number of systems.
     */
    private final Set<ActiveReservation> unfinished = new HashSet<>();

    private final Set<ActiveReservation> pending = new HashSet<>();
    private final Queue<FarmRemote> ready = new ArrayDeque<>();
    /** Failures that {@link #take} reports; those that were repeated are not among them. */
    private final Queue<ProvisioningException> failed = new ArrayDeque<>();

    private final Set<FarmRemote> taken = new HashSet<>();
    /** The threads of reservations that were abandoned before their machine was ready. */
    private final List<Thread> abandonedThreads = new ArrayList<>();

    private int requested;
    private int failures;
    /** The reason for which further reservations would fail too, until the next {@link #provision}. */
    private @Nullable String exhaustedBy;

    private boolean mayHaveLostRequest;
    private boolean closed;

    MachinePool(RunContext run) {
        this.run = run;
        this.poller = new Poller(run.settings);
    }

    void start() {
        poller.start();
    }

    void provision(int count) {
        lock.lock();
        try {
            checkOpen();
            // Saturates instead of overflowing.
            requested = requested > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : requested + count;
            exhaustedBy = null;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    /** Requires the lock. Starts the missing reservations, up to the maximum number of systems. */
    private void dispatch() {
        while (!closed
                && exhaustedBy == null
                && requested > pending.size() + ready.size()
                && unfinished.size() < run.settings.maxSystems()) {
            ActiveReservation reservation = new ActiveReservation(run, this);
            unfinished.add(reservation);
            pending.add(reservation);
            poller.add(reservation);
            reservation.start();
        }
        changed.signalAll();
    }

    @Override
    public boolean connected(ActiveReservation reservation, Connection connection, Host host) {
        lock.lock();
        try {
            if (closed || !pending.remove(reservation)) {
                return false;
            }
            Map<String, String> labels = new LinkedHashMap<>(host.labels());
            // The labels of the reservation win over those that the user's host function sets.
            labels.putAll(run.reservation.labels());
            labels.put("request", String.valueOf(reservation.id()));
            ready.add(new FarmRemote(reservation, host, Map.copyOf(labels), connection, this::release));
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void failed(ActiveReservation reservation, ProvisioningException why, boolean permanent) {
        lock.lock();
        try {
            if (!pending.remove(reservation) || closed) {
                return;
            }
            boolean again = !permanent && failures < run.settings.maxFailedRequests();
            failures++;
            LOG.warn("{}{}", again ? "trying again: " : "", why.getMessage());
            if (!again) {
                requested--;
                failed.add(why);
            }
            if (permanent) {
                exhaustedBy = why.getMessage();
            }
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void finished(ActiveReservation reservation) {
        lock.lock();
        try {
            mayHaveLostRequest |= reservation.mayHaveLostRequest();
            unfinished.remove(reservation);
            dispatch();
        } finally {
            lock.unlock();
        }
        // Last: a thread that closes the pool continues when the poller has no request left.
        poller.remove(reservation);
    }

    @Override
    public Future<Boolean> pollEarly(ActiveReservation reservation) {
        return poller.pollEarly(reservation);
    }

    Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                checkOpen();
                Offer offer = offer();
                if (offer != null) {
                    return offer;
                }
                if (nanos <= 0) {
                    return new Offer.None();
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Offer offer() {
        FarmRemote remote = ready.poll();
        if (remote != null) {
            requested--;
            taken.add(remote);
            return new Offer.Ready(remote);
        }
        ProvisioningException failure = failed.poll();
        if (failure != null) {
            return new Offer.Failed(failure);
        }
        return requested > 0 && exhaustedBy != null && pending.isEmpty() ? new Offer.Exhausted(exhaustedBy) : null;
    }

    private void release(FarmRemote remote) {
        try {
            remote.connection().close();
        } catch (RuntimeException e) {
            LOG.warn("the connection to {} was not closed cleanly", remote, e);
        }
        remote.reservation().abandon();
        lock.lock();
        try {
            taken.remove(remote);
        } finally {
            lock.unlock();
        }
    }

    void clear() {
        List<FarmRemote> unwanted;
        List<ActiveReservation> reservations;
        lock.lock();
        try {
            requested = 0;
            failed.clear();
            unwanted = new ArrayList<>(ready);
            ready.clear();
            taken.addAll(unwanted);
            reservations = new ArrayList<>(pending);
            pending.clear();
            abandonedThreads.removeIf(thread -> !thread.isAlive());
            reservations.forEach(reservation -> abandonedThreads.add(reservation.thread()));
        } finally {
            lock.unlock();
        }
        // Cancellations are HTTP requests: in parallel, and not in the calling thread, since clear() must not block.
        reservations.forEach(reservation -> Threads.start("abandon", reservation::abandon));
        unwanted.forEach(remote -> Threads.start("release-" + remote, remote::close));
    }

    /** Refuses further calls; {@return whether this was the first call} */
    boolean beginClosing() {
        lock.lock();
        try {
            boolean first = !closed;
            closed = true;
            changed.signalAll();
            return first;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the systems that were handed out and not closed yet} */
    List<FarmRemote> taken() {
        lock.lock();
        try {
            return List.copyOf(taken);
        } finally {
            lock.unlock();
        }
    }

    /** {@return the reservations with requests that are not confirmed to be over} */
    List<ActiveReservation> unfinished() {
        lock.lock();
        try {
            return List.copyOf(unfinished);
        } finally {
            lock.unlock();
        }
    }

    /** {@return the threads of reservations that were abandoned before their machine was ready} */
    List<Thread> abandonedThreads() {
        lock.lock();
        try {
            return List.copyOf(abandonedThreads);
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether a submission got no response, so that there may be a request with an unknown id} */
    boolean mayHaveLostRequest() {
        lock.lock();
        try {
            return mayHaveLostRequest;
        } finally {
            lock.unlock();
        }
    }

    /** Cancels a request of this run that is not known to the pool, and polls it until it is over. */
    void cancel(FarmRequest request) {
        ActiveReservation reservation = ActiveReservation.ofLeftover(run, this, request);
        lock.lock();
        try {
            unfinished.add(reservation);
        } finally {
            lock.unlock();
        }
        poller.add(reservation);
        reservation.cancel();
    }

    /** Waits until all requests are over, also when interrupted. */
    void awaitAllOver(Duration atMost) {
        poller.awaitEmpty(atMost);
    }

    /** Stops polling. */
    void stopPolling() {
        poller.close();
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the provisioner of " + run.reservation + " is closed");
        }
    }
}
