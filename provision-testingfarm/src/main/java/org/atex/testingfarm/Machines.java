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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The machines of a provisioner: those that were asked for, are on their way, ready, in use, or going.
 *
 * <p>Thread-safe. Nobody else's code is called under the lock.
 */
final class Machines implements Booking.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    private final Run run;
    private final Poller poller;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** All that may still cost something, until the service says that they are over. */
    private final Set<Booking> alive = new HashSet<>();

    private final Set<Booking> pending = new HashSet<>();
    private final Queue<FarmRemote> ready = new ArrayDeque<>();
    private final Queue<ProvisioningException> failed = new ArrayDeque<>();
    private final Set<FarmRemote> taken = new HashSet<>();
    /** Those that were on their way when they were not wanted any more. */
    private final List<Thread> leaving = new ArrayList<>();

    private int asked;
    private int failures;
    private @Nullable String ended;
    private boolean unclear;
    private boolean closed;

    Machines(Run run) {
        this.run = run;
        this.poller = new Poller(run.settings);
    }

    void start() {
        poller.start();
    }

    void provision(int count) {
        lock.lock();
        try {
            refuseIfClosed();
            asked = asked > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : asked + count;
            ended = null;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock: reserves what is missing, as far as there is room. */
    private void dispatch() {
        while (!closed
                && ended == null
                && asked > pending.size() + ready.size()
                && alive.size() < run.settings.maxSystems()) {
            Booking booking = new Booking(run, this);
            alive.add(booking);
            pending.add(booking);
            poller.add(booking);
            booking.start();
        }
        changed.signalAll();
    }

    @Override
    public boolean arrived(Booking booking, Connection connection, Host host) {
        lock.lock();
        try {
            if (closed || !pending.remove(booking)) {
                return false;
            }
            Map<String, String> labels = new LinkedHashMap<>(host.labels());
            labels.putAll(run.reservation.labels());
            labels.put("request", String.valueOf(booking.id()));
            ready.add(new FarmRemote(booking, host, Map.copyOf(labels), connection, this::giveBack));
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void failed(Booking booking, ProvisioningException why, boolean forGood) {
        lock.lock();
        try {
            if (!pending.remove(booking) || closed) {
                return;
            }
            boolean again = !forGood && failures < run.settings.tolerated();
            failures++;
            LOG.warn("{}{}", again ? "trying again: " : "", why.getMessage());
            if (!again) {
                asked--;
                failed.add(why);
            }
            if (forGood) {
                ended = why.getMessage();
            }
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void over(Booking booking) {
        lock.lock();
        try {
            unclear |= booking.wasUnclear();
            alive.remove(booking);
            dispatch();
        } finally {
            lock.unlock();
        }
        // Last: whoever closes goes on when there is none left.
        poller.remove(booking);
    }

    @Override
    public Future<Boolean> lookEarly(Booking booking) {
        return poller.lookEarly(booking);
    }

    Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                refuseIfClosed();
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
            asked--;
            taken.add(remote);
            return new Offer.Ready(remote);
        }
        ProvisioningException failure = failed.poll();
        if (failure != null) {
            return new Offer.Failed(failure);
        }
        return asked > 0 && ended != null && pending.isEmpty() ? new Offer.Exhausted(ended) : null;
    }

    private void giveBack(FarmRemote remote) {
        try {
            remote.connection().close();
        } catch (RuntimeException e) {
            LOG.warn("the connection to {} was not closed cleanly", remote, e);
        }
        remote.booking().abandon();
        lock.lock();
        try {
            taken.remove(remote);
        } finally {
            lock.unlock();
        }
    }

    void clear() {
        List<FarmRemote> unwanted;
        List<Booking> bookings;
        lock.lock();
        try {
            asked = 0;
            failed.clear();
            unwanted = new ArrayList<>(ready);
            ready.clear();
            taken.addAll(unwanted);
            bookings = new ArrayList<>(pending);
            pending.clear();
            leaving.removeIf(thread -> !thread.isAlive());
            bookings.forEach(booking -> leaving.add(booking.thread()));
        } finally {
            lock.unlock();
        }
        bookings.forEach(booking -> Threads.start("unwanted", booking::abandon));
        unwanted.forEach(remote -> Threads.start("unwanted-" + remote, remote::close));
    }

    /** From here on nobody gets any; {@return whether that is new} */
    boolean refuse() {
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

    /** {@return those that somebody has} */
    List<FarmRemote> taken() {
        lock.lock();
        try {
            return List.copyOf(taken);
        } finally {
            lock.unlock();
        }
    }

    /** {@return all that the service has not said to be over} */
    List<Booking> alive() {
        lock.lock();
        try {
            return List.copyOf(alive);
        } finally {
            lock.unlock();
        }
    }

    /** {@return the threads of those that were given up on their way} */
    List<Thread> leaving() {
        lock.lock();
        try {
            return List.copyOf(leaving);
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether an answer was lost once: there may be a request of ours whose id we never heard} */
    boolean isUnclear() {
        lock.lock();
        try {
            return unclear;
        } finally {
            lock.unlock();
        }
    }

    /** Looks after a request of the run of which nobody heard, and cancels it. */
    void cancel(FarmRequest unheard) {
        Booking booking = Booking.ofLeftover(run, this, unheard);
        lock.lock();
        try {
            alive.add(booking);
        } finally {
            lock.unlock();
        }
        poller.add(booking);
        booking.cancel();
    }

    /** Waits until all requests are over, whether or not it is interrupted. */
    void awaitNone(Duration atMost) {
        poller.awaitNothing(atMost);
    }

    /** Looks at nothing any more. */
    void end() {
        poller.close();
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("the provisioner of " + run.reservation + " is closed");
        }
    }
}
