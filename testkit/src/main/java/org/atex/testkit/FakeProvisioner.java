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
 * A provisioner of systems in memory. A {@link FakeSystem} defines whether a system becomes ready, fails, or never
 * becomes ready, and after which time. The provisioner counts requested and taken systems.
 *
 * {@snippet :
 * FakeProvisioner provisioner = FakeProvisioner.of(FakeSystem.ready().withLabels(Map.of("arch", "x86_64")))
 *         .maxSystems(3);
 * }
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class FakeProvisioner implements Provisioner {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final IntFunction<FakeSystem> systems;
    private final Sleeper sleeper;
    private final int cap;
    private final Map<String, String> labels;
    private final Queue<FakeSystem> ready = new ArrayDeque<>();
    private final Set<Thread> inPreparation = new HashSet<>();
    private final Set<FakeRemote> open = new HashSet<>();
    private final List<FakeRemote> handedOut = new ArrayList<>();
    private int requested;
    private int peakOpen;
    private boolean closed;

    private FakeProvisioner(IntFunction<FakeSystem> systems, Sleeper sleeper, int cap, Map<String, String> labels) {
        this.systems = systems;
        this.sleeper = sleeper;
        this.cap = cap;
        this.labels = Map.copyOf(labels);
    }

    /**
     * {@return a provisioner of equal systems, in real time}
     *
     * @param system the behaviour of each system; its labels are announced beforehand
     */
    public static FakeProvisioner of(FakeSystem system) {
        return new FakeProvisioner(n -> system, Sleeper.real(), Integer.MAX_VALUE, system.labels());
    }

    /**
     * {@return a provisioner of different systems, in real time}
     *
     * @param systems the behaviour of each system by the number of its request, from 1 upwards
     */
    public static FakeProvisioner of(IntFunction<FakeSystem> systems) {
        return new FakeProvisioner(systems, Sleeper.real(), Integer.MAX_VALUE, Map.of());
    }

    /**
     * {@return a new provisioner with a maximum of systems at once; while they are all taken, it is exhausted}
     *
     * @param count the maximum
     */
    public FakeProvisioner maxSystems(int count) {
        return new FakeProvisioner(systems, sleeper, count, labels);
    }

    /**
     * {@return a new provisioner that waits by another sleeper}
     *
     * @param other the sleeper, such as a {@link ManualClock}
     */
    public FakeProvisioner withSleeper(Sleeper other) {
        return new FakeProvisioner(systems, other, cap, labels);
    }

    @Override
    public void provision(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("could not provision " + count + " systems; request at least 1");
        }
        lock.lock();
        try {
            refuseIfClosed();
            for (int i = 0; i < count; i++) {
                begin(systems.apply(++requested));
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void begin(FakeSystem system) {
        Duration delay = system.delay();
        if (delay != null && delay.isZero()) {
            // Without a thread, so that thousands of systems are cheap and take() with a time of zero finds them.
            ready.add(system);
        } else if (delay != null) {
            Thread thread = Thread.ofVirtual().name("atex-fake-provisioning").unstarted(() -> {
                if (passed(delay)) {
                    arrive(system);
                }
            });
            inPreparation.add(thread);
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
            // Unless clear() or close() has cancelled it meanwhile.
            if (inPreparation.remove(Thread.currentThread())) {
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
                    return new Offer.None("no fake system is ready");
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Offer offer() {
        // Only looked at: while all systems are taken, it must stay in the queue for a later take().
        FakeSystem system = ready.peek();
        if (system == null) {
            return null;
        }
        if (system.failure() != null) {
            ready.remove();
            return new Offer.Failed(
                    new ProvisioningException("could not provision a fake system: " + system.failure(), null));
        }
        if (open.size() >= cap) {
            return new Offer.Exhausted("all " + cap + " fake systems are taken");
        }
        ready.remove();
        FakeRemote remote = new FakeRemote("fake-" + (handedOut.size() + 1), system, this::giveBack);
        open.add(remote);
        handedOut.add(remote);
        peakOpen = Math.max(peakOpen, open.size());
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
            inPreparation.forEach(Thread::interrupt);
            inPreparation.clear();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int maxSystems() {
        return cap;
    }

    @Override
    public Map<String, String> labels() {
        return labels;
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
        // Without the lock: each calls giveBack(), and closes a connection, which may block.
        left.forEach(FakeRemote::close);
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this fake provisioner is closed");
        }
    }

    /** {@return the total number of requested systems} */
    public int asked() {
        lock.lock();
        try {
            return requested;
        } finally {
            lock.unlock();
        }
    }

    /** {@return all systems that were taken, in this order} */
    public List<FakeRemote> handedOut() {
        lock.lock();
        try {
            return List.copyOf(handedOut);
        } finally {
            lock.unlock();
        }
    }

    /** {@return the number of systems that are taken and not yet given back} */
    public int openNow() {
        lock.lock();
        try {
            return open.size();
        } finally {
            lock.unlock();
        }
    }

    /** {@return the highest number of systems that were taken at the same time} */
    public int mostOpen() {
        lock.lock();
        try {
            return peakOpen;
        } finally {
            lock.unlock();
        }
    }
}
