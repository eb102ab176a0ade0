package org.atex.testingfarm;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;

/** Where a reservation is, and since when. It tells of each phase. Thread-safe, by the lock of whose reservation it is. */
final class Stages {
    private final Run run;
    private final Clock clock;
    private final ReentrantLock lock;
    private final Condition changed;
    private final Instant begin;
    private Phase phase = Phase.SUBMITTING;
    private Phase told = Phase.SUBMITTING;
    private Instant since;
    private @Nullable String id;

    /**
     * Makes them.
     *
     * @param changed signalled under the lock when there is a new phase, after it was told
     */
    Stages(Run run, ReentrantLock lock, Condition changed) {
        this.run = run;
        this.clock = run.settings.clock();
        this.lock = lock;
        this.changed = changed;
        this.begin = clock.instant();
        this.since = begin;
    }

    void submitted(String request) {
        lock.lock();
        try {
            id = request;
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    String id() {
        lock.lock();
        try {
            return id;
        } finally {
            lock.unlock();
        }
    }

    Phase phase() {
        lock.lock();
        try {
            return phase;
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether whoever listens has heard of a phase, or of a later one} */
    boolean isTold(Phase which) {
        lock.lock();
        try {
            return told.compareTo(which) >= 0;
        } finally {
            lock.unlock();
        }
    }

    Instant begin() {
        return begin;
    }

    Duration inPhase() {
        lock.lock();
        try {
            return Duration.between(since, clock.instant());
        } finally {
            lock.unlock();
        }
    }

    Duration inAll() {
        return Duration.between(begin, clock.instant());
    }

    boolean isFinished() {
        Phase now = phase();
        return now == Phase.OVER || now == Phase.LEFT;
    }

    /** {@return whether there is a next phase: after the last one there is none} */
    boolean enter(Phase next, String detail) {
        ReservationEvent event;
        lock.lock();
        try {
            if (isFinished()) {
                return false;
            }
            Instant now = clock.instant();
            event = new ReservationEvent(now, id == null ? "" : id, next, Duration.between(since, now), detail);
            phase = next;
            since = now;
        } finally {
            lock.unlock();
        }
        run.tell(event);
        lock.lock();
        try {
            told = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return true;
    }
}
