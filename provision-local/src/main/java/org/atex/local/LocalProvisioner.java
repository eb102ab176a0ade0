package org.atex.local;

import java.time.Duration;
import java.util.Map;
import org.atex.api.Offer;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.provision.Provisioners;

/**
 * Provisions this machine as one or more systems named {@code local-1}, {@code local-2} and so on. Each has its own
 * {@link LocalConnection}; all share the files and users of the machine, and the resident shells that start commands.
 * Their host is {@code localhost}.
 *
 * <p>The number of systems that exist at the same time is limited. At the limit, {@code take} waits until a system is
 * closed.
 *
 * <p>Labels, known in advance: {@code os} ({@code linux}) and all of {@link org.atex.api.Capability}, for example
 * {@code arch} and {@code distro}.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class LocalProvisioner implements Provisioner {
    private final Provisioner systems;

    private LocalProvisioner(Provisioner systems) {
        this.systems = systems;
    }

    /**
     * {@return a provisioner of this machine}
     *
     * @param count the maximum number of systems that exist at the same time, at least 1
     * @throws IllegalArgumentException if the maximum is less than 1
     */
    public static LocalProvisioner withMaxSystems(int count) {
        SharedLauncher launcher = new SharedLauncher();
        return new LocalProvisioner(
                Provisioners.builder(number -> PlainRemote.builder("local-" + number, launcher.connect())
                                .address("localhost")
                                .host("localhost")
                                .build())
                        .name("systems on this machine")
                        .maxSystems(count)
                        .labels(MachineLabels.read())
                        .build());
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
