package org.atex.testkit;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.jspecify.annotations.Nullable;

/**
 * Systems in memory: each comes when it is told to, fails, or never comes. It counts what was asked for, handed out and
 * given back.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class FakeProvisioner implements Provisioner {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final IntFunction<FakeSystem> systems;
    private final Sleeper sleeper;
    private final int cap;
    private final Map<String, String> offers;
    private final Queue<FakeSystem> ready = new ArrayDeque<>();
    private final Set<Thread> underWay = new HashSet<>();
    private final Set<FakeRemote> open = new HashSet<>();
    private final List<FakeRemote> handedOut = new ArrayList<>();
    private int asked;
    private int mostOpen;
    private boolean closed;

    private FakeProvisioner(IntFunction<FakeSystem> systems, Sleeper sleeper, int cap, Map<String, String> offers) {
        this.systems = systems;
        this.sleeper = sleeper;
        this.cap = cap;
        this.offers = Map.copyOf(offers);
    }

    /**
     * {@return a provisioner of systems that are all alike, in real time}
     *
     * @param system what they are like; its labels are known beforehand
     */
    public static FakeProvisioner of(FakeSystem system) {
        return new FakeProvisioner(n -> system, Sleeper.real(), Integer.MAX_VALUE, system.labels());
    }

    /**
     * {@return a provisioner of systems that differ, in real time}
     *
     * @param systems what the one asked for as first, second … is like, from 1 upwards
     */
    public static FakeProvisioner of(IntFunction<FakeSystem> systems) {
        return new FakeProvisioner(systems, Sleeper.real(), Integer.MAX_VALUE, Map.of());
    }

    /**
     * {@return a new provisioner that has no more than some systems at once, and is exhausted while it has them}
     *
     * @param count how many
     */
    public FakeProvisioner maxSystems(int count) {
        return new FakeProvisioner(systems, sleeper, count, offers);
    }

    /**
     * {@return a new provisioner with another way to let time pass}
     *
     * @param other a manual clock, for instance
     */
    public FakeProvisioner withSleeper(Sleeper other) {
        return new FakeProvisioner(systems, other, cap, offers);
    }

    @Override
    public void provision(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("cannot provision " + count + " systems: ask for at least 1");
        }
        lock.lock();
        try {
            refuseIfClosed();
            for (int i = 0; i < count; i++) {
                begin(systems.apply(++asked));
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void begin(FakeSystem system) {
        Duration delay = system.delay();
        if (delay != null && delay.isZero()) {
            ready.add(system);
        } else if (delay != null) {
            Thread thread = Thread.ofVirtual().name("atex-fake-provisioning").unstarted(() -> {
                if (passed(delay)) {
                    arrive(system);
                }
            });
            underWay.add(thread);
            thread.start();
        }
    }

    private boolean passed(Duration delay) {
        try {
            sleeper.sleep(delay);
            return true;
        } catch (InterruptedException e) {
            return false; // cancelled
        }
    }

    private void arrive(FakeSystem system) {
        lock.lock();
        try {
            if (underWay.remove(Thread.currentThread())) {
                ready.add(system);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
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
        FakeSystem system = ready.peek();
        if (system == null) {
            return null;
        }
        if (system.failure() != null) {
            ready.remove();
            return new Offer.Failed(new ProvisioningException("no fake system: " + system.failure(), null));
        }
        if (open.size() >= cap) {
            return new Offer.Exhausted("all " + cap + " fake systems are taken");
        }
        ready.remove();
        FakeRemote remote = new FakeRemote("fake-" + (handedOut.size() + 1), system, this::giveBack);
        open.add(remote);
        handedOut.add(remote);
        mostOpen = Math.max(mostOpen, open.size());
        return new Offer.Ready(remote);
    }

    private void giveBack(FakeRemote remote) {
        lock.lock();
        try {
            open.remove(remote);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void clear() {
        lock.lock();
        try {
            ready.clear();
            underWay.forEach(Thread::interrupt);
            underWay.clear();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Map<String, String> labels() {
        return offers;
    }

    @Override
    public void close() {
        List<FakeRemote> left;
        lock.lock();
        try {
            closed = true;
            left = List.copyOf(open);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        clear();
        left.forEach(FakeRemote::close);
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this fake provisioner is closed");
        }
    }

    /** {@return how many systems were asked for, in all} */
    public int asked() {
        lock.lock();
        try {
            return asked;
        } finally {
            lock.unlock();
        }
    }

    /** {@return every system that was handed out, in that order} */
    public List<FakeRemote> handedOut() {
        lock.lock();
        try {
            return List.copyOf(handedOut);
        } finally {
            lock.unlock();
        }
    }

    /** {@return how many systems are handed out and not yet given back} */
    public int openNow() {
        lock.lock();
        try {
            return open.size();
        } finally {
            lock.unlock();
        }
    }

    /** {@return how many systems were handed out at once, at the most} */
    public int mostOpen() {
        lock.lock();
        try {
            return mostOpen;
        } finally {
            lock.unlock();
        }
    }
}
