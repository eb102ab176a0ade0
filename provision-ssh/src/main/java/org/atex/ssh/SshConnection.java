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
import net.schmizz.sshj.transport.TransportException;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.atex.support.OutputFiles;
import org.atex.support.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a host over ssh. Each command is a channel of one ssh connection. A file or tree is copied as a tar
 * stream through one command.
 *
 * <p>The login needs a shell. The system needs {@code sh}, {@code grep}, and {@code tar} for trees. Environment
 * variables, the working directory and arguments arrive unchanged with every login shell, and output of the login
 * shell's start-up files is removed from the command's output. The values of variables are sent through the standard
 * input and do not appear in a process list. An exception is a variable with a name that shells do not accept, such as
 * {@code a.b}: it is an argument of {@code env} for a moment.
 *
 * <p>Each command has the variable {@code ATEX_COMMAND}, by which its processes are found and killed when the command
 * is closed, daemons included, and when the connection breaks. Not found are a process that clears its environment,
 * leaves its session and outlives its parents, and a process that a service of the system starts. Without {@code /proc}
 * on the system no process is found.
 *
 * <p>A host limits the number of channels of a connection ({@code MaxSessions}, often 10; one is used to end commands).
 * {@code start} waits until a channel is free. Commands that wait for each other therefore need a host that allows as
 * many channels.
 *
 * <p>A silent host is sent keep-alive requests and is lost if it does not answer: see {@link SshOptions#withKeepAlive}.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
public final class SshConnection implements PortForwarding {
    private static final Logger LOG = LoggerFactory.getLogger(SshConnection.class);
    /** How long reconnecting waits until the processes left by the lost link are killed. */
    private static final long CLEANUP_SECONDS = 5;

    private final Route route;
    private final Set<SshCommand> running = ConcurrentHashMap.newKeySet();
    /** Guards the change of {@link #link} against {@link #close}. */
    private final Object linkLock = new Object();

    /** Held while a thread reconnects. Not held together with {@link #linkLock}, except by that thread. */
    private final ReentrantLock reconnecting = new ReentrantLock();

    private volatile Link link;
    private volatile boolean closed;

    private SshConnection(Route route, Link link) {
        this.route = route;
        this.link = link;
    }

    /**
     * Connects to a host. Failed attempts are repeated until the time limit of the options.
     *
     * @param destination {@code [user@]host[:port]}; the host may be an alias of {@code ~/.ssh/config}
     * @param options the options
     * @return a connection
     * @throws ConnectionLostException if the host did not answer in time, or its proxy command failed; the message
     *     contains all reasons
     * @throws SshRefusedException if the host key is not trusted, or the host refuses the login
     * @throws InterruptedException if the thread is interrupted
     */
    public static SshConnection open(String destination, SshOptions options) throws InterruptedException {
        return open(Host.of(destination), options);
    }

    /**
     * Connects to a host. Failed attempts are repeated until the time limit of the options.
     *
     * @param host the host; its user, port, jump host and variables take precedence over the options
     * @param options the options
     * @return a connection
     * @throws ConnectionLostException if the host did not answer in time, or its proxy command failed; the message
     *     contains all reasons
     * @throws SshRefusedException if the host key is not trusted, or the host refuses the login
     * @throws InterruptedException if the thread is interrupted
     */
    public static SshConnection open(Host host, SshOptions options) throws InterruptedException {
        return open(host, options, Dialer.Retry.ABSENCE);
    }

    /**
     * Connects to a host.
     *
     * @param host the host
     * @param options the options
     * @param retry the failures after which the attempt is repeated
     */
    static SshConnection open(Host host, SshOptions options, Dialer.Retry retry) throws InterruptedException {
        Route route = Route.to(host, options);
        return new SshConnection(route, Dialer.dial(route, options.connectWithin(), retry));
    }

    @Override
    public List<String> loginCommand() {
        return LoginCommand.of(route);
    }

    /**
     * {@inheritDoc}
     *
     * @throws TransferException if a local file to or from which the command is redirected cannot be opened
     */
    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        Link current = usable("start '" + command + "'");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before '" + command + "' was started");
        }
        if (command.stdin() instanceof Input.FromFile file && !Files.isReadable(file.path())) {
            throw new TransferException(
                    "could not start '" + command + "': cannot read its input file " + file.path(), null);
        }
        OutputFiles redirects = OutputFiles.of(command);
        AtomicBoolean cancelled = new AtomicBoolean();
        FutureTask<SshCommand> task = new FutureTask<>(() -> start(command, current, redirects, cancelled));
        current.threads().execute(task);
        try {
            SshCommand started = task.get();
            if (closed) {
                // close() may have run between the first check and the registration of this command.
                started.close();
                refuseIfClosed("start '" + command + "'");
            }
            return started;
        } catch (InterruptedException e) {
            // The command may start nevertheless: closeLate ends it.
            cancelled.set(true);
            current.wakeChannelWaiters();
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

    private SshCommand start(Command command, Link current, OutputFiles redirects, AtomicBoolean cancelled)
            throws IOException {
        String mark = current.nextMark();
        ExecChannel channel = current.exec(CommandLine.of(command, mark, current.as()), cancelled::get);
        SshCommand started = new SshCommand(command, mark, current, channel, redirects, running::remove);
        running.add(started);
        return started;
    }

    /** Closes the result of an operation after an interrupt of its caller. */
    private static void closeLate(FutureTask<? extends AutoCloseable> task) {
        try {
            task.get().close();
        } catch (Exception e) {
            LOG.debug("an interrupted operation had no result: {}", e.getMessage());
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
            tar.run(); // sftp would run as the login user
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

    @Override
    public Forwarding forwardLocal(int port, String host, int hostPort) {
        Link current = usable("forward port " + port);
        try {
            return PortForwarder.local(current, port, host, hostPort);
        } catch (IOException e) {
            throw new TransferException("could not listen on local port " + port + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Forwarding forwardRemote(int port, InetSocketAddress to) throws InterruptedException {
        Link current = usable("forward port " + port + " of the system");
        FutureTask<Forwarding> task = new FutureTask<>(() -> PortForwarder.remote(current, port, to));
        current.threads().execute(task);
        try {
            return task.get();
        } catch (InterruptedException e) {
            Threads.start("ssh-late", () -> closeLate(task));
            throw e;
        } catch (ExecutionException e) {
            refuseIfLost(current, "forward port " + port + " of the system");
            // A writer can see the loss before the reader thread does, which marks the link as lost.
            if (e.getCause() instanceof TransportException broken) {
                throw lost("forward port " + port + " of the system", broken);
            }
            throw new TransferException(
                    route + " refused to forward its port " + port + ": " + Dialer.reason(e)
                            + " (is the port free, and does sshd allow it by AllowTcpForwarding?)",
                    e);
        }
    }

    private Link usable(String action) {
        refuseIfClosed(action);
        Link current = link;
        refuseIfLost(current, action);
        return current;
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        refuseIfClosed("reconnect to " + route);
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before reconnecting to " + route);
        }
        Link old = link;
        long startedAt = System.nanoTime();
        Duration left = within;
        if (!reconnecting.tryLock()) {
            if (!reconnecting.tryLock(TimeUnit.NANOSECONDS.convert(within), TimeUnit.NANOSECONDS)) {
                throw new ConnectionLostException(
                        "could not reconnect to " + route + ": another thread that reconnects did not finish in time",
                        null);
            }
            left = within.minusNanos(System.nanoTime() - startedAt);
        }
        try {
            // Another thread may have replaced the link meanwhile; the new link serves both.
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
            // The reaper of the old link may have been killed, or still be waiting for the connection to end.
            CompletableFuture<Boolean> ended = fresh.reaper().killEverywhere(old.marks());
            // Before the wait: other threads can use the new link at once.
            replace(fresh);
            ended.get(CLEANUP_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn(
                    "commands of the lost link to {} may still be running: they could not be killed: {}",
                    route,
                    String.valueOf(e));
        } catch (SshRefusedException e) {
            throw new ConnectionLostException(String.valueOf(e.getMessage()), e);
        }
    }

    private void replace(Link fresh) {
        synchronized (linkLock) {
            if (!closed) {
                link = fresh;
                return;
            }
        }
        fresh.close();
        refuseIfClosed("reconnect to " + route);
    }

    /** {@inheritDoc} Waits a few seconds at most for a host that does not answer. */
    @Override
    public void close() {
        synchronized (linkLock) {
            closed = true;
        }
        link.wakeChannelWaiters();
        SshCommand.closeAll(List.copyOf(running));
        link.close();
    }

    private void refuseIfClosed(String action) {
        if (closed) {
            throw new IllegalStateException("cannot " + action + ": this connection is closed; open another one");
        }
    }

    private void refuseIfLost(Link current, String action) {
        IOException cause = current.lost();
        if (cause != null) {
            throw lost(action, cause);
        }
    }

    private ConnectionLostException lost(String action, IOException cause) {
        return new ConnectionLostException(
                "cannot " + action + ": the connection to " + route + " is lost: " + cause.getMessage()
                        + " (call reconnect, or open another connection)",
                cause);
    }

    @Override
    public String toString() {
        return route.toString();
    }
}
