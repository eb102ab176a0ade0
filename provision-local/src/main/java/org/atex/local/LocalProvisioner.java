package org.atex.local;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Offer;
import org.atex.api.Provisioner;

/**
 * Hands out this machine, several times over: {@code local-1}, {@code local-2} … Each is a {@link LocalConnection} of its
 * own; they share the machine's files and users.
 *
 * <p>There are never more of them at once than the cap, however many are asked for: beyond it, {@code take} waits until
 * one is given back.
 *
 * <p>Labels, known beforehand: {@code os} ({@code linux}), {@code arch} as {@code uname -m} has it, {@code distro} such
 * as {@code debian-12}.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class LocalProvisioner implements Provisioner {
    private final int cap;
    private final Map<String, String> labels = MachineLabels.read();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<LocalRemote> taken = new HashSet<>();
    private int asked;
    private int made;
    private boolean closed;

    private LocalProvisioner(int cap) {
        this.cap = cap;
    }

    /**
     * {@return a provisioner of this machine}
     *
     * @param cap how many systems there may be at once, at least 1
     */
    public static LocalProvisioner withMaxSystems(int cap) {
        if (cap < 1) {
            throw new IllegalArgumentException("a cap of " + cap + " systems leaves none: give at least 1");
        }
        return new LocalProvisioner(cap);
    }

    @Override
    public void provision(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("cannot provision " + count + " systems: ask for at least 1");
        }
        lock.lock();
        try {
            refuseIfClosed();
            asked = asked > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : asked + count;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            refuseIfClosed();
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (asked == 0 || taken.size() >= cap) {
                if (nanos <= 0) {
                    return new Offer.None();
                }
                nanos = changed.awaitNanos(nanos);
                refuseIfClosed();
            }
            asked--;
            LocalRemote remote = new LocalRemote("local-" + ++made, labels, this::giveBack);
            taken.add(remote);
            return new Offer.Ready(remote);
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(LocalRemote remote) {
        lock.lock();
        try {
            taken.remove(remote);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void clear() {
        lock.lock();
        try {
            asked = 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public void close() {
        List<LocalRemote> left;
        lock.lock();
        try {
            closed = true;
            asked = 0;
            left = List.copyOf(taken);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
            left.forEach(remote -> all.execute(remote::close));
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this provisioner of the local machine is closed; make another one");
        }
    }

    @Override
    public String toString() {
        return "this machine, up to " + cap + " times";
    }
}
