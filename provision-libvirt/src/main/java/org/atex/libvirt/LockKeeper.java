package org.atex.libvirt;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.ConnectionLostException;
import org.atex.api.ProvisioningException;
import org.atex.libvirt.DomainLocks.Lock;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the locks that this program holds, and tells which of them it has lost.
 *
 * <p>Lifecycle: its thread runs from the first lock until {@link #close()}. Thread-safe.
 */
final class LockKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LockKeeper.class);
    /** Renewals in the time of a lease: two may fail. */
    private static final int RENEWALS = 3;

    private final DomainLocks locks;
    private final Duration lease;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Lock, Kept> kept = new HashMap<>(); // guarded by the lock
    private @Nullable Thread renewing; // guarded by the lock
    private boolean closed; // guarded by the lock

    /** A lock that is renewed. */
    private static final class Kept {
        private final CompletableFuture<String> lost = new CompletableFuture<>();
        private volatile long renewedNanos = System.nanoTime();
    }

    LockKeeper(DomainLocks locks, Duration lease) {
        this.locks = locks;
        this.lease = lease;
    }

    /**
     * Renews a lock until it is dropped.
     *
     * @return the reason for which it is lost, completed when that is found
     */
    CompletableFuture<String> keep(Lock domain) {
        Kept entry = new Kept();
        lock.lock();
        try {
            kept.put(domain, entry);
            if (renewing == null && !closed) {
                renewing = Threads.startDaemon("locks-of-domains", this::renewUntilClosed);
            }
            return entry.lost;
        } finally {
            lock.unlock();
        }
    }

    /** Does not renew a lock any more. */
    void drop(Lock domain) {
        lock.lock();
        try {
            kept.remove(domain);
        } finally {
            lock.unlock();
        }
    }

    private void renewUntilClosed() {
        try {
            while (true) {
                lock.lockInterruptibly();
                try {
                    long left = lease.toNanos() / RENEWALS;
                    while (!closed && left > 0) {
                        left = changed.awaitNanos(left);
                    }
                    if (closed) {
                        return;
                    }
                } finally {
                    lock.unlock();
                }
                renew();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Map<Lock, Kept> kept() {
        lock.lock();
        try {
            return Map.copyOf(kept);
        } finally {
            lock.unlock();
        }
    }

    private void renew() throws InterruptedException {
        Map<Lock, Kept> all = kept();
        if (all.isEmpty()) {
            return;
        }
        long now = System.nanoTime();
        try {
            Map<Lock, String> lost = locks.renew(all.keySet());
            all.forEach((domain, entry) -> {
                String holder = lost.get(domain);
                if (holder == null) {
                    entry.renewedNanos = now;
                } else {
                    lose(domain, "the lock of the domain " + domain.domain() + " is held by " + holder);
                }
            });
        } catch (ProvisioningException | ConnectionLostException | IllegalStateException e) {
            LOG.warn("could not renew the locks of {}: {}", names(all), e.getMessage());
            all.forEach((domain, entry) -> {
                if (System.nanoTime() - entry.renewedNanos > lease.toNanos()) {
                    lose(
                            domain,
                            "the lock of the domain " + domain.domain() + " could not be renewed for "
                                    + lease.toSeconds() + " s: " + e.getMessage());
                }
            });
        }
    }

    private static List<String> names(Map<Lock, Kept> all) {
        return all.keySet().stream().map(Lock::domain).sorted().toList();
    }

    private void lose(Lock domain, String reason) {
        Kept entry;
        lock.lock();
        try {
            entry = kept.remove(domain);
        } finally {
            lock.unlock();
        }
        if (entry != null) {
            entry.lost.complete(reason);
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
