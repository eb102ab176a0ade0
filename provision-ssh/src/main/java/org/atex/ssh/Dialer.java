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
 * Connects to hosts: opens a {@link Link}, and retries until a deadline. Each attempt runs in a thread of its own. When
 * it takes too long, its sockets are closed, because the time-outs of sshj do not cover every read that can block.
 */
final class Dialer {
    private static final Logger LOG = LoggerFactory.getLogger(Dialer.class);

    /**
     * The beginning of sshj's message if the two sides have no algorithm in common; it has no exception type for that.
     */
    private static final String NO_COMMON_ALGORITHM = "Unable to reach a settlement";

    /** The least time for another attempt. A shorter one would run out of time and hide the real reason. */
    private static final long MIN_ATTEMPT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /**
     * The time limit for one TCP connection. The kernel waits longer and longer until it asks a host again that does not
     * answer; a host that has booted meanwhile answers a new connection at once.
     */
    private static final int TCP_MILLIS = 3000;

    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long MAX_PAUSE_MILLIS = 1000;

    private final Route route;
    private final long deadline;
    private final Retry retry;

    /**
     * The reasons of failed attempts in the order of their first occurrence. The key is the reason with all numbers
     * replaced by 0, so that reasons that differ in a time, a port or a process id only are reported once.
     */
    private final Map<String, String> reasons = new LinkedHashMap<>();

    /**
     * The failures after which another attempt is made until the time is over. Each value includes the ones before it.
     */
    enum Retry {
        /** The host does not answer. */
        ABSENCE,

        /** The proxy command fails. It does so while the host behind it does not answer yet. */
        FAILED_PROXY,

        /** The host refuses the login. A machine that is starting refuses every login for a while. */
        REFUSAL
    }

    private Dialer(Route route, Duration within, Retry retry) {
        this.route = route;
        this.deadline = System.nanoTime() + within.toNanos();
        this.retry = retry;
    }

    /**
     * {@return a link to a host, logged in and with its shell started}
     *
     * @param route the route to the host
     * @param within the time for all attempts together
     * @param retry the failures after which to try again
     * @throws ConnectionLostException if no attempt succeeded in time, or a proxy command failed that is not to be
     *     retried; the message has all reasons
     * @throws SshRefusedException if the host refused the connection in a way that is not to be retried
     * @throws InterruptedException if interrupted; nothing is left open
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
                // A wrong host key does not become right: repeating the attempt would only delay the error.
                if (retry != Retry.REFUSAL || e.getCause() instanceof HostKeyException) {
                    throw e;
                }
                record(String.valueOf(e.getMessage()));
            } catch (Tunnel.FailedException e) {
                if (retry == Retry.ABSENCE || !e.isTemporary()) {
                    throw new ConnectionLostException(
                            "could not connect to " + description() + ": " + e.getMessage(), null);
                }
                record(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                record(reason(e));
            }
            long remaining = deadline - System.nanoTime();
            if (remaining < MIN_ATTEMPT_NANOS) {
                throw new ConnectionLostException(
                        "could not connect to " + description() + " within " + format(within) + ": "
                                + String.join("; then: ", reasons.values())
                                + " (is the host up, is its sshd running, does a firewall block the port?)",
                        null);
            }
            // At most half of the time that is left, so that the last attempt has the other half.
            TimeUnit.NANOSECONDS.sleep(Math.min(remaining / 2, TimeUnit.MILLISECONDS.toNanos(pause)));
            pause = Math.min(MAX_PAUSE_MILLIS, pause * 2);
        }
    }

    private String description() {
        String place = route.host() + ":" + route.port();
        return route.name().equals(place) ? place : route.name() + " (" + place + ")";
    }

    private void record(String reason) {
        if (reasons.put(reason.replaceAll("[0-9]+", "0"), reason) == null) {
            LOG.info("could not connect to {} yet: {}", route, reason);
        }
    }

    /** {@return the message of the root cause of a failure, or the name of its type if it has no message} */
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

    private static String format(Duration time) {
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
            // No cause, here and below: reason(e) must return this message.
            throw new IOException("it did not finish " + attempt.stage + " in time" + attempt.startupOutput());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SshRefusedException refused) {
                throw refused;
            }
            if (e.getCause() instanceof Tunnel.FailedException proxy) {
                throw proxy;
            }
            throw new IOException(attempt.stage + " failed: " + reason(e));
        } finally {
            if (!made) {
                // Closing the sockets ends blocked reads; the interrupt ends waits on sshj's conditions.
                attempt.cut();
                thread.interrupt();
            }
        }
    }

    /** The host key was not accepted. */
    static final class HostKeyException extends IOException {
        private static final long serialVersionUID = 1L;

        HostKeyException(Throwable cause) {
            super(cause);
        }
    }

    /**
     * One attempt, and later the sockets of the link that it has opened. {@code run} is called by the thread of the
     * attempt, the other methods by any thread.
     */
    private final class Attempt implements Link.Wire {
        /** The open sockets, in the order of the hops. Also the lock of {@code aborted}. */
        private final List<Socket> sockets = new ArrayList<>();

        private boolean aborted;

        /** The current step, as a part of a message. */
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
                // If the proxy command ended, its exit code and stderr explain more than the broken stream.
                Tunnel tunnel = tunnel();
                Tunnel.FailedException failure = tunnel == null ? null : tunnel.failure();
                if (failure != null) {
                    // Exit code 0 means that the host closed the connection, not that the command failed.
                    throw failure.code() == 0 ? new IOException(failure.getMessage()) : failure;
                }
                String carrier = carrierFailure();
                throw carrier.isEmpty() ? e : new IOException(reason(e) + ": " + carrier);
            } finally {
                if (!done) {
                    cut();
                }
            }
        }

        /**
         * {@return the last tunnel, or null for a direct connection} A host with a pinned key can be connected to
         * several times.
         */
        private @Nullable Tunnel tunnel() {
            synchronized (sockets) {
                return sockets.stream()
                        .filter(Tunnel.class::isInstance)
                        .map(Tunnel.class::cast)
                        .reduce((first, second) -> second)
                        .orElse(null);
            }
        }

        /** {@return why a carrier has ended, or an empty text} */
        private String carrierFailure() {
            synchronized (sockets) {
                return sockets.stream()
                        .filter(CarrierSocket.class::isInstance)
                        .map(socket -> ((CarrierSocket) socket).failure())
                        .reduce("", (first, second) -> second);
            }
        }

        @Override
        public String lossReason() {
            Tunnel tunnel = tunnel();
            Tunnel.FailedException failure = tunnel == null ? null : tunnel.failure();
            String reason = failure == null ? carrierFailure() : String.valueOf(failure.getMessage());
            return reason.isEmpty() ? "" : "; " + reason;
        }

        @Override
        public void shellOpened(ExecChannel channel) {
            shell = channel;
        }

        /** {@return the output before the shell has started, as a part of a message; may be empty} */
        String startupOutput() {
            ExecChannel channel = shell;
            return channel == null ? "" : ProcessReaper.quoted(channel.startupOutput());
        }

        private SSHClient hop(Route hop, List<SSHClient> before) throws IOException {
            HostKeyCheck check = new HostKeyCheck(hop.hostKeys(), hop.algorithms(), hop.host(), hop.port());
            SSHClient client = connect(hop, before, check);
            // HostKeyAlgorithms limits the keys of the host only, but sshj has one setting for host keys and user keys.
            client.getTransport().getConfig().setKeyAlgorithms(KeyKinds.all());
            stage = "logging in as " + hop.user() + " at " + hop;
            Login.in(hop, client, !check.isChanged());
            return client;
        }

        private SSHClient connect(Route hop, List<SSHClient> before, HostKeyCheck check) throws IOException {
            // A server presents one key of one type. To find a pinned key, connect again for each type that it may
            // have.
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
                    boolean noCommonAlgorithm = reason(e).startsWith(NO_COMMON_ALGORITHM);
                    if (refusal != null
                            && !noCommonAlgorithm
                            && hop.hostKeys() instanceof HostKeys.Pinned
                            && check.excludeRefusedType()) {
                        continue;
                    }
                    if (refusal != null) {
                        throw new SshRefusedException(
                                "did not connect to " + hop + ": " + refusal, new HostKeyException(e));
                    }
                    if (noCommonAlgorithm) {
                        throw new SshRefusedException(
                                "did not connect to " + hop + ": it shares no algorithm with this client: " + reason(e),
                                e);
                    }
                    throw e;
                }
            }
        }

        private SSHClient client(Route hop, HostKeyCheck check) {
            DefaultConfig config = new DefaultConfig();
            config.setLoggerFactory(SilentLoggers.LOGGERS);
            config.setCipherFactories(AesGcm.inOrderOfPreference(config.getCipherFactories()));
            config.setKeyAlgorithms(check.algorithms());
            config.setVerifyHostKeyCertificates(false); // HostKeyCheck does, and then tries the plain key
            SSHClient client = new SSHClient(config);
            client.addHostKeyVerifier(check);
            // 0 is no time-out: the attempt and then the link have deadlines of their own. With a time-out sshj waits
            // only once for the end of a key exchange, and takes a second exchange that follows at once for the
            // time-out.
            client.getTransport().setTimeoutMs(0);
            client.getConnection().setTimeoutMs(0);
            client.setSocketFactory(new Sockets(hop));
            client.setConnectTimeout(TCP_MILLIS);
            return client;
        }

        private Socket add(Socket socket) throws IOException {
            synchronized (sockets) {
                if (aborted) {
                    socket.close();
                    throw new IOException("the attempt was aborted");
                }
                sockets.add(socket);
            }
            return socket;
        }

        /** Closes all sockets, and each one that is still to come. Threads that wait for them fail. */
        @Override
        public void cut() {
            synchronized (sockets) {
                aborted = true;
                for (Socket socket : sockets) {
                    try {
                        socket.close();
                    } catch (IOException e) {
                        LOG.debug("could not close a socket of the link to {}", route, e);
                    }
                }
            }
        }

        /** Creates the socket of the first hop: a TCP connection, a carrier or a proxy command. */
        private final class Sockets extends SocketFactory {
            private final Route hop;

            Sockets(Route hop) {
                this.hop = hop;
            }

            @Override
            public Socket createSocket() throws IOException {
                Carrier carrier = hop.options().carrier();
                if (carrier != null) {
                    CarrierSocket socket = new CarrierSocket(carrier, hop.port());
                    add(socket).connect(null);
                    return socket;
                }
                String proxy = hop.proxyCommand();
                if (proxy != null) {
                    Tunnel tunnel = new Tunnel(proxy, hop.port());
                    add(tunnel).connect(null); // no address: the command resolves the host name
                    return tunnel;
                }
                Socket socket = new Socket();
                // With Nagle's algorithm and delayed acknowledgements a command takes 48 ms instead of 5.
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
