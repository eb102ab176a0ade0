package org.atex.local;

import org.jspecify.annotations.Nullable;

/**
 * The launcher of several connections. It is created for the first connection and closed with the last one, so that
 * many systems cost one guard process, and as many shells as commands run at the same time.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class SharedLauncher {
    /** Guarded by this; null if there is no open connection. */
    private @Nullable Launcher launcher;

    /** Guarded by this. */
    private int connections;

    /** {@return another connection} */
    synchronized LocalConnection connect() {
        Launcher shared = launcher == null ? new Launcher() : launcher;
        launcher = shared;
        shared.connections(++connections);
        return new LocalConnection(shared, () -> release(shared));
    }

    private void release(Launcher shared) {
        if (removeConnection(shared)) {
            shared.close(); // without the lock, as it waits for processes
        }
    }

    /** {@return whether no connection is left} */
    private synchronized boolean removeConnection(Launcher shared) {
        connections--;
        shared.connections(connections);
        if (connections > 0) {
            return false;
        }
        launcher = null;
        return true;
    }
}
