package org.atex.ssh;

import org.atex.api.Connection;

/** Something to do with a host, over a connection to it. Thread-safe: hosts come and go in parallel. */
@FunctionalInterface
public interface HostHook {
    /**
     * Does it. Whatever it throws makes the host a failed one: it is quarantined.
     *
     * @param host the host
     * @param connection to it; it stays open
     * @throws InterruptedException if interrupted, because it takes too long
     */
    void accept(Host host, Connection connection) throws InterruptedException;
}
