package org.atex.adhoc;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Stop;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The runs of this program that stop on signals; while there are any, the signals are handled. Thread-safe. */
final class SignalledRuns {
    private static final Logger LOG = LoggerFactory.getLogger(StopOnSignal.class);

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<StopOnSignal> runs = new LinkedHashSet<>(); // guarded by the lock
    private final List<Runnable> restorers = new ArrayList<>(); // guarded by the lock
    private int interrupts; // guarded by the lock
    private @Nullable Stop asked; // guarded by the lock: the strongest stop so far

    void add(StopOnSignal run) {
        Stop how;
        lock.lock();
        try {
            if (runs.isEmpty()) {
                interrupts = 0;
                asked = null;
                handleAll();
            }
            runs.add(run);
            how = asked;
        } finally {
            lock.unlock();
        }
        if (how != null) {
            run.stop(how);
        }
    }

    private void handleAll() {
        try {
            restorers.add(OsSignals.handle("INT", this::interrupted));
            restorers.add(OsSignals.handle("TERM", () -> cancelled("TERM")));
        } catch (IllegalStateException e) {
            restoreAll();
            throw e;
        }
        try {
            restorers.add(OsSignals.handle("HUP", () -> cancelled("HUP")));
        } catch (IllegalStateException e) {
            LOG.debug("not every system has this signal", e);
        }
    }

    void remove(StopOnSignal run) {
        lock.lock();
        try {
            if (runs.remove(run) && runs.isEmpty()) {
                restoreAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void restoreAll() {
        restorers.forEach(Runnable::run);
        restorers.clear();
    }

    private boolean interrupted() {
        int times;
        lock.lock();
        try {
            times = ++interrupts;
        } finally {
            lock.unlock();
        }
        return switch (times) {
            case 1 -> stopAll(Stop.DRAIN, "starting no more tests; once more cancels those that run");
            case 2 -> stopAll(Stop.CANCEL, "cancelling the running tests; once more gives everything back as it is");
            default -> stopAll(Stop.NOW, "stopping at once");
        };
    }

    private boolean cancelled(String signal) {
        return stopAll(Stop.CANCEL, "cancelling the running tests, because of the signal " + signal);
    }

    /**
     * Stops first and tells then: whoever reads the terminal may have stopped doing so. Returns whether there was
     * anything to stop.
     */
    private boolean stopAll(Stop how, String told) {
        List<StopOnSignal> now;
        lock.lock();
        try {
            now = List.copyOf(runs);
            asked = asked == null || asked.compareTo(how) < 0 ? how : asked;
        } finally {
            lock.unlock();
        }
        for (StopOnSignal run : now) {
            try {
                run.stop(how);
            } catch (RuntimeException | Error e) {
                LOG.error("a run could not be stopped after a signal; the others are", e);
            }
        }
        if (!now.isEmpty()) {
            StopOnSignal.say(told);
        }
        return !now.isEmpty();
    }
}
