package org.atex.podman;

import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;

/** A container started by {@link PodmanProvisioner}; closing it removes the container. Safe for use from any thread. */
final class PodmanRemote implements Remote {
    private final Container container;
    private final PodmanConnection connection;
    private final Map<String, String> labels;
    private final Consumer<PodmanRemote> onClosed;
    // Held during the removal although that is I/O, since a concurrent close() must not return before the container is
    // removed.
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    PodmanRemote(
            Container container,
            PodmanConnection connection,
            Map<String, String> labels,
            Consumer<PodmanRemote> onClosed) {
        this.container = container;
        this.connection = connection;
        this.labels = Map.copyOf(labels);
        this.onClosed = onClosed;
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
                removeContainer();
            }
        } finally {
            closing.unlock();
        }
    }

    private void removeContainer() {
        try {
            // Removing the container kills all processes in it, so the connection need not end its commands first.
            connection.markRemoved();
            container.remove();
        } finally {
            connection.close();
            onClosed.accept(this);
        }
    }

    @Override
    public String toString() {
        return container.name();
    }
}
