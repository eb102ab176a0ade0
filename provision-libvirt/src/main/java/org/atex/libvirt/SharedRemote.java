package org.atex.libvirt;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Connection;
import org.atex.api.Remote;

/** A system of a {@link SharedDomainsProvisioner}; closing it unlocks its domain. Thread-safe. */
final class SharedRemote implements Remote {
    private final Remote machine;
    private final Map<String, String> labels;
    private final GuestConnection connection;
    private final Runnable end;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean isLost;

    /**
     * Creates a system.
     *
     * @param domain the name of the domain
     * @param machine the virtual machine
     * @param end ends the virtual machine and the lock; must not throw
     */
    SharedRemote(String domain, Remote machine, Runnable end) {
        this.machine = machine;
        this.end = end;
        Map<String, String> all = new HashMap<>(machine.labels());
        all.put("domain", domain);
        labels = Map.copyOf(all);
        connection = new GuestConnection(machine.name(), machine.connection());
    }

    /** Marks the system as lost, finally. */
    void lose(String reason) {
        isLost = true;
        connection.lose(reason);
    }

    @Override
    public String name() {
        return machine.name();
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
    public String host() {
        return machine.host();
    }

    /** {@inheritDoc} The domain remains locked. */
    @Override
    public boolean reset() throws InterruptedException {
        return !isLost && machine.reset() && !isLost;
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            connection.close();
            machine.close();
            end.run();
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
