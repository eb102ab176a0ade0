package org.atex.ssh;

import java.io.IOException;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One live connection to a host, from being logged in to being lost or closed. It watches itself: a host that says nothing
 * for too long is lost, and then everything that waits for it is told.
 *
 * <p>Whatever sends, does so in a thread of the link's own ({@link #threads}): an interrupt of a caller's must not reach
 * the socket, which it would close.
 *
 * <p>Thread safety: from any thread.
 */
final class Link {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    /** Login shells that read as {@code sh} does. */
    private static final List<String> POSIX = List.of("sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh");

    private static final long FAREWELL_SECONDS = 1;
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long a host may count channels that are closed, where we have no other open. */
    private static final long ALONE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Route route;
    private final List<SSHClient> clients;
    private final Wire wire;
    private final Executor threads;
    private final String marks =
            ";" + Long.toHexString(ThreadLocalRandom.current().nextLong()) + "-";
    private final RemotePorts remotePorts;
    private final AtomicLong commands = new AtomicLong();
    private final CountDownLatch over = new CountDownLatch(1);
    private final Object sessions = new Object();
    private final Object moving = new Object();
    private int open;

    /** Whether there has been more than one at once: then the host allows that, even if it refuses one now. */
    private boolean several;

    private long gone;
    private volatile long heard = System.nanoTime();
    private final Set<Runnable> whenLost = ConcurrentHashMap.newKeySet();
    private volatile @Nullable IOException lost;
    private volatile @Nullable ExecChannel keepersChannel;
    private volatile @Nullable ProcessReaper keeper;

    /** Another connection to the host, whose shell is ours where this one may have but a single channel. */
    private volatile @Nullable Link second;

    private CommandLine.@Nullable Context as;

    /** What carries a link. */
    interface Wire {
        /** Ends it. */
        void cut();

        /**
         * Is told of the first channel, before it has answered.
         *
         * @param shell the channel
         */
        void startsShell(ExecChannel shell);

        /** {@return why it broke, as a part of a message; empty if it does not know} */
        String why();
    }

    private Link(Route route, List<SSHClient> clients, Wire wire) {
        this.route = route;
        this.clients = clients;
        this.wire = wire;
        this.remotePorts = new RemotePorts(client().getConnection());
        threads = work -> start(() -> untilLost(work));
    }

    /**
     * {@return a link}
     *
     * @param route where to
     * @param clients logged in to the jump hosts and, at last, the host
     * @param wire their sockets
     * @throws IOException if the link breaks
     * @throws SshRefusedException if no shell can be started there
     */
    static Link over(Route route, List<SSHClient> clients, Wire wire) throws IOException {
        Link link = new Link(route, List.copyOf(clients), wire);
        for (SSHClient client : clients) {
            client.getTransport()
                    .setDisconnectListener(
                            (reason, message) -> link.lose(new IOException("the link broke: " + message + wire.why())));
        }
        link.startKeeper();
        link.threads.execute(link::watch);
        return link;
    }

    private Connection connection() {
        return clients.get(clients.size() - 1).getConnection();
    }

    /** {@return the client that is logged in to the host} */
    SSHClient client() {
        return clients.get(clients.size() - 1);
    }

    /** {@return the ports of the host that lead here} */
    RemotePorts remotePorts() {
        return remotePorts;
    }

    private Thread start(Runnable work) {
        return Thread.ofVirtual().name("atex-ssh-" + route).start(work);
    }

    /** What begins to wait for the host in the moment of its loss, sshj does not wake: an interrupt does. */
    private void untilLost(Runnable work) {
        Runnable wake = Thread.currentThread()::interrupt;
        whenLost(wake);
        try {
            work.run();
        } catch (RuntimeException e) {
            // Once a write has failed half-way, sshj's next one is anything but an I/O error.
            if (lost == null) {
                LOG.error("a thread of the link to {} died", route, e);
            }
        } finally {
            forget(wake);
        }
    }

    /** {@return where whatever sends is run; interrupted when the link is lost} */
    Executor threads() {
        return threads;
    }

    /** {@return what all marks of this link's commands begin with} */
    String marks() {
        Link other = second;
        return other == null ? marks : other.marks;
    }

    /** {@return a mark that no other command has} */
    String nextMark() {
        return marks() + commands.incrementAndGet() + ";";
    }

    /** {@return how things are run there} */
    CommandLine.Context as() {
        return started(as);
    }

    ProcessReaper keeper() {
        return started(keeper);
    }

    private static <T> T started(@Nullable T value) {
        if (value == null) {
            throw new AssertionError("no link is handed out before it has a shell");
        }
        return value;
    }

    private void startKeeper() throws IOException {
        SshOptions options = route.options();
        Supplier<char[]> password = options.sudoPassword();
        char[] secret = password == null ? null : password.get().clone();
        CommandLine.Context first = new CommandLine.Context(false, options.sudo(), secret, options.environment());
        ExecChannel channel;
        try {
            channel = exec(
                    first.line(CommandLine.BEGINNING + ProcessReaper.script(marks), new byte[0]),
                    () -> false,
                    wire::startsShell);
        } catch (ConnectionException e) {
            if (e.getCause() != null || lost != null) {
                throw e;
            }
            throw noShell("it runs no commands (" + Dialer.reason(e) + ")", e);
        }
        ProcessReaper shell = new ProcessReaper(channel, threads);
        keepersChannel = channel;
        keeper = shell;
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
            throw new IOException("given up", e);
        }
    }

    private SshRefusedException noShell(String why, Exception e) {
        return new SshRefusedException(
                "logged in to " + route + ", but could not run a shell there: " + why
                        + " (is the account one for commands, or has it nologin, sftp only, a forced command?)",
                e);
    }

    /**
     * {@return the channel of a command that the host has started}
     *
     * @param line what to send
     * @param cancelled asked while waiting for the host to allow one more channel
     * @throws IOException if the link is lost, or the host refuses
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

    /** As the host allows only so many at once, one that is refused waits for another to go. */
    private ExecChannel openSession(BooleanSupplier cancelled) throws IOException {
        long deadline = System.nanoTime() + ALONE_NANOS;
        long pause = FIRST_PAUSE_NANOS;
        while (true) {
            long before;
            synchronized (sessions) {
                before = gone;
            }
            ExecChannel channel = new ExecChannel(connection(), threads, this::hear);
            try {
                channel.open();
            } catch (OpenFailException e) {
                if (!makesRoom()) {
                    awaitRoom(before, pause, deadline, e, cancelled);
                    pause = Math.min(LONGEST_PAUSE_NANOS, 2 * pause);
                }
                continue;
            } catch (ConnectionException | TransportException e) {
                IOException cause = lost;
                throw cause != null ? cause : e;
            }
            synchronized (sessions) {
                open++;
                several |= open > 1;
            }
            channel.whenGone(this::sessionGone);
            return channel;
        }
    }

    /** A host that allows a single channel has it taken by our shell, which then moves. {@return whether it did} */
    private boolean makesRoom() throws IOException {
        ExecChannel channel = keepersChannel;
        synchronized (moving) {
            synchronized (sessions) {
                if (channel == null || second != null || several) {
                    return false;
                }
            }
            try {
                Link other = Dialer.dial(route, route.options().connectWithin(), Dialer.Retry.ABSENCE);
                second = other;
                keeper = other.keeper();
                whenLost(other::close);
            } catch (InterruptedException e) {
                throw new IOException("given up", e);
            }
        }
        channel.hangUp();
        return true;
    }

    /**
     * Waits until a channel has gone, or for a while: the host gives its place to another only when its processes are
     * gone too, which it does not tell.
     */
    private void awaitRoom(long before, long pause, long alone, OpenFailException refusal, BooleanSupplier cancelled)
            throws IOException {
        synchronized (sessions) {
            if (open == 0 && (gone == 0 || System.nanoTime() - alone > 0)) {
                throw new IOException("the host opens no channel: " + Dialer.reason(refusal), refusal);
            }
            ExecChannel moved = second == null ? null : keepersChannel;
            if (moved != null && !moved.isGone() && System.nanoTime() - alone > 0) {
                throw new IOException("the host opens a single channel in the life of a connection, as tinysshd does: "
                        + Dialer.reason(refusal)
                        + " (have OpenSSH or dropbear run there)"); // no cause: this is all of it
            }
            long deadline = System.nanoTime() + pause;
            long left = pause;
            while (gone == before && lost == null && !cancelled.getAsBoolean() && left > 0) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(sessions, left);
                } catch (InterruptedException e) {
                    throw new IOException("given up", e);
                }
                left = deadline - System.nanoTime();
            }
            IOException cause = lost;
            if (cause != null) {
                throw cause;
            }
        }
        if (cancelled.getAsBoolean()) {
            throw new IOException("given up", refusal);
        }
    }

    /** Has those who wait for a channel look again whether they still want one. */
    void wakeWaiting() {
        synchronized (sessions) {
            sessions.notifyAll();
        }
    }

    private void sessionGone() {
        synchronized (sessions) {
            open--;
            gone++;
            sessions.notifyAll();
        }
    }

    private void hear() {
        heard = System.nanoTime();
    }

    /** Asks the host when it has been silent for a while, and gives it up when it stays so. */
    private void watch() {
        long interval = route.options().keepAlive().toNanos();
        long limit = interval * route.options().misses();
        long asked = heard;
        try {
            while (true) {
                long now = System.nanoTime();
                if (now - heard >= limit) {
                    lose(new IOException("it has said nothing for " + TimeUnit.NANOSECONDS.toMillis(now - heard)
                            + " ms, though it was asked"));
                    return;
                }
                if (now - Math.max(heard, asked) >= interval) {
                    asked = now;
                    threads.execute(this::ask);
                }
                long next = Math.min(heard + limit, Math.max(heard, asked) + interval);
                if (over.await(next - now, TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            lose(new IOException("the watch over the link was interrupted", e));
        }
    }

    private void ask() {
        try {
            connection()
                    .sendGlobalRequest("keepalive@openssh.com", true, new byte[0])
                    .retrieve();
            hear();
        } catch (ConnectionException e) {
            // Most hosts answer that they know no such request, which is an answer.
            if (lost == null) {
                hear();
            }
        } catch (TransportException e) {
            lose(new IOException("the link broke: " + Dialer.reason(e), e));
        }
    }

    /** Asks the host whether it is there, and waits for its answer or its loss. */
    void probe() throws InterruptedException {
        FutureTask<Boolean> asking = new FutureTask<>(this::ask, true);
        threads.execute(asking);
        try {
            asking.get();
        } catch (ExecutionException e) {
            LOG.debug("asking {}", route, e);
        }
    }

    /** Gives the host up. */
    private void lose(IOException cause) {
        synchronized (sessions) {
            if (lost != null) {
                return;
            }
            lost = cause;
            sessions.notifyAll();
        }
        over.countDown();
        // sshj holds locks while it tells us, and its reader ends when the sockets do.
        start(wire::cut);
        whenLost.forEach(this::doWhenLost);
    }

    private void doWhenLost(Runnable what) {
        if (whenLost.remove(what)) {
            start(what);
        }
    }

    /**
     * Has something done when the link is lost or closed; at once if it is.
     *
     * @param what what is done, in a thread of its own
     */
    void whenLost(Runnable what) {
        whenLost.add(what);
        if (lost != null) {
            doWhenLost(what);
        }
    }

    /** Takes that back. */
    void forget(Runnable what) {
        whenLost.remove(what);
    }

    /** {@return why the link is of no use any more, or null if it is} */
    @Nullable
    IOException lost() {
        return lost;
    }

    /** Ends it, with a farewell if the host still listens. Idempotent; bounded in time. */
    void close() {
        Thread farewell = Thread.ofVirtual().name("atex-ssh-farewell").start(() -> {
            for (int i = clients.size() - 1; i >= 0; i--) {
                try {
                    clients.get(i).disconnect();
                } catch (IOException | RuntimeException e) {
                    LOG.debug("closing the link to {}", route, e);
                }
            }
        });
        boolean interrupted = Thread.interrupted();
        try {
            farewell.join(TimeUnit.SECONDS.toMillis(FAREWELL_SECONDS));
        } catch (InterruptedException e) {
            interrupted = true;
        }
        lose(new IOException("the link was closed"));
        wire.cut();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return route.toString();
    }
}
