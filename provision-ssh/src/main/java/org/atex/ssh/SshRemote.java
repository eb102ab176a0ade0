package org.atex.ssh;

import java.util.Map;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;

/**
 * A connected host of a {@link HostPool}. The provisioner wraps it, and closes it once.
 *
 * @param name its name, different for each use of the host
 * @param pooled the host
 * @param connection the connection to it
 * @param giveBack closes the connection and gives the host back
 */
record SshRemote(String name, PooledHost pooled, Connection connection, Consumer<SshRemote> giveBack)
        implements Remote {
    /** {@return the name of the host, without the number that distinguishes its uses} */
    @Override
    public String host() {
        return pooled.host.machine();
    }

    /** {@return the address of the host as it was given; an alias of the ssh configuration is not resolved} */
    @Override
    public String address() {
        return pooled.host.address();
    }

    @Override
    public Map<String, String> labels() {
        return pooled.host.labels();
    }

    @Override
    public int slots() {
        return pooled.host.slots();
    }

    @Override
    public void close() {
        giveBack.accept(this);
    }

    @Override
    public String toString() {
        return name;
    }
}
