package org.atex.testingfarm;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at all requests of a provisioner, at each once an interval at most, some at a time. The interval is a bit longer each
 * time than it need be, so that many provisioners do not come in step.
 *
 * <p>Lifecycle: starts with {@link #start}; {@link #close()} ends it. Thread-safe.
 */
final class Poller implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final int AT_ONCE = 12;
    private static final double JITTER = 0.1;

    private final FarmSettings settings;
    private final Set<Booking> bookings = ConcurrentHashMap.newKeySet();
    private final Semaphore looks = new Semaphore(AT_ONCE);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Thread thread;
    private volatile @Nullable Instant restUntil;

    Poller(FarmSettings settings) {
        this.settings = settings;
        this.thread = Threads.unstarted("farm-poller", this::poll);
    }

    void start() {
        thread.start();
    }

    void add(Booking booking) {
        lock.lock();
        try {
            bookings.add(booking);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void remove(Booking booking) {
        lock.lock();
        try {
            bookings.remove(booking);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    List<Booking> bookings() {
        return List.copyOf(bookings);
    }

    /** Waits until nothing is left to look at, whether or not it is interrupted; {@return whether that is so} */
    boolean awaitNothing(Duration atMost) {
        boolean interrupted = false;
        long end = System.nanoTime() + atMost.toNanos();
        lock.lock();
        try {
            while (!bookings.isEmpty() && System.nanoTime() < end) {
                try {
                    changed.awaitNanos(end - System.nanoTime());
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return bookings.isEmpty();
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void poll() {
        try {
            while (true) {
                awaitSomething();
                settings.pause().sleep(interval());
                if (!isResting()) {
                    lookAtAll();
                }
            }
        } catch (InterruptedException e) {
            LOG.trace("nothing more to look at");
        }
    }

    /** Returns when all looks have ended, each of which has its time: no request is looked at twice at once. */
    private void lookAtAll() throws InterruptedException {
        List<Thread> looking = bookings().stream()
                .map(booking -> Threads.start("farm-poll", () -> look(booking)))
                .toList();
        for (Thread look : looking) {
            look.join();
        }
    }

    private Duration interval() {
        double factor = 1 + JITTER * ThreadLocalRandom.current().nextDouble();
        return Duration.ofNanos((long) (settings.pollEvery().toNanos() * factor));
    }

    private void awaitSomething() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (bookings.isEmpty()) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void look(Booking booking) {
        try {
            looks.acquire();
            try {
                booking.poll();
            } finally {
                looks.release();
            }
        } catch (InterruptedException e) {
            LOG.trace("a look was interrupted");
        } catch (TestingFarmException.Unavailable e) {
            rest(e.retryAfter());
        } catch (RuntimeException e) {
            LOG.error("could not look at {}", booking.id(), e);
        }
    }

    /** Whoever says when to come back has too much to do, and not with this request only. */
    private void rest(@Nullable Duration time) {
        if (time != null) {
            restUntil = settings.clock().instant().plus(time);
        }
    }

    private boolean isResting() {
        Instant until = restUntil;
        return until != null && settings.clock().instant().isBefore(until);
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
