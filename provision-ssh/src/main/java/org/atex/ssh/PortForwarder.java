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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two kinds of forwarding. */
final class PortForwarder {
    private static final Logger LOG = LoggerFactory.getLogger(PortForwarder.class);

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private PortForwarder() {}

    /** {@return a port of this machine that leads to one that the host can reach} */
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
        link.whenLost(local.end);
        return local;
    }

    /** {@return a port of the host that leads to one that this machine can reach} */
    static Forwarding remote(Link link, int port, InetSocketAddress to) throws IOException {
        RemoteForwarding remote = new RemoteForwarding(link, to);
        remote.bind(port);
        link.whenLost(remote.end);
        return remote;
    }

    /** What both kinds keep: the sockets of this machine. */
    private abstract static class AbstractForwarding implements Forwarding {
        final Link link;
        private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
        final Runnable end = this::close;
        private volatile boolean closed;

        AbstractForwarding(Link link) {
            this.link = link;
        }

        final void relay(Socket socket, Channel channel) {
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
            link.forget(end);
            sockets.forEach(AbstractForwarding::closeQuietly);
            // Elsewhere: this may be interrupted, and must not take the connection with it.
            Thread stop = Threads.start("forward-end", () -> {
                try {
                    stopListening();
                } catch (IOException e) {
                    LOG.debug("{} no longer forwards {}: {}", link, port(), e.getMessage());
                }
            });
            Threads.join(List.of(stop), PATIENCE);
        }

        static void closeQuietly(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                LOG.debug("closing a forwarded connection", e);
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
                        LOG.warn("the forwarded port {} takes no more connections: {}", port(), e.getMessage());
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
                LOG.warn(
                        "{} does not reach {}:{} for a forwarded connection: {}",
                        link,
                        host,
                        hostPort,
                        Dialer.reason(e));
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
        private final InetSocketAddress to;
        private volatile RemotePortForwarder.Forward forward = new RemotePortForwarder.Forward(0);

        RemoteForwarding(Link link, InetSocketAddress to) {
            super(link);
            this.to = to;
        }

        void bind(int port) throws IOException {
            forward = link.remotePorts().bind(new RemotePortForwarder.Forward("localhost", port), channel -> {
                // This is the thread that reads for everybody.
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
                LOG.warn("{} is not reached for a connection forwarded from {}: {}", to, link, e.getMessage());
                closeQuietly(socket);
                reject(channel, e);
            }
        }

        private void reject(Channel.Forwarded channel, IOException why) {
            try {
                channel.reject(OpenFailException.Reason.CONNECT_FAILED, String.valueOf(why.getMessage()));
            } catch (IOException e) {
                LOG.debug("refusing a forwarded connection", e);
            }
        }

        @Override
        public int port() {
            return forward.getPort();
        }

        @Override
        void stopListening() throws IOException {
            if (link.lost() == null) {
                link.remotePorts().cancel(forward);
            }
        }
    }
}
