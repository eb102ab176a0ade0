package org.atex.testingfarm;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;

/**
 * The current phase of a reservation and the time since it began. Reports each phase to the listener. Thread-safe:
 * guarded by the lock of the reservation.
 */
final class PhaseTracker {
    private final RunContext run;
    private final Clock clock;
    private final ReentrantLock lock;
    private final Condition changed;
    private final Instant startTime;
    private Phase phase = Phase.SUBMITTING;
    private Phase reported = Phase.SUBMITTING;
    private Instant since;
    private @Nullable String id;

    /**
     * Creates a tracker in {@link Phase#SUBMITTING}.
     *
     * @param changed signalled under the lock after the listener has received the event of a new phase
     */
    PhaseTracker(RunContext run, ReentrantLock lock, Condition changed) {
        this.run = run;
        this.clock = run.settings.clock();
        this.lock = lock;
        this.changed = changed;
        this.startTime = clock.instant();
        this.since = startTime;
    }

    void setRequestId(String request) {
        lock.lock();
        try {
            id = request;
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    String requestId() {
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

    /** {@return whether the listener has received the event of a phase, or of a later one} */
    boolean isReported(Phase wanted) {
        lock.lock();
        try {
            return reported.compareTo(wanted) >= 0;
        } finally {
            lock.unlock();
        }
    }

    Instant startTime() {
        return startTime;
    }

    Duration timeInPhase() {
        lock.lock();
        try {
            return Duration.between(since, clock.instant());
        } finally {
            lock.unlock();
        }
    }

    Duration totalTime() {
        return Duration.between(startTime, clock.instant());
    }

    boolean isFinished() {
        Phase now = phase();
        return now == Phase.OVER || now == Phase.LEFT;
    }

    /** Enters a phase and reports it; {@return false if the last phase was reached before} */
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
        // Without the lock: the listener is code of the user.
        run.notifyListener(event);
        lock.lock();
        try {
            // Two threads may report at once, and the earlier phase last.
            reported = reported.compareTo(next) < 0 ? next : reported;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return true;
    }
}
