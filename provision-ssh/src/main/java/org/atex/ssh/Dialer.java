package org.atex.ssh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.SocketFactory;
import net.schmizz.sshj.DefaultConfig;
import net.schmizz.sshj.SSHClient;
import net.schmizz.sshj.connection.channel.OpenFailException;
import net.schmizz.sshj.transport.TransportException;
import org.atex.api.ConnectionLostException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes links. Each attempt has a thread of its own; when it takes too long, its sockets are closed under it, as no
 * time-out of sshj's ends all that can hang.
 */
final class Dialer {
    private static final Logger LOG = LoggerFactory.getLogger(Dialer.class);

    /** How sshj says that two sides have no algorithm in common; there is no type for it. */
    private static final String NO_SETTLEMENT = "Unable to reach a settlement";

    /** An attempt in less time than that would only fail for want of time. */
    private static final long SHORTEST_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long LONGEST_PAUSE_MILLIS = 1000;

    private final Route route;
    private final long deadline;
    private final boolean stubborn;
    private final Set<String> reasons = new LinkedHashSet<>();

    private Dialer(Route route, Duration within, boolean stubborn) {
        this.route = route;
        this.deadline = System.nanoTime() + within.toNanos();
        this.stubborn = stubborn;
    }

    /**
     * {@return a link to a host, which is logged in}
     *
     * @param route the way
     * @param within how long to go on trying
     * @param stubborn whether to go on also where the host does not let us in: while a machine starts, it does not let
     *     anybody in
     * @throws ConnectionLostException if it did not answer in time; the message has all the reasons
     * @throws SshRefusedException if it is of no use to try again
     */
    static Link dial(Route route, Duration within, boolean stubborn) throws InterruptedException {
        return new Dialer(route, within, stubborn).dial(within);
    }

    private Link dial(Duration within) throws InterruptedException {
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            try {
                return attempt();
            } catch (SshRefusedException e) {
                if (!stubborn || e.getCause() instanceof HostKeyException) {
                    throw e;
                }
                note(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                note(reason(e));
            }
            long left = deadline - System.nanoTime();
            if (left < SHORTEST_NANOS) {
                throw new ConnectionLostException(
                        "could not connect to " + described() + " within " + words(within) + ": "
                                + String.join("; then: ", reasons)
                                + " (is it up, does a firewall stand between, is its sshd running?)",
                        null);
            }
            TimeUnit.NANOSECONDS.sleep(Math.min(left / 2, TimeUnit.MILLISECONDS.toNanos(pause)));
            pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
        }
    }

    private String described() {
        String place = route.host() + ":" + route.port();
        return route.name().equals(place) ? place : route.name() + " (" + place + ")";
    }

    private void note(String reason) {
        if (reasons.add(reason)) {
            LOG.info("not connected to {} yet: {}", route, reason);
        }
    }

    /** {@return what is at the root of a failure} */
    static String reason(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        if (root instanceof OpenFailException refused) {
            String kind =
                    String.valueOf(refused.getReason()).toLowerCase(Locale.ROOT).replace('_', ' ');
            return message + " (" + kind + ")";
        }
        return root instanceof UnknownHostException
                ? "unknown host " + message
                : message == null || message.isEmpty() ? root.getClass().getSimpleName() : message;
    }

    private static String words(Duration time) {
        return time.toMillis() >= 10_000 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    private Link attempt() throws IOException, InterruptedException {
        Attempt attempt = new Attempt();
        FutureTask<Link> task = new FutureTask<>(attempt::run);
        Thread thread = Thread.ofVirtual().name("atex-ssh-dial-" + route).start(task);
        boolean made = false;
        try {
            Link link = task.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            made = true;
            return link;
        } catch (TimeoutException e) {
            throw new IOException("it did not finish " + attempt.stage + " in time"); // which is all of the reason
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SshRefusedException refused) {
                throw refused;
            }
            throw new IOException(attempt.stage + " failed: " + reason(e)); // no cause: this is all of the reason
        } finally {
            if (!made) {
                attempt.abort();
                thread.interrupt();
            }
        }
    }

    /** The host is not the one that we know. */
    static final class HostKeyException extends IOException {
        private static final long serialVersionUID = 1L;

        HostKeyException(Throwable cause) {
            super(cause);
        }
    }

    private final class Attempt {
        private final List<Socket> sockets = new ArrayList<>();
        private boolean aborted;
        volatile String stage = "connecting";

        Link run() throws IOException {
            List<SSHClient> clients = new ArrayList<>();
            boolean done = false;
            try {
                for (Route jump : route.jumps()) {
                    clients.add(hop(jump, clients));
                }
                clients.add(hop(route, clients));
                stage = "starting a shell";
                Link link = Link.over(route, clients, this::abort);
                done = true;
                return link;
            } finally {
                if (!done) {
                    abort();
                }
            }
        }

        private SSHClient hop(Route hop, List<SSHClient> before) throws IOException {
            HostKeyCheck check = new HostKeyCheck(hop.hostKeys(), hop.algorithms(), hop.host(), hop.port());
            SSHClient client = connect(hop, before, check);
            // What the host's key may be, says nothing of the user's.
            client.getTransport().getConfig().setKeyAlgorithms(KeyKinds.all());
            stage = "logging in as " + hop.user() + " at " + hop;
            Login.in(hop, client, !check.isChanged());
            return client;
        }

        private SSHClient connect(Route hop, List<SSHClient> before, HostKeyCheck check) throws IOException {
            while (true) {
                SSHClient client = client(hop, check);
                stage = "connecting to " + hop.host() + ":" + hop.port()
                        + (before.isEmpty() ? "" : " through " + route.jumps().get(before.size() - 1));
                try {
                    if (before.isEmpty()) {
                        client.connect(hop.host(), hop.port());
                    } else {
                        SSHClient last = before.get(before.size() - 1);
                        client.connectVia(DirectChannel.open(last.getConnection(), hop.host(), hop.port()));
                    }
                    return client;
                } catch (TransportException e) {
                    String refusal = check.refusal();
                    boolean noneLeft = reason(e).startsWith(NO_SETTLEMENT);
                    if (refusal != null
                            && !noneLeft
                            && hop.hostKeys() instanceof HostKeys.Pinned
                            && check.hasAnother()) {
                        continue;
                    }
                    if (refusal != null) {
                        throw new SshRefusedException(
                                "did not connect to " + hop + ": " + refusal, new HostKeyException(e));
                    }
                    if (noneLeft) {
                        throw new SshRefusedException(
                                "did not connect to " + hop + ", which shares no algorithm with us: " + reason(e), e);
                    }
                    throw e;
                }
            }
        }

        private SSHClient client(Route hop, HostKeyCheck check) {
            DefaultConfig config = new DefaultConfig();
            config.setLoggerFactory(Quiet.LOGGERS);
            config.setCipherFactories(AesGcm.first(config.getCipherFactories()));
            config.setKeyAlgorithms(check.algorithms());
            config.setVerifyHostKeyCertificates(false); // the check does it, which knows what is left without one
            SSHClient client = new SSHClient(config);
            client.addHostKeyVerifier(check);
            // Deadlines are kept from outside: by the attempt, then by the link. sshj waits in a loop only where it has
            // none; with one, two exchanges of keys in a row look like its end.
            client.getTransport().setTimeoutMs(0);
            client.getConnection().setTimeoutMs(0);
            client.setSocketFactory(new Sockets(hop));
            return client;
        }

        private Socket add(Socket socket) throws IOException {
            synchronized (sockets) {
                if (aborted) {
                    socket.close();
                    throw new IOException("given up");
                }
                sockets.add(socket);
            }
            return socket;
        }

        /** Cuts everything, which ends whatever waits for it. */
        void abort() {
            synchronized (sockets) {
                aborted = true;
                for (Socket socket : sockets) {
                    try {
                        socket.close();
                    } catch (IOException e) {
                        LOG.debug("closing the link to {}", route, e);
                    }
                }
            }
        }

        private final class Sockets extends SocketFactory {
            private final Route hop;

            Sockets(Route hop) {
                this.hop = hop;
            }

            @Override
            public Socket createSocket() throws IOException {
                String proxy = hop.proxyCommand();
                if (proxy != null) {
                    Tunnel tunnel = new Tunnel(proxy, hop.port());
                    add(tunnel).connect(null); // names are its affair, which may know more of them
                    return tunnel;
                }
                Socket socket = new Socket();
                // Nagle's algorithm and delayed acknowledgements would make 48 ms of 5.
                socket.setTcpNoDelay(true);
                return add(socket);
            }

            @Override
            public Socket createSocket(String host, int port) throws IOException {
                Socket socket = createSocket();
                socket.connect(new InetSocketAddress(host, port));
                return socket;
            }

            @Override
            public Socket createSocket(String host, int port, java.net.InetAddress from, int fromPort)
                    throws IOException {
                return createSocket(host, port);
            }

            @Override
            public Socket createSocket(java.net.InetAddress host, int port) throws IOException {
                return createSocket(host.getHostName(), port);
            }

            @Override
            public Socket createSocket(java.net.InetAddress host, int port, java.net.InetAddress from, int fromPort)
                    throws IOException {
                return createSocket(host, port);
            }
        }
    }
}
