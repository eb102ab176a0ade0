package org.atex.ssh;

import java.net.InetSocketAddress;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.TransferException;

/**
 * A connection that can forward ports. The connections of this module are of this type, and those to the machines of
 * Testing Farm.
 *
 * {@snippet :
 * PortForwarding connection = (PortForwarding) remote.connection();
 * try (Forwarding web = connection.forwardLocal(0, "localhost", 80)) {
 *     check(URI.create("http://localhost:" + web.port()));
 * }
 * }
 *
 * <p>Thread safety: see {@link Connection}.
 */
public interface PortForwarding extends Connection {
    /**
     * Forwards a local port to a host, which is connected to from the system. The port is bound to the loopback
     * address. The forwarding ends when the connection is closed, lost or reconnected.
     *
     * @param port the local port, or 0 for a free one
     * @param host the name of the host on the system; {@code localhost} is the system itself
     * @param hostPort the port of that host
     * @return the forwarding, which the caller should close
     * @throws TransferException if the local port cannot be bound
     * @throws ConnectionLostException if the connection is lost
     */
    Forwarding forwardLocal(int port, String host, int hostPort);

    /**
     * Forwards a port of the system to an address, which is connected to from this machine. The port is bound to
     * 127.0.0.1 on the system, not to ::1. The forwarding ends when the connection is closed, lost or reconnected.
     *
     * @param port the port of the system, or 0 for a free one
     * @param to the address
     * @return the forwarding, which the caller should close
     * @throws TransferException if the system refuses to forward the port
     * @throws ConnectionLostException if the connection is lost
     * @throws InterruptedException if the thread is interrupted
     */
    Forwarding forwardRemote(int port, InetSocketAddress to) throws InterruptedException;
}
