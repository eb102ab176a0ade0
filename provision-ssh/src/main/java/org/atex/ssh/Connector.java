package org.atex.ssh;

import java.time.Duration;
import org.atex.api.Connection;

/** Opens connections to hosts. Thread-safe: hosts are connected to in parallel. */
@FunctionalInterface
interface Connector {
    /**
     * Connects, waiting for a host that is not up yet.
     *
     * @param host what to connect to; its environment becomes that of every command
     * @param within how long to go on trying; it does not take much longer
     * @return the connection, the caller's to close
     * @throws RuntimeException if there is none by then; its message says why
     * @throws InterruptedException if interrupted; nothing is left open
     */
    Connection connect(Host host, Duration within) throws InterruptedException;
}
