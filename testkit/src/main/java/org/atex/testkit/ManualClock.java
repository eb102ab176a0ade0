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
 * A clock that only a test advances. Threads that sleep by it wake when the clock reaches their time.
 *
 * {@snippet :
 * ManualClock clock = ManualClock.at(Instant.EPOCH);
 * FakeProvisioner provisioner = FakeProvisioner.of(FakeSystem.ready().after(Duration.ofMinutes(5))).withSleeper(clock);
 * provisioner.provision(1);
 * clock.awaitSleepers(1);
 * clock.advance(Duration.ofMinutes(5));
 * }
 *
 * <p>Thread safety: every method may be called from any thread.
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
     * {@return a clock with this time, in UTC}
     *
     * @param now the time
     */
    public static ManualClock at(Instant now) {
        return new ManualClock(now, ZoneOffset.UTC);
    }

    /**
     * Advances the clock, and wakes the threads that sleep until then.
     *
     * @param duration the time to add
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
            // Wakes awaitSleepers(), which shares the condition with the sleepers.
            changed.signalAll();
            try {
                while (now.isBefore(wakeUp)) {
                    changed.await();
                }
                // An interrupt that comes shortly before the time does wins: await() may return normally for it.
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while sleeping by this clock");
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
     * Waits in real time until at least a number of threads sleep by this clock, and none of them is due to wake.
     *
     * @param count the number of threads
     * @throws InterruptedException if the thread is interrupted
     */
    public void awaitSleepers(int count) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            // A sleeper that is due counts until its thread has run: else the caller could advance too early.
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

    /** {@inheritDoc} The copy cannot be advanced. */
    @Override
    public Clock withZone(ZoneId other) {
        return new ManualClock(instant(), other);
    }
}
