package org.atex.ssh;

import java.time.Duration;
import org.atex.api.Connection;

/**
 * Opens connections to hosts. Implementations must be thread-safe: a provisioner connects to several hosts in parallel.
 */
@FunctionalInterface
interface Connector {
    /**
     * Connects to a host. Retries until the time is over, as the host may still be starting.
     *
     * @param host the host; its environment applies to every command of the connection
     * @param within the time for all attempts together; the call returns shortly after it at the latest
     * @return the connection, which the caller has to close
     * @throws RuntimeException if no attempt succeeded in time; the message gives the reasons
     * @throws InterruptedException if interrupted; nothing is left open
     */
    Connection connect(Host host, Duration within) throws InterruptedException;
}
