package org.atex.podman;

import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;

/** A container that was started for somebody, until it is given back. */
final class PodmanRemote implements Remote {
    private final Container container;
    private final PodmanConnection connection;
    private final Map<String, String> labels;
    private final Consumer<PodmanRemote> whenClosed;
    /** Held while it is removed, which is I/O: who closes it too must not return before it is. */
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    PodmanRemote(
            Container container,
            PodmanConnection connection,
            Map<String, String> labels,
            Consumer<PodmanRemote> whenClosed) {
        this.container = container;
        this.connection = connection;
        this.labels = Map.copyOf(labels);
        this.whenClosed = whenClosed;
    }

    @Override
    public String name() {
        return container.name();
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public void close() {
        closing.lock();
        try {
            if (!closed) {
                closed = true;
                end();
            }
        } finally {
            closing.unlock();
        }
    }

    /** The container takes all that runs in it along: nobody needs to look for what commands have left. */
    private void end() {
        try {
            connection.leave();
            container.remove();
        } finally {
            connection.close();
            whenClosed.accept(this);
        }
    }

    @Override
    public String toString() {
        return container.name();
    }
}
