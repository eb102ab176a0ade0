package org.atex.ssh;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A queue of hosts for the implementations of {@link HostSource}. It accepts each machine only once. Thread-safe. */
final class HostQueue {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<Host> waiting = new ArrayDeque<>();
    private final Set<Host> taken = new HashSet<>();

    /** The identities of all hosts that were ever added. */
    private final Set<Host.Identity> known = new HashSet<>();

    private final String name;

    /** The reason why no more hosts are added, or null while hosts may come. */
    private @Nullable String ended;

    private boolean closed;

    HostQueue(String name) {
        this.name = name;
    }

    /** Adds a host. {@return false if it was added before or the queue is closed} */
    boolean add(Host host) {
        lock.lock();
        try {
            boolean added = !closed && known.add(host.identity());
            if (added) {
                waiting.add(host);
                changed.signalAll();
            }
            return added;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the number of hosts that were ever added} */
    int size() {
        lock.lock();
        try {
            return known.size();
        } finally {
            lock.unlock();
        }
    }

    /** Declares that no more hosts will be added. The first reason counts. */
    void end(String why) {
        lock.lock();
        try {
            ended = ended == null ? why : ended;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes a host as {@link HostSource#take} does. */
    HostSource.Next take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                refuseIfClosed();
                Host host = waiting.poll();
                if (host != null) {
                    taken.add(host);
                    return new HostSource.Next.Found(host);
                }
                if (ended != null) {
                    return new HostSource.Next.Ended(ended);
                }
                if (nanos <= 0) {
                    return new HostSource.Next.None();
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("cannot take a host from " + name + ": it is closed");
        }
    }

    /** Gives a host back as {@link HostSource#giveBack} does. */
    void giveBack(Host host, boolean healthy) {
        lock.lock();
        try {
            // A host that is given back twice must not be handed out to two callers.
            if (taken.remove(host) && healthy && !closed) {
                waiting.add(host);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Closes the queue and wakes all waiting threads. {@return whether this was the first call} */
    boolean close() {
        lock.lock();
        try {
            boolean first = !closed;
            closed = true;
            waiting.clear();
            changed.signalAll();
            return first;
        } finally {
            lock.unlock();
        }
    }
}
