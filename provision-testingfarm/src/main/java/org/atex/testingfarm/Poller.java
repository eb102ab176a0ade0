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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at all requests of a provisioner, at each once an interval at most. Each has its own turns, which begin at a random
 * moment of the first interval and come a bit later each time than they need: so neither the requests of one provisioner nor
 * many provisioners come all at once. A look that takes long holds up the next one at the same request, and no other.
 *
 * <p>Lifecycle: starts with {@link #start}; {@link #close()} ends it. Thread-safe.
 */
final class Poller implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** Far more than there are unless the service hangs: then those that hang must not be in the way of the others. */
    static final int AT_ONCE = 64;

    private static final double JITTER = 0.1;

    /** Of an interval, how long it sleeps at most for a single request: others may follow at once, with earlier turns. */
    private static final double FIRST = 1 / 32.0;

    /** What is looked at. */
    interface Subject {
        /** Looks; each question has its time. By one thread at a time. */
        void poll() throws InterruptedException;
    }

    private static final class Turn {
        private Duration due;
        private boolean looking;
        private boolean early;
        private CompletableFuture<Boolean> over = CompletableFuture.completedFuture(true);

        Turn(Duration due) {
            this.due = due;
        }

        void begin() {
            looking = true;
            over = new CompletableFuture<>();
        }
    }

    private final FarmSettings settings;
    private final Executor threads;
    private final Semaphore looks = new Semaphore(AT_ONCE);
    private final Set<Thread> looking = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Subject, Turn> turns = new LinkedHashMap<>();
    private final Thread thread;
    /** How long it has slept: turns are reckoned by that, so that a clock that is set changes nothing. */
    private Duration slept = Duration.ZERO;

    private @Nullable Instant restUntil;

    Poller(FarmSettings settings) {
        this(settings, look -> Threads.start("farm-poll", look));
    }

    /**
     * Makes one.
     *
     * @param threads where looks are run
     */
    Poller(FarmSettings settings, Executor threads) {
        this.settings = settings;
        this.threads = threads;
        this.thread = Threads.unstarted("farm-poller", this::poll);
    }

    void start() {
        thread.start();
    }

    void add(Subject subject) {
        double moment = ThreadLocalRandom.current().nextDouble();
        lock.lock();
        try {
            if (turns.isEmpty()) {
                moment *= FIRST;
            }
            turns.put(subject, new Turn(slept.plus(times(interval(), moment))));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void remove(Subject subject) {
        lock.lock();
        try {
            Turn turn = turns.remove(subject);
            if (turn != null) {
                turn.over.complete(true);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Looks before it is due, because there is reason to; the next look is then due an interval later, and until then there is
     * no other one before its time.
     *
     * @return is complete when the look is over that was begun, or was under way; or at once if there is none
     */
    Future<Boolean> lookEarly(Subject subject) {
        Future<Boolean> over;
        boolean begun = false;
        lock.lock();
        try {
            Turn turn = turns.get(subject);
            if (turn == null) {
                return CompletableFuture.completedFuture(false);
            }
            if (!turn.looking && !turn.early && !isResting()) {
                turn.begin();
                turn.early = true;
                turn.due = slept.plus(interval());
                begun = true;
            }
            over = turn.over;
        } finally {
            lock.unlock();
        }
        if (begun) {
            threads.execute(() -> look(subject));
        }
        return over;
    }

    /** Waits until nothing is left to look at, whether or not it is interrupted; {@return whether that is so} */
    boolean awaitNothing(Duration atMost) {
        boolean interrupted = false;
        long end = System.nanoTime() + atMost.toNanos();
        lock.lock();
        try {
            while (!turns.isEmpty() && System.nanoTime() < end) {
                try {
                    changed.awaitNanos(end - System.nanoTime());
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return turns.isEmpty();
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
                Duration wait = awaitSomething();
                settings.pause().sleep(wait);
                for (Subject subject : due(wait)) {
                    threads.execute(() -> look(subject));
                }
            }
        } catch (InterruptedException e) {
            LOG.trace("nothing more to look at");
        }
    }

    /** {@return how long it is until the next turn, when there is one} */
    private Duration awaitSomething() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                Duration next = turns.values().stream()
                        .filter(turn -> !turn.looking)
                        .map(turn -> turn.due)
                        .min(Duration::compareTo)
                        .orElse(null);
                if (next != null) {
                    return next.compareTo(slept) > 0 ? next.minus(slept) : Duration.ZERO;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Subject> due(Duration justSlept) {
        List<Subject> due = new ArrayList<>();
        lock.lock();
        try {
            slept = slept.plus(justSlept);
            boolean resting = isResting();
            turns.forEach((subject, turn) -> {
                if (!turn.looking && turn.due.compareTo(slept) <= 0) {
                    turn.due = slept.plus(interval());
                    turn.early = false;
                    if (!resting) {
                        turn.begin();
                        due.add(subject);
                    }
                }
            });
            return due;
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock. */
    private boolean isResting() {
        return restUntil != null && settings.clock().instant().isBefore(restUntil);
    }

    private Duration interval() {
        return times(
                settings.pollEvery(), 1 + JITTER * ThreadLocalRandom.current().nextDouble());
    }

    private static Duration times(Duration duration, double factor) {
        return Duration.ofNanos((long) (duration.toNanos() * factor));
    }

    private void look(Subject subject) {
        looking.add(Thread.currentThread());
        try {
            looks.acquire();
            try {
                subject.poll();
            } finally {
                looks.release();
            }
        } catch (InterruptedException e) {
            LOG.trace("a look was interrupted");
        } catch (TestingFarmException.Unavailable e) {
            rest(e.retryAfter());
        } catch (RuntimeException e) {
            LOG.error("could not look at {}", subject, e);
        } finally {
            looking.remove(Thread.currentThread());
            endTurn(subject);
        }
    }

    private void endTurn(Subject subject) {
        lock.lock();
        try {
            Turn turn = turns.get(subject);
            if (turn != null) {
                turn.looking = false;
                turn.over.complete(true);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whoever says when to come back has too much to do, and not with this request only. */
    private void rest(@Nullable Duration time) {
        if (time != null) {
            lock.lock();
            try {
                restUntil = settings.clock().instant().plus(time);
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        looking.forEach(Thread::interrupt);
    }
}
