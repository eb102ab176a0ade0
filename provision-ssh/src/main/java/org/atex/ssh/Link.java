package org.atex.ssh;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import net.schmizz.sshj.SSHClient;
import net.schmizz.sshj.connection.Connection;
import net.schmizz.sshj.connection.ConnectionException;
import net.schmizz.sshj.connection.channel.OpenFailException;
import net.schmizz.sshj.transport.TransportException;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A live connection to a host, from the login until it is lost or closed. It sends keep-alive requests and declares the
 * host lost when nothing has been received for too long. All waiting operations then fail.
 *
 * <p>Callers must not write to the connection in their own threads: sshj closes the socket when the writing thread is
 * interrupted. Everything that sends runs in {@link #threads}.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
final class Link {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    /** Login shells that read a command line as {@code sh} does. */
    private static final List<String> POSIX = List.of("sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh");

    /** How long {@link #close} waits for the disconnect message to be sent. */
    private static final Duration DISCONNECT_WITHIN = Duration.ofSeconds(1);

    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long a host may refuse a channel while no other channel of the link is open; it frees closed ones late. */
    private static final long ALONE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Route route;
    private final List<SSHClient> clients;
    private final Wire wire;
    private final Executor threads;
    /** The common prefix of the marks of this link's commands. Random, so that other connections' marks differ. */
    private final String marks =
            ";" + Long.toHexString(ThreadLocalRandom.current().nextLong()) + "-";

    private final RemotePorts remotePorts;
    private final AtomicLong commands = new AtomicLong();
    private final CountDownLatch over = new CountDownLatch(1);
    /** Guards {@link #openSessions}, {@link #hadSeveral}, {@link #closedSessions}; notified when they change. */
    private final Object sessionLock = new Object();

    /** Held while the reaper moves to another link. Locked before {@link #sessionLock}. */
    private final Object reaperLock = new Object();

    /** The number of open session channels. */
    private int openSessions;

    /** Whether two channels were open at once: the host then allows several, even if it refuses one now. */
    private boolean hadSeveral;

    /** The number of session channels closed so far. A change shows a waiting thread that the host may accept one. */
    private long closedSessions;

    /** When the last packet was received, by {@link System#nanoTime}. */
    private volatile long lastReceived = System.nanoTime();

    private final Set<Runnable> onLoss = ConcurrentHashMap.newKeySet();
    private volatile @Nullable IOException lost;
    private volatile @Nullable ExecChannel reaperChannel;
    private volatile @Nullable ProcessReaper reaper;

    /** A second connection to a host that allows one channel each; it carries the reaper. Null for other hosts. */
    private volatile @Nullable Link reaperLink;

    private CommandLine.@Nullable Context as;

    /** The sockets and processes that carry a link. */
    interface Wire {
        /** Closes the sockets and ends the processes, which wakes all threads that wait for them. */
        void cut();

        /**
         * Receives the first channel before the host has answered the request for a shell.
         *
         * @param shell the channel
         */
        void shellOpened(ExecChannel shell);

        /** {@return the cause of the loss as a part of a message, or an empty string if it is not known} */
        String lossReason();
    }

    private Link(Route route, List<SSHClient> clients, Wire wire) {
        this.route = route;
        this.clients = clients;
        this.wire = wire;
        this.remotePorts = new RemotePorts(client().getConnection());
        threads = work -> start(() -> runUntilLost(work));
    }

    /**
     * {@return a new link, with a running reaper}
     *
     * @param route the route to the host
     * @param clients the logged-in clients of the jump hosts in order; the last one is that of the host
     * @param wire the sockets of the clients
     * @throws IOException if the connection breaks
     * @throws SshRefusedException if the host does not start a shell
     */
    static Link over(Route route, List<SSHClient> clients, Wire wire) throws IOException {
        Link link = new Link(route, List.copyOf(clients), wire);
        for (SSHClient client : clients) {
            client.getTransport()
                    .setDisconnectListener((reason, message) ->
                            link.markLost(new IOException("the link broke: " + message + wire.lossReason())));
        }
        link.startReaper();
        link.threads.execute(link::watch);
        return link;
    }

    private Connection connection() {
        return clients.get(clients.size() - 1).getConnection();
    }

    /** {@return the sshj client that is logged in to the host} */
    SSHClient client() {
        return clients.get(clients.size() - 1);
    }

    /** {@return the ports of the host that are forwarded to this machine} */
    RemotePorts remotePorts() {
        return remotePorts;
    }

    private Thread start(Runnable work) {
        return Thread.ofVirtual().name("atex-ssh-" + route).start(work);
    }

    /**
     * Runs a task and interrupts its thread when the link is lost. sshj wakes only threads that wait at the moment of
     * the loss; a thread that starts to wait at the same moment would wait without end.
     */
    private void runUntilLost(Runnable work) {
        Runnable wake = Thread.currentThread()::interrupt;
        onLoss(wake);
        try {
            work.run();
        } catch (RuntimeException e) {
            // After a write that failed half-way, later writes of sshj throw other runtime exceptions.
            if (lost == null) {
                LOG.error("a thread of the link to {} died", route, e);
            }
        } finally {
            removeOnLoss(wake);
        }
    }

    /** {@return an executor for everything that sends; its threads are interrupted when the link is lost} */
    Executor threads() {
        return threads;
    }

    /** {@return the common prefix of the marks of this link's commands} */
    String marks() {
        // The reaper of the second link kills everything with the prefix of that link when it ends.
        Link other = reaperLink;
        return other == null ? marks : other.marks;
    }

    /** {@return a new mark for a command} */
    String nextMark() {
        return marks() + commands.incrementAndGet() + ";";
    }

    /** {@return how commands are run on the host} */
    CommandLine.Context as() {
        return started(as);
    }

    ProcessReaper reaper() {
        return started(reaper);
    }

    private static <T> T started(@Nullable T value) {
        if (value == null) {
            throw new AssertionError("a link is not published before its shell runs");
        }
        return value;
    }

    private void startReaper() throws IOException {
        SshOptions options = route.options();
        Supplier<char[]> password = options.sudoPassword();
        char[] secret = password == null ? null : password.get().clone();
        CommandLine.Context first = new CommandLine.Context(false, options.sudo(), secret, options.environment());
        ExecChannel channel;
        try {
            channel = exec(
                    first.line(CommandLine.BEGINNING + ProcessReaper.script(marks), new byte[0]),
                    () -> false,
                    wire::shellOpened);
        } catch (ConnectionException e) {
            // A cause or a lost link means that the connection broke; otherwise the host has answered with a refusal.
            if (e.getCause() != null || lost != null) {
                throw e;
            }
            throw noShell("it runs no commands (" + Dialer.reason(e) + ")", e);
        }
        ProcessReaper shell = new ProcessReaper(channel, threads);
        reaperChannel = channel;
        reaper = shell;
        as = new CommandLine.Context(isPosix(shell), options.sudo(), secret, options.environment());
    }

    private boolean isPosix(ProcessReaper shell) throws IOException {
        try {
            return POSIX.contains(shell.shell().get());
        } catch (ExecutionException e) {
            if (lost != null) {
                throw new IOException(Dialer.reason(e), e);
            }
            throw noShell(Dialer.reason(e), e);
        } catch (InterruptedException e) {
            throw new IOException("the attempt was cancelled", e);
        }
    }

    private SshRefusedException noShell(String why, Exception e) {
        return new SshRefusedException(
                "logged in to " + route + ", but could not run a shell there: " + why
                        + " (is the account limited to sftp or a forced command, or is its shell nologin?)",
                e);
    }

    /**
     * {@return the channel of a command that the host has started}
     *
     * @param line the command line and the first bytes of the input
     * @param cancelled checked while waiting until the host allows another channel
     * @throws IOException if the link is lost, the host refuses, or the attempt is cancelled
     */
    ExecChannel exec(CommandLine line, BooleanSupplier cancelled) throws IOException {
        return exec(line, cancelled, channel -> {});
    }

    private ExecChannel exec(CommandLine line, BooleanSupplier cancelled, Consumer<ExecChannel> opened)
            throws IOException {
        ExecChannel channel = openSession(cancelled);
        boolean done = false;
        try {
            opened.accept(channel);
            channel.exec(line);
            done = true;
            return channel;
        } finally {
            if (!done) {
                channel.hangUp();
            }
        }
    }

    /**
     * Opens a channel. A host limits the number of channels: after a refusal, waits until one closes and tries again.
     */
    private ExecChannel openSession(BooleanSupplier cancelled) throws IOException {
        long deadline = System.nanoTime() + ALONE_NANOS;
        long pause = FIRST_PAUSE_NANOS;
        while (true) {
            long before;
            // Read before the attempt: a channel that closes during the attempt must not be missed.
            synchronized (sessionLock) {
                before = closedSessions;
            }
            ExecChannel channel = new ExecChannel(connection(), threads, this::received);
            try {
                channel.open();
            } catch (OpenFailException e) {
                if (!moveReaper()) {
                    awaitChannel(before, pause, deadline, e, cancelled);
                    pause = Math.min(LONGEST_PAUSE_NANOS, 2 * pause);
                }
                continue;
            } catch (ConnectionException | TransportException e) {
                IOException cause = lost;
                throw cause != null ? cause : e;
            }
            synchronized (sessionLock) {
                openSessions++;
                hadSeveral |= openSessions > 1;
            }
            channel.whenGone(this::sessionClosed);
            return channel;
        }
    }

    /**
     * Moves the reaper to a second connection if the host seems to allow a single channel, and frees that channel.
     *
     * @return whether it was moved
     */
    private boolean moveReaper() throws IOException {
        ExecChannel channel = reaperChannel;
        synchronized (reaperLock) {
            synchronized (sessionLock) {
                if (channel == null || reaperLink != null || hadSeveral) {
                    return false;
                }
            }
            try {
                Link other = Dialer.dial(route, route.options().connectWithin(), Dialer.Retry.ABSENCE);
                reaperLink = other;
                reaper = other.reaper();
                onLoss(other::close);
            } catch (InterruptedException e) {
                throw new IOException("the attempt was cancelled", e);
            }
        }
        // Outside the lock: it sends a message to the host.
        channel.hangUp();
        return true;
    }

    /**
     * Waits until a channel has closed, but not longer than {@code pause}. A host may free a channel later than it
     * reports its close, when the processes have ended; it does not report that, so the caller tries again.
     */
    private void awaitChannel(long before, long pause, long alone, OpenFailException refusal, BooleanSupplier cancelled)
            throws IOException {
        synchronized (sessionLock) {
            if (openSessions == 0 && (closedSessions == 0 || System.nanoTime() - alone > 0)) {
                throw new IOException("the host refuses every channel: " + Dialer.reason(refusal), refusal);
            }
            ExecChannel moved = reaperLink == null ? null : reaperChannel;
            if (moved != null && !moved.isGone() && System.nanoTime() - alone > 0) {
                // No cause: Dialer.reason would show the cause in place of this message.
                throw new IOException("the host opens a single channel in the life of a connection, as tinysshd does: "
                        + Dialer.reason(refusal)
                        + " (use OpenSSH or dropbear on the host)");
            }
            long deadline = System.nanoTime() + pause;
            long left = pause;
            while (closedSessions == before && lost == null && !cancelled.getAsBoolean() && left > 0) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(sessionLock, left);
                } catch (InterruptedException e) {
                    throw new IOException("the attempt was cancelled", e);
                }
                left = deadline - System.nanoTime();
            }
            IOException cause = lost;
            if (cause != null) {
                throw cause;
            }
        }
        if (cancelled.getAsBoolean()) {
            throw new IOException("the attempt was cancelled", refusal);
        }
    }

    /** Wakes threads that wait for a channel, so that they check whether they were cancelled. */
    void wakeChannelWaiters() {
        synchronized (sessionLock) {
            sessionLock.notifyAll();
        }
    }

    private void sessionClosed() {
        synchronized (sessionLock) {
            openSessions--;
            closedSessions++;
            sessionLock.notifyAll();
        }
    }

    private void received() {
        lastReceived = System.nanoTime();
    }

    /** Sends a keep-alive request after each silent interval, and gives the host up after the allowed misses. */
    private void watch() {
        long interval = route.options().keepAlive().toNanos();
        long limit = interval * route.options().misses();
        long asked = lastReceived;
        try {
            while (true) {
                long now = System.nanoTime();
                if (now - lastReceived >= limit) {
                    markLost(new IOException(
                            "nothing was received for " + TimeUnit.NANOSECONDS.toMillis(now - lastReceived)
                                    + " ms in spite of keep-alive requests"));
                    return;
                }
                if (now - Math.max(lastReceived, asked) >= interval) {
                    asked = now;
                    // In another thread: sending may block, and the limit must hold nevertheless.
                    threads.execute(this::sendKeepAlive);
                }
                long next = Math.min(lastReceived + limit, Math.max(lastReceived, asked) + interval);
                if (over.await(next - now, TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            markLost(new IOException("the keep-alive thread was interrupted", e));
        }
    }

    private void sendKeepAlive() {
        try {
            connection()
                    .sendGlobalRequest("keepalive@openssh.com", true, new byte[0])
                    .retrieve();
            received();
        } catch (ConnectionException e) {
            // Most hosts answer that they do not know the request, which proves as well that they are alive.
            if (lost == null) {
                received();
            }
        } catch (TransportException e) {
            markLost(new IOException("the link broke: " + Dialer.reason(e), e));
        }
    }

    /** Sends a keep-alive request and waits for the answer or for the loss of the link. */
    void probe() throws InterruptedException {
        FutureTask<Boolean> asking = new FutureTask<>(this::sendKeepAlive, true);
        threads.execute(asking);
        try {
            asking.get();
        } catch (ExecutionException e) {
            LOG.debug("keep-alive request to {}", route, e);
        }
    }

    /** Marks the link as lost, once: closes the sockets and runs all registered actions. */
    private void markLost(IOException cause) {
        synchronized (sessionLock) {
            if (lost != null) {
                return;
            }
            lost = cause;
            sessionLock.notifyAll();
        }
        over.countDown();
        // In another thread: sshj holds locks while it reports the loss, and its reader thread needs them to end.
        start(wire::cut);
        onLoss.forEach(this::runOnce);
    }

    private void runOnce(Runnable action) {
        if (onLoss.remove(action)) {
            start(action);
        }
    }

    /**
     * Registers an action for the loss or the close of the link. It runs at once if the link is lost already.
     *
     * @param action the action, run once in a thread of its own
     */
    void onLoss(Runnable action) {
        onLoss.add(action);
        // markLost() may have run the registered actions before this one was added. runOnce runs each only once.
        if (lost != null) {
            runOnce(action);
        }
    }

    /** Removes an action registered by {@link #onLoss}. */
    void removeOnLoss(Runnable action) {
        onLoss.remove(action);
    }

    /** {@return the reason for the loss, or null if the link is usable} */
    @Nullable
    IOException lost() {
        return lost;
    }

    /**
     * Closes the link; sends a disconnect message if the host still reads. Idempotent. Takes about a second at most.
     */
    void close() {
        Thread disconnecting = Thread.ofVirtual().name("atex-ssh-disconnect").start(() -> {
            for (int i = clients.size() - 1; i >= 0; i--) {
                try {
                    clients.get(i).disconnect();
                } catch (IOException | RuntimeException e) {
                    LOG.debug("closing the link to {}", route, e);
                }
            }
        });
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            // An interrupt ends this courtesy: the server also notices that the socket is closed.
            section.attempt(() -> disconnecting.join(DISCONNECT_WITHIN));
            markLost(new IOException("the link was closed"));
            wire.cut();
        }
    }

    @Override
    public String toString() {
        return route.toString();
    }
}
