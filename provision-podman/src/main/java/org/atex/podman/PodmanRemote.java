package org.atex.podman;

import java.util.Map;
import org.atex.api.Remote;

/**
 * A container started by {@link PodmanProvisioner}; closing it removes the container.
 *
 * @param container the container
 * @param connection the connection to it
 * @param labels the labels that it reports about itself
 */
record PodmanRemote(Container container, PodmanConnection connection, Map<String, String> labels) implements Remote {
    @Override
    public String name() {
        return container.name();
    }

    /** {@inheritDoc} Called once, by the provisioner. */
    @Override
    public void close() {
        try {
            // Removing the container kills all processes in it, so the connection need not end its commands first.
            connection.markRemoved();
            container.remove();
        } finally {
            connection.close();
        }
    }

    @Override
    public String toString() {
        return container.name();
    }
}
