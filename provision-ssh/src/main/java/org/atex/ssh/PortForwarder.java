package org.atex.ssh;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import net.schmizz.sshj.connection.channel.Channel;
import net.schmizz.sshj.connection.channel.OpenFailException;
import net.schmizz.sshj.connection.channel.forwarded.RemotePortForwarder;
import org.atex.support.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens forwarded ports: local ones ({@code ssh -L}) and remote ones ({@code ssh -R}). */
final class PortForwarder {
    private static final Logger LOG = LoggerFactory.getLogger(PortForwarder.class);

    /** The limit of {@link Forwarding#close}. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private PortForwarder() {}

    /**
     * {@return a port on the loopback address of this machine, forwarded to a port that the host can reach}
     *
     * @throws IOException if the port of this machine cannot be bound
     */
    static Forwarding local(Link link, int port, String host, int hostPort) throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            listener.close();
            throw e;
        }
        LocalForwarding local = new LocalForwarding(link, listener, host, hostPort);
        link.threads().execute(local::accept);
        link.onLoss(local.end);
        return local;
    }

    /**
     * {@return a port on 127.0.0.1 of the host, forwarded to a port that this machine can reach}
     *
     * @throws IOException if the host refuses, or the link breaks
     */
    static Forwarding remote(Link link, int port, InetSocketAddress to) throws IOException {
        RemoteForwarding remote = new RemoteForwarding(link, to);
        remote.bind(port);
        link.onLoss(remote.end);
        return remote;
    }

    /** The common part of both directions: the sockets on this machine. */
    private abstract static class AbstractForwarding implements Forwarding {
        final Link link;
        private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
        final Runnable end = this::close;
        private volatile boolean closed;

        AbstractForwarding(Link link) {
            this.link = link;
        }

        final void relay(Socket socket, Channel channel) {
            // The order matters: close() sets closed first and then reads the sockets, so that one of the two closes
            // it.
            sockets.add(socket);
            Relay.start(socket, channel, link.threads(), () -> sockets.remove(socket));
            if (closed) {
                closeQuietly(socket);
            }
        }

        final boolean isClosed() {
            return closed;
        }

        abstract void stopListening() throws IOException;

        @Override
        public final void close() {
            if (closed) {
                return;
            }
            closed = true;
            link.removeOnLoss(end);
            sockets.forEach(AbstractForwarding::closeQuietly);
            // In a thread of its own: an interrupt of the caller would close the socket of the ssh connection.
            Thread stop = Threads.start("forward-end", () -> {
                try {
                    stopListening();
                } catch (IOException e) {
                    LOG.debug(
                            "could not close the forwarded port {} of the link to {}: {}",
                            port(),
                            link,
                            e.getMessage());
                }
            });
            Threads.join(List.of(stop), CLOSE_TIMEOUT);
        }

        static void closeQuietly(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                LOG.debug("could not close a forwarded connection", e);
            }
        }
    }

    private static final class LocalForwarding extends AbstractForwarding {
        private final ServerSocket listener;
        private final String host;
        private final int hostPort;

        LocalForwarding(Link link, ServerSocket listener, String host, int hostPort) {
            super(link);
            this.listener = listener;
            this.host = host;
            this.hostPort = hostPort;
        }

        void accept() {
            while (!isClosed()) {
                try {
                    Socket socket = listener.accept();
                    link.threads().execute(() -> connect(socket));
                } catch (IOException e) {
                    if (!isClosed()) {
                        LOG.warn("stopped accepting connections on the forwarded port {}: {}", port(), e.getMessage());
                    }
                    return;
                }
            }
        }

        private void connect(Socket socket) {
            try {
                socket.setTcpNoDelay(true);
                relay(socket, DirectChannel.open(link.client().getConnection(), host, hostPort));
            } catch (IOException e) {
                LOG.warn("could not forward a connection from {} to {}:{}: {}", link, host, hostPort, Dialer.reason(e));
                closeQuietly(socket);
            }
        }

        @Override
        public int port() {
            return listener.getLocalPort();
        }

        @Override
        void stopListening() throws IOException {
            listener.close();
        }
    }

    private static final class RemoteForwarding extends AbstractForwarding {
        /**
         * Not {@code localhost}: OpenSSH would bind the port in IPv6 and in IPv4, and report success if another program
         * has it in one of them. Connections to that address would then reach the other program.
         */
        private static final String LOOPBACK = "127.0.0.1";

        private final InetSocketAddress to;
        private volatile RemotePortForwarder.Forward forward = new RemotePortForwarder.Forward(0);

        RemoteForwarding(Link link, InetSocketAddress to) {
            super(link);
            this.to = to;
        }

        void bind(int port) throws IOException {
            forward = link.remotePorts().bind(new RemotePortForwarder.Forward(LOOPBACK, port), channel -> {
                // This is the reader thread of sshj, which must not block.
                link.threads().execute(() -> connect(channel));
            });
        }

        private void connect(Channel.Forwarded channel) {
            Socket socket = new Socket();
            try {
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(to.getHostString(), to.getPort()));
                channel.confirm();
                relay(socket, channel);
            } catch (IOException e) {
                LOG.warn("could not connect to {} for a connection forwarded from {}: {}", to, link, e.getMessage());
                closeQuietly(socket);
                reject(channel, e);
            }
        }

        private void reject(Channel.Forwarded channel, IOException why) {
            try {
                channel.reject(OpenFailException.Reason.CONNECT_FAILED, String.valueOf(why.getMessage()));
            } catch (IOException e) {
                LOG.debug("could not reject a forwarded connection", e);
            }
        }

        @Override
        public int port() {
            return forward.getPort();
        }

        @Override
        void stopListening() throws IOException {
            // A lost connection has closed the port already, and the request would wait for an answer.
            if (link.lost() == null) {
                link.remotePorts().cancel(forward);
            }
        }
    }
}
