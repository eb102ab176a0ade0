package org.atex.ssh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
import org.jspecify.annotations.Nullable;
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
    private final Retry retry;

    /** By what they are without their numbers: one that has the time or a port in it is the same again. */
    private final Map<String, String> reasons = new LinkedHashMap<>();

    /** What is tried again until the time is over, each with those before it. */
    enum Retry {
        /** A host that does not answer. */
        ABSENCE,

        /** A proxy command that fails, as it does where the host behind it does not answer yet. */
        FAILED_PROXY,

        /** A host that does not let us in: while a machine starts, it does not let anybody in. */
        REFUSAL
    }

    private Dialer(Route route, Duration within, Retry retry) {
        this.route = route;
        this.deadline = System.nanoTime() + within.toNanos();
        this.retry = retry;
    }

    /**
     * {@return a link to a host, which is logged in}
     *
     * @param route the way
     * @param within how long to go on trying
     * @param retry what to try again
     * @throws ConnectionLostException if it did not answer in time, or a proxy command failed; the message has all the
     *     reasons
     * @throws SshRefusedException if it is of no use to try again
     */
    static Link dial(Route route, Duration within, Retry retry) throws InterruptedException {
        return new Dialer(route, within, retry).dial(within);
    }

    private Link dial(Duration within) throws InterruptedException {
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            try {
                return attempt();
            } catch (SshRefusedException e) {
                if (retry != Retry.REFUSAL || e.getCause() instanceof HostKeyException) {
                    throw e;
                }
                note(String.valueOf(e.getMessage()));
            } catch (Tunnel.FailedException e) {
                if (retry == Retry.ABSENCE || !e.isPassing()) {
                    throw new ConnectionLostException(
                            "could not connect to " + described() + ": " + e.getMessage(), null);
                }
                note(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                note(reason(e));
            }
            long left = deadline - System.nanoTime();
            if (left < SHORTEST_NANOS) {
                throw new ConnectionLostException(
                        "could not connect to " + described() + " within " + words(within) + ": "
                                + String.join("; then: ", reasons.values())
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
        if (reasons.put(reason.replaceAll("[0-9]+", "0"), reason) == null) {
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
            throw new IOException(
                    "it did not finish " + attempt.stage + " in time" + attempt.said()); // which is all of the reason
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SshRefusedException refused) {
                throw refused;
            }
            if (e.getCause() instanceof Tunnel.FailedException proxy) {
                throw proxy;
            }
            throw new IOException(attempt.stage + " failed: " + reason(e)); // no cause: this is all of the reason
        } finally {
            if (!made) {
                attempt.cut();
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

    private final class Attempt implements Link.Wire {
        private final List<Socket> sockets = new ArrayList<>();
        private boolean aborted;
        volatile String stage = "connecting";
        private volatile @Nullable ExecChannel shell;

        Link run() throws IOException {
            List<SSHClient> clients = new ArrayList<>();
            boolean done = false;
            try {
                for (Route jump : route.jumps()) {
                    clients.add(hop(jump, clients));
                }
                clients.add(hop(route, clients));
                stage = "starting a shell";
                Link link = Link.over(route, clients, this);
                done = true;
                return link;
            } catch (IOException e) {
                Tunnel tunnel = tunnel();
                Tunnel.FailedException failure = tunnel == null ? null : tunnel.failure();
                if (failure != null) {
                    throw failure.code() == 0 ? new IOException(failure.getMessage()) : failure;
                }
                throw e;
            } finally {
                if (!done) {
                    cut();
                }
            }
        }

        /** {@return the last one, as a host may have been connected to several times, or null} */
        private @Nullable Tunnel tunnel() {
            synchronized (sockets) {
                return sockets.stream()
                        .filter(Tunnel.class::isInstance)
                        .map(Tunnel.class::cast)
                        .reduce((before, after) -> after)
                        .orElse(null);
            }
        }

        @Override
        public String why() {
            Tunnel tunnel = tunnel();
            Tunnel.FailedException failure = tunnel == null ? null : tunnel.failure();
            return failure == null ? "" : "; " + failure.getMessage();
        }

        @Override
        public void startsShell(ExecChannel channel) {
            shell = channel;
        }

        /** {@return what came in place of a shell} */
        String said() {
            ExecChannel channel = shell;
            return channel == null ? "" : ProcessReaper.saying(channel.said());
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
            config.setLoggerFactory(SilentLoggers.LOGGERS);
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
        @Override
        public void cut() {
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
