package org.atex.fmf;

import java.util.IdentityHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.SetupException;
import org.jspecify.annotations.Nullable;

/**
 * The systems on which executors of one factory are open, by their connections. The first executor on a system makes it
 * ready, which others wait for; the last cleans it up.
 *
 * <p>Thread safety: from any thread.
 */
final class PreparedSystems {
    private final FmfTests tests;
    private final FmfOptions options;
    private final TreePacks packs;
    private final SetUpLogs logs;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final IdentityHashMap<Connection, Entry> entries = new IdentityHashMap<>();

    PreparedSystems(FmfTests tests, FmfOptions options) {
        this.tests = tests;
        this.options = options;
        this.packs = new TreePacks(options.excludes(), options.keptTrees());
        this.logs = new SetUpLogs(options);
    }

    /** How far a system is. */
    private enum State {
        PREPARING,
        READY,
        FINISHING,
        GONE
    }

    private static final class Entry {
        private final PreparedSystem system;
        private State state = State.PREPARING;
        private @Nullable Throwable failure;
        private int users = 1;

        Entry(PreparedSystem system) {
            this.system = system;
        }
    }

    /**
     * Joins those who use a system, or makes it ready.
     *
     * @return the system, which {@link #leave} must be told to be left
     * @throws SetupException if it cannot be made ready, by whichever thread
     * @throws ConnectionLostException if it does not answer
     * @throws InterruptedException if this thread is interrupted; others then go on with what it began
     */
    PreparedSystem join(Connection connection) throws InterruptedException {
        Entry entry = joined(connection);
        if (entry.state == State.READY) {
            return entry.system;
        }
        Throwable failure = null;
        boolean ready = false;
        try {
            entry.system.makeReady(packs);
            ready = true;
            return entry.system;
        } catch (RuntimeException | Error e) {
            failure = e;
            throw e;
        } finally {
            ended(connection, entry, ready, failure);
        }
    }

    /** {@return a system that is ready, or that the caller has to make ready} */
    private Entry joined(Connection connection) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                Entry entry = entries.get(connection);
                if (entry == null) {
                    entry = new Entry(new PreparedSystem(connection, tests, options, logs));
                    entries.put(connection, entry);
                    return entry;
                }
                if (entry.state == State.READY) {
                    entry.users++;
                    return entry;
                }
                boolean preparing = entry.state == State.PREPARING;
                State before = entry.state;
                while (entry.state == before) {
                    changed.await();
                }
                if (preparing && entry.failure != null) {
                    throw failed(entry.failure);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Each executor throws one of its own. */
    private static RuntimeException failed(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return failure instanceof ConnectionLostException
                ? new ConnectionLostException(message, failure)
                : new SetupException(message, failure);
    }

    private void ended(Connection connection, Entry entry, boolean ready, @Nullable Throwable failure) {
        lock.lock();
        try {
            entry.state = ready ? State.READY : State.GONE;
            entry.failure = failure;
            if (!ready) {
                entries.remove(connection, entry);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Leaves a system; the last who does cleans it up, and those who come meanwhile wait for that.
     *
     * @param connection to it
     * @param slot where the executor was on it, or null if it got no such place
     */
    void leave(Connection connection, @Nullable Place slot) {
        Entry entry = left(connection);
        if (entry == null) {
            if (slot != null) {
                PreparedSystem.run(connection, slot.removalOfSlot());
            }
            return;
        }
        try {
            entry.system.cleanUp();
        } finally {
            ended(connection, entry, false, null);
        }
    }

    /** {@return the system if that was the last, or null} */
    private @Nullable Entry left(Connection connection) {
        lock.lock();
        try {
            Entry entry = entries.get(connection);
            if (entry == null || --entry.users > 0) {
                return null;
            }
            entry.state = State.FINISHING;
            return entry;
        } finally {
            lock.unlock();
        }
    }
}
