package org.atex.ssh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A host that is reached over ssh: commands are channels of one connection, files travel as tar streams through one
 * command each.
 *
 * <p>Whoever logs in needs a shell there; {@code sh}, {@code grep}, and {@code tar} for trees are all that is asked of the
 * system. A command's variables, directory and arguments reach it as they are, whatever the login shell, and output of the
 * login shell's start-up files is not taken for the command's. The values of variables go through the command's input and
 * are in no process list of the system; a variable whose name shells do not take, such as {@code a.b}, is an argument of
 * {@code env} for a moment.
 *
 * <p>Each command carries the variable {@code ATEX_COMMAND}, by which everything that it started is found again and
 * killed when it is closed, daemons included, and also when the connection breaks. What wipes its environment, leaves its
 * session and outlives its parents escapes, as do processes that a service of the system starts, and everything where there
 * is no {@code /proc}.
 *
 * <p>The host opens only so many channels at once ({@code MaxSessions}, often 10; one of them is used to end commands):
 * {@code start} waits until there is one. So whoever runs many commands at once that wait for each other needs a host
 * that allows as many.
 *
 * <p>A host that says nothing is asked whether it is there, and is lost when it does not answer: see
 * {@link SshOptions#withKeepAlive}.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
public final class SshConnection implements Connection {
    private static final Logger LOG = LoggerFactory.getLogger(SshConnection.class);
    private static final long PATIENCE_SECONDS = 5;

    private final Route route;
    private final Set<SshCommand> running = ConcurrentHashMap.newKeySet();
    private final Object changing = new Object();
    private final ReentrantLock reconnecting = new ReentrantLock();
    private volatile Link link;
    private volatile boolean closed;

    private SshConnection(Route route, Link link) {
        this.route = route;
        this.link = link;
    }

    /**
     * Connects to a host. A host that is not there yet is tried again, until the time of the options is over.
     *
     * @param destination {@code [user@]host[:port]}, where the host may be an alias of {@code ~/.ssh/config}
     * @param options how
     * @return a connection
     * @throws ConnectionLostException if it did not answer in time, or if its proxy command failed; the message has all the
     *     reasons
     * @throws SshRefusedException if the host is not the one that we know, or does not let us in
     * @throws InterruptedException if interrupted
     */
    public static SshConnection open(String destination, SshOptions options) throws InterruptedException {
        return open(Host.of(destination), options);
    }

    /**
     * Connects to a host. A host that is not there yet is tried again, until the time of the options is over.
     *
     * @param host the host; what it says of user, port, jump host and variables comes before the options
     * @param options how
     * @return a connection
     * @throws ConnectionLostException if it did not answer in time, or if its proxy command failed; the message has all the
     *     reasons
     * @throws SshRefusedException if the host is not the one that we know, or does not let us in
     * @throws InterruptedException if interrupted
     */
    public static SshConnection open(Host host, SshOptions options) throws InterruptedException {
        return open(host, options, Dialer.Retry.ABSENCE);
    }

    /**
     * Connects to a host.
     *
     * @param host the host
     * @param options how
     * @param retry what is tried again
     */
    static SshConnection open(Host host, SshOptions options, Dialer.Retry retry) throws InterruptedException {
        Route route = Route.to(host, options);
        return new SshConnection(route, Dialer.dial(route, options.connectWithin(), retry));
    }

    /**
     * {@inheritDoc}
     *
     * @throws TransferException if a file of this machine that the command is redirected to or from cannot be opened
     */
    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        Link current = usable("start '" + command + "'");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before '" + command + "' was started");
        }
        if (command.stdin() instanceof Input.FromFile file && !Files.isReadable(file.path())) {
            throw new TransferException(
                    "could not start '" + command + "': its input " + file.path() + " cannot be read", null);
        }
        SshCommand.Redirects redirects = SshCommand.Redirects.of(command);
        AtomicBoolean cancelled = new AtomicBoolean();
        FutureTask<SshCommand> task = new FutureTask<>(() -> start(command, current, redirects, cancelled));
        current.threads().execute(task);
        try {
            SshCommand started = task.get();
            if (closed) {
                started.close(); // close() may have looked before it was there
                refuseIfClosed("start '" + command + "'");
            }
            return started;
        } catch (InterruptedException e) {
            cancelled.set(true);
            current.wakeWaiting();
            Threads.start("ssh-late", () -> closeLate(task));
            throw e;
        } catch (ExecutionException e) {
            redirects.abandon();
            refuseIfClosed("start '" + command + "'");
            refuseIfLost(current, "start '" + command + "'");
            throw new ConnectionLostException(
                    "could not start '" + command + "' on " + route + ": " + Dialer.reason(e), e.getCause());
        }
    }

    private SshCommand start(Command command, Link current, SshCommand.Redirects redirects, AtomicBoolean cancelled)
            throws IOException {
        String mark = current.nextMark();
        ExecChannel channel = current.exec(CommandLine.of(command, mark, current.as()), cancelled::get);
        SshCommand started = new SshCommand(command, mark, current, channel, redirects, running::remove);
        running.add(started);
        return started;
    }

    /** Ends what was started when nobody wanted it any more. */
    private static void closeLate(FutureTask<? extends AutoCloseable> task) {
        try {
            task.get().close();
        } catch (Exception e) {
            LOG.debug("what was given up was not started: {}", e.getMessage());
        }
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        Link current = usable("upload " + source);
        String to = RemotePath.plain(target, source + " to " + target + " on " + route);
        Transfer tar = new TarUpload(this, route, source, to);
        if (route.options().sudo() == null) {
            tar.runOr(Sftp.upload(current, source, to, route.options().transfers()));
        } else {
            tar.run(); // sftp would run as somebody else
        }
        if (route.options().checksums()) {
            Checksums.ofUpload(this, route, source, to).run();
        }
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        Link current = usable("download " + source);
        String from = RemotePath.plain(source, source + " on " + route + " to " + target);
        Transfer tar = new TarDownload(this, route, from, target);
        if (route.options().sudo() == null) {
            tar.runOr(Sftp.download(current, from, target, route.options().transfers()));
        } else {
            tar.run();
        }
        if (route.options().checksums()) {
            Checksums.ofDownload(this, route, from, target).run();
        }
    }

    /**
     * Forwards a port of this machine, on its loopback address, until the connection is closed, lost or made anew.
     *
     * @param port the port, or 0 for one that is free
     * @param host a host, as the system calls it; {@code localhost} is the system itself
     * @param hostPort a port of that host
     * @return the forwarding, which the caller should close
     * @throws TransferException if the port cannot be listened on
     * @throws ConnectionLostException if the system cannot be reached any more
     */
    public Forwarding forwardLocal(int port, String host, int hostPort) {
        Link current = usable("forward port " + port);
        try {
            return PortForwarder.local(current, port, host, hostPort);
        } catch (IOException e) {
            throw new TransferException("cannot listen on port " + port + " of this machine: " + e.getMessage(), e);
        }
    }

    /**
     * Forwards a port of the system, on its loopback address, until the connection is closed, lost or made anew.
     *
     * @param port the port, or 0 for one that is free there
     * @param to what this machine connects to
     * @return the forwarding, which the caller should close
     * @throws TransferException if the system does not allow it
     * @throws ConnectionLostException if the system cannot be reached any more
     * @throws InterruptedException if interrupted
     */
    public Forwarding forwardRemote(int port, InetSocketAddress to) throws InterruptedException {
        Link current = usable("forward port " + port + " of it");
        FutureTask<Forwarding> task = new FutureTask<>(() -> PortForwarder.remote(current, port, to));
        current.threads().execute(task);
        try {
            return task.get();
        } catch (InterruptedException e) {
            Threads.start("ssh-late", () -> closeLate(task));
            throw e;
        } catch (ExecutionException e) {
            refuseIfLost(current, "forward port " + port + " of it");
            throw new TransferException(
                    route + " does not forward its port " + port + ": " + Dialer.reason(e)
                            + " (is it free, and does its sshd allow it: AllowTcpForwarding?)",
                    e);
        }
    }

    private Link usable(String what) {
        refuseIfClosed(what);
        Link current = link;
        refuseIfLost(current, what);
        return current;
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        refuseIfClosed("reconnect to " + route);
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before reconnecting to " + route);
        }
        Link old = link;
        long begun = System.nanoTime();
        Duration left = within;
        if (!reconnecting.tryLock()) {
            if (!reconnecting.tryLock(TimeUnit.NANOSECONDS.convert(within), TimeUnit.NANOSECONDS)) {
                throw new ConnectionLostException(
                        "could not reconnect to " + route + ": somebody else tries to, and has not got there in time",
                        null);
            }
            left = within.minusNanos(System.nanoTime() - begun);
        }
        try {
            // Two who lost the same link need one new one.
            if (link == old || link.lost() != null) {
                reconnectNow(left);
            }
        } finally {
            reconnecting.unlock();
        }
    }

    private void reconnectNow(Duration within) throws InterruptedException {
        Link old = link;
        SshCommand.closeAll(List.copyOf(running));
        old.close();
        try {
            Link fresh = Dialer.dial(route, within, Dialer.Retry.REFUSAL);
            // What the old link's shell could not end: it may have been killed itself.
            CompletableFuture<Boolean> ended = fresh.keeper().endEverywhere(old.marks());
            replace(fresh);
            ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("what the lost link to {} left running may still run: {}", route, String.valueOf(e));
        } catch (SshRefusedException e) {
            throw new ConnectionLostException(String.valueOf(e.getMessage()), e);
        }
    }

    private void replace(Link fresh) {
        synchronized (changing) {
            if (!closed) {
                link = fresh;
                return;
            }
        }
        fresh.close();
        refuseIfClosed("reconnect to " + route);
    }

    /** {@inheritDoc} A host that does not answer is left to itself after a few seconds. */
    @Override
    public void close() {
        synchronized (changing) {
            closed = true;
        }
        link.wakeWaiting();
        SshCommand.closeAll(List.copyOf(running));
        link.close();
    }

    private void refuseIfClosed(String what) {
        if (closed) {
            throw new IllegalStateException("cannot " + what + ": this connection is closed; open another one");
        }
    }

    private void refuseIfLost(Link current, String what) {
        IOException cause = current.lost();
        if (cause != null) {
            throw new ConnectionLostException(
                    "cannot " + what + ": " + route + " is lost: " + cause.getMessage() + " (reconnect, or open another"
                            + " connection)",
                    cause);
        }
    }

    @Override
    public String toString() {
        return route.toString();
    }
}
