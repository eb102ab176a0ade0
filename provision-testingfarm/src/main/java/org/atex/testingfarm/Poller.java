package org.atex.testingfarm;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls all requests of a provisioner, each at most once per interval. Each request has its own schedule: it starts at
 * a random time within the first interval, and a random delay of up to a tenth of the interval is added each time. The
 * polls of one or of many provisioners are thus spread over time. A poll that hangs delays the next poll of the same
 * request only.
 *
 * <p>Lifecycle: runs from {@link #start} to {@link #close()}. Thread-safe.
 */
final class Poller implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /**
     * The maximum number of concurrent polls. Far fewer run at a time unless the service hangs; polls that hang must
     * not block the others.
     */
    static final int MAX_CONCURRENT_POLLS = 64;

    private static final double JITTER = 0.1;

    /**
     * The part of an interval after which the first request is polled at the latest. The thread sleeps until the
     * earliest due time, and a request that is added during that sleep waits for its end.
     */
    private static final double MAX_FIRST_WAIT = 1 / 32.0;

    /** A request to poll. */
    interface Target {
        /** Polls the request. Called by one thread at a time; each HTTP exchange in it has a time limit. */
        void poll() throws InterruptedException;
    }

    private static final class Schedule {
        private Duration due;
        private boolean polling;
        private boolean early;
        private CompletableFuture<Boolean> ended = CompletableFuture.completedFuture(true);

        Schedule(Duration due) {
            this.due = due;
        }

        void begin() {
            polling = true;
            ended = new CompletableFuture<>();
        }
    }

    private final FarmSettings settings;
    private final Executor threads;
    private final Semaphore permits = new Semaphore(MAX_CONCURRENT_POLLS);
    private final Set<Thread> pollingThreads = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Target, Schedule> schedules = new LinkedHashMap<>();
    private final Thread thread;
    /**
     * The sum of all sleeps, used instead of the clock, so that a change of the system time does not affect the
     * schedule.
     */
    private Duration elapsed = Duration.ZERO;

    private @Nullable Instant pausedUntil;

    Poller(FarmSettings settings) {
        this(settings, poll -> Threads.start("farm-poll", poll));
    }

    /**
     * Creates a poller.
     *
     * @param threads runs the polls
     */
    Poller(FarmSettings settings, Executor threads) {
        this.settings = settings;
        this.threads = threads;
        this.thread = Threads.unstarted("farm-poller", this::pollUntilClosed);
    }

    void start() {
        thread.start();
    }

    void add(Target target) {
        double moment = ThreadLocalRandom.current().nextDouble();
        lock.lock();
        try {
            if (schedules.isEmpty()) {
                // Only for the first request: with others present, the thread wakes up earlier anyway.
                moment *= MAX_FIRST_WAIT;
            }
            schedules.put(target, new Schedule(elapsed.plus(times(interval(), moment))));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void remove(Target target) {
        lock.lock();
        try {
            Schedule schedule = schedules.remove(target);
            if (schedule != null) {
                schedule.ended.complete(true);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Polls a request before it is due. The next regular poll is then due one interval later, and until then there is
     * no other early poll of that request.
     *
     * @return a future that completes when the poll that was started, or is in progress, has ended; at once if the
     *     request is not polled
     */
    Future<Boolean> pollEarly(Target target) {
        Future<Boolean> ended;
        boolean started = false;
        lock.lock();
        try {
            Schedule schedule = schedules.get(target);
            if (schedule == null) {
                return CompletableFuture.completedFuture(false);
            }
            if (!schedule.polling && !schedule.early && !isPaused()) {
                schedule.begin();
                schedule.early = true;
                schedule.due = elapsed.plus(interval());
                started = true;
            }
            ended = schedule.ended;
        } finally {
            lock.unlock();
        }
        if (started) {
            threads.execute(() -> runPoll(target));
        }
        return ended;
    }

    /** Waits until no request is left, also when interrupted; {@return whether that was reached in time} */
    boolean awaitEmpty(Duration atMost) {
        lock.lock();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            return section.await(atMost.toNanos(), nanos -> {
                for (long left = nanos; !schedules.isEmpty() && left > 0; ) {
                    left = changed.awaitNanos(left);
                }
                return schedules.isEmpty();
            });
        } finally {
            lock.unlock();
        }
    }

    private void pollUntilClosed() {
        try {
            while (true) {
                Duration wait = awaitNextDue();
                settings.sleeper().sleep(wait);
                for (Target target : due(wait)) {
                    threads.execute(() -> runPoll(target));
                }
            }
        } catch (InterruptedException e) {
            LOG.trace("the poller is closed");
        }
    }

    /** {@return the time until the next poll is due; waits until there is one} */
    private Duration awaitNextDue() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                Duration next = schedules.values().stream()
                        .filter(schedule -> !schedule.polling)
                        .map(schedule -> schedule.due)
                        .min(Duration::compareTo)
                        .orElse(null);
                if (next != null) {
                    return next.compareTo(elapsed) > 0 ? next.minus(elapsed) : Duration.ZERO;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Target> due(Duration justElapsed) {
        List<Target> due = new ArrayList<>();
        lock.lock();
        try {
            elapsed = elapsed.plus(justElapsed);
            boolean paused = isPaused();
            schedules.forEach((target, schedule) -> {
                // A request that is due during a pause skips this poll; its schedule goes on.
                if (!schedule.polling && schedule.due.compareTo(elapsed) <= 0) {
                    schedule.due = elapsed.plus(interval());
                    schedule.early = false;
                    if (!paused) {
                        schedule.begin();
                        due.add(target);
                    }
                }
            });
            return due;
        } finally {
            lock.unlock();
        }
    }

    /** Requires the lock. */
    private boolean isPaused() {
        return pausedUntil != null && settings.clock().instant().isBefore(pausedUntil);
    }

    private Duration interval() {
        return times(
                settings.pollEvery(), 1 + JITTER * ThreadLocalRandom.current().nextDouble());
    }

    private static Duration times(Duration duration, double factor) {
        return Duration.ofNanos((long) (duration.toNanos() * factor));
    }

    private void runPoll(Target target) {
        pollingThreads.add(Thread.currentThread());
        try {
            permits.acquire();
            try {
                target.poll();
            } finally {
                permits.release();
            }
        } catch (InterruptedException e) {
            LOG.trace("a poll was interrupted");
        } catch (TestingFarmException.Unavailable e) {
            pauseAll(e.retryAfter());
        } catch (RuntimeException e) {
            LOG.error("could not poll {}", target, e);
        } finally {
            pollingThreads.remove(Thread.currentThread());
            endPoll(target);
        }
    }

    private void endPoll(Target target) {
        lock.lock();
        try {
            Schedule schedule = schedules.get(target);
            if (schedule != null) {
                schedule.polling = false;
                schedule.ended.complete(true);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Pauses all polls: a service that sends {@code Retry-After} is overloaded by more than one request. */
    private void pauseAll(@Nullable Duration time) {
        if (time != null) {
            lock.lock();
            try {
                pausedUntil = settings.clock().instant().plus(time);
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        pollingThreads.forEach(Thread::interrupt);
    }
}
