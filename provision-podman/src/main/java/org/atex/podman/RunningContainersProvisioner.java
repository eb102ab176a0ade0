package org.atex.podman;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.atex.api.AtexException;
import org.atex.api.Capability;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.provision.Provisioners;
import org.atex.provision.SystemLabels;

/**
 * Provisions containers that are started and stopped elsewhere, for example by Testcontainers. Each is handed out to
 * one caller at a time, with a new connection each time.
 *
 * <p>Systems are named after their containers, with {@code #2} and so on appended when a container is handed out again.
 * The label {@code os} ({@code linux}) is known in advance; each system also has {@code arch} and {@code distro}.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}. Closing it does not stop the containers.
 */
public final class RunningContainersProvisioner implements Provisioner {
    private final PodmanOptions options;
    private final Queue<String> free;
    private final Provisioner systems;

    private RunningContainersProvisioner(PodmanOptions options, List<String> containers) {
        this.options = options;
        free = new ConcurrentLinkedQueue<>(containers);
        systems = Provisioners.builder(unused -> connect())
                .name("containers " + containers)
                .maxSystems(containers.size())
                .label("os", "linux")
                .label(Capability.THROWAWAY, "no")
                .build();
    }

    /**
     * {@return a provisioner of running containers}
     *
     * @param containers the names or ids of the containers, at least one, without duplicates
     * @throws IllegalArgumentException if the array is empty or has duplicates
     */
    public static RunningContainersProvisioner of(String... containers) {
        return of(PodmanOptions.defaults(), containers);
    }

    /**
     * {@return a provisioner of running containers}
     *
     * @param options the options for access to the containers
     * @param containers the names or ids of the containers, at least one, without duplicates
     * @throws IllegalArgumentException if the array is empty or has duplicates
     */
    public static RunningContainersProvisioner of(PodmanOptions options, String... containers) {
        List<String> list = List.of(containers);
        if (list.isEmpty() || new HashSet<>(list).size() < list.size()) {
            throw new IllegalArgumentException(
                    "cannot provision the containers " + list + ": give at least one, and none twice");
        }
        return new RunningContainersProvisioner(options, list);
    }

    private Remote connect() throws InterruptedException {
        // There is a free one: a system leaves the limit of the provisioner after its container was added again.
        String container = free.remove();
        Connection opened = null;
        boolean complete = false;
        try {
            Connection connection = PodmanConnection.open(container, options);
            opened = connection;
            Remote remote = PlainRemote.builder(container, connection)
                    .labels(SystemLabels.of(connection))
                    .onClose(() -> free.add(container))
                    .build();
            complete = true;
            return remote;
        } catch (AtexException e) {
            throw new ProvisioningException(
                    "could not provision container " + container + ": " + e.getMessage(), e, container);
        } finally {
            if (!complete) {
                // Also after an interrupt: close() of the provisioner interrupts a start.
                if (opened != null) {
                    opened.close();
                }
                free.add(container);
            }
        }
    }

    @Override
    public void provision(int count) {
        systems.provision(count);
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        return systems.take(atMost);
    }

    @Override
    public void clear() {
        systems.clear();
    }

    @Override
    public int maxSystems() {
        return systems.maxSystems();
    }

    @Override
    public Map<String, String> labels() {
        return systems.labels();
    }

    @Override
    public void close() {
        systems.close();
    }

    @Override
    public String toString() {
        return systems.toString();
    }
}
