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
 * Provisions this machine as one or more systems named {@code local-1}, {@code local-2} and so on. Each has its own
 * {@link LocalConnection}; all share the files and users of the machine.
 *
 * <p>The number of systems that exist at the same time is limited. At the limit, {@code take} waits until a system is
 * closed.
 *
 * <p>Labels, known in advance: {@code os} ({@code linux}), {@code arch} as printed by {@code uname -m}, and {@code
 * distro}, for example {@code debian-12}.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class LocalProvisioner implements Provisioner {
    private final int cap;
    private final Map<String, String> labels = MachineLabels.read();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<LocalRemote> taken = new HashSet<>();
    private int requested;
    private int created;
    private boolean closed;

    private LocalProvisioner(int cap) {
        this.cap = cap;
    }

    /**
     * {@return a provisioner of this machine}
     *
     * @param cap the maximum number of systems that exist at the same time, at least 1
     * @throws IllegalArgumentException if the maximum is less than 1
     */
    public static LocalProvisioner withMaxSystems(int cap) {
        if (cap < 1) {
            throw new IllegalArgumentException("cannot limit the number of systems to " + cap + ": allow at least 1");
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
            requested = requested > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : requested + count;
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
            while (requested == 0 || taken.size() >= cap) {
                if (nanos <= 0) {
                    return new Offer.None();
                }
                nanos = changed.awaitNanos(nanos);
                refuseIfClosed();
            }
            requested--;
            LocalRemote remote = new LocalRemote("local-" + ++created, labels, this::onClosed);
            taken.add(remote);
            return new Offer.Ready(remote);
        } finally {
            lock.unlock();
        }
    }

    private void onClosed(LocalRemote remote) {
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
            requested = 0;
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
            requested = 0;
            left = List.copyOf(taken);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            left.forEach(remote -> threads.execute(remote::close));
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this provisioner of the local machine is closed; create another one");
        }
    }

    @Override
    public String toString() {
        return "this machine, at most " + cap + " systems at once";
    }
}
