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

/** What sources have in common: hosts wait here until they are taken, each machine once. Thread-safe. */
final class HostQueue {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<Host> waiting = new ArrayDeque<>();
    private final Set<Host> taken = new HashSet<>();
    private final Set<Host.Identity> known = new HashSet<>();
    private final String name;
    private @Nullable String ended;
    private boolean closed;

    HostQueue(String name) {
        this.name = name;
    }

    /** {@return whether it is new here} */
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

    int size() {
        lock.lock();
        try {
            return known.size();
        } finally {
            lock.unlock();
        }
    }

    void end(String why) {
        lock.lock();
        try {
            ended = ended == null ? why : ended;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

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

    void giveBack(Host host, boolean healthy) {
        lock.lock();
        try {
            // Given back twice, it must not come to two takers.
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

    /** {@return whether this was the first time} */
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
