package org.atex.console;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Stop;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runs of this program that stop on signals. The signal handlers are installed while there is at least one run.
 * Thread-safe.
 */
final class SignalledRuns {
    private static final Logger LOG = LoggerFactory.getLogger(StopOnSignal.class);

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<StopOnSignal> runs = new LinkedHashSet<>(); // guarded by the lock
    private final List<Runnable> restorers = new ArrayList<>(); // guarded by the lock
    private int interrupts; // guarded by the lock
    private @Nullable Stop asked; // guarded by the lock; the strongest stop so far

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
            LOG.debug("the signal HUP is not available on this system", e);
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
     * Stops all runs, then prints a message: printing may block if the terminal is not read. Returns whether there was
     * a run to stop.
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
                LOG.error("could not stop a run after a signal; the other runs are stopped", e);
            }
        }
        if (!now.isEmpty()) {
            StopOnSignal.say(told);
        }
        return !now.isEmpty();
    }
}
