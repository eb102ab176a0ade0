package org.atex.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A clock that stands still until it is told to go on; who sleeps by it wakes when its time has come. Thread-safe.
 */
public final class ManualClock extends Clock implements Sleeper {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final PriorityQueue<Instant> wakeUps = new PriorityQueue<>();
    private final ZoneId zone;
    private Instant now;

    private ManualClock(Instant now, ZoneId zone) {
        this.now = now;
        this.zone = zone;
    }

    /**
     * {@return a clock that stands at a time, in UTC}
     *
     * @param now the time
     */
    public static ManualClock at(Instant now) {
        return new ManualClock(now, ZoneOffset.UTC);
    }

    /**
     * Goes on, and wakes whoever slept until then.
     *
     * @param duration how far
     */
    public void advance(Duration duration) {
        lock.lock();
        try {
            now = now.plus(duration);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            Instant wakeUp = now.plus(duration);
            wakeUps.add(wakeUp);
            changed.signalAll();
            try {
                while (now.isBefore(wakeUp)) {
                    changed.await();
                }
            } finally {
                wakeUps.remove(wakeUp);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits, really, until some threads sleep by this clock and none of them is about to wake.
     *
     * @param count how many, at the least
     * @throws InterruptedException if interrupted
     */
    public void awaitSleepers(int count) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (wakeUps.size() < count || (!wakeUps.isEmpty() && !now.isBefore(wakeUps.element()))) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Instant instant() {
        lock.lock();
        try {
            return now;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    /** {@inheritDoc} The copy stands still for good. */
    @Override
    public Clock withZone(ZoneId other) {
        return new ManualClock(instant(), other);
    }
}
