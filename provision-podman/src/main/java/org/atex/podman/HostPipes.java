package org.atex.podman;

import java.util.concurrent.Executor;
import org.atex.api.Command;

/**
 * The named pipes of a shell in a container on another host. Nothing is kept open between commands. Immutable.
 *
 * @param host the host
 * @param process the process id, on the host, of the first process of the container
 * @param name the name of the directory in {@code /dev/shm} of the container
 */
record HostPipes(ConnectedHost host, long process, String name) implements Pipes {
    @Override
    public CommandStreams streams(Command command, PipeNames names, Executor threads) {
        return new HostStreams(this, command, names, threads);
    }

    @Override
    public void close() {
        // Each command has its own process on the host.
    }
}
