package org.atex.podman;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.atex.support.Deadline;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a running container. A shell that stays in the container starts commands on request, which costs
 * little more than starting a local process. Commands run in the same environment as with {@code podman exec}, each in
 * a session of its own.
 *
 * <p>The container runs on this machine, or on a host that another connection reaches, and belongs to the user of this
 * program or of that connection. It needs bash and coreutils, grep to find the background processes of commands, and tar
 * to copy trees. On another host, each command is also one command of the connection to the host.
 *
 * <p>Each command has the environment variable {@code ATEX_COMMAND}. Closing a command kills all processes that carry
 * its value or belong to its session, daemons included. A process escapes only if it clears its environment, leaves the
 * session, and its parents have ended.
 *
 * <p>The connection is lost as soon as the container ends. If only the shell is killed, running commands continue, and
 * the next command starts another shell. If the parent process of a command is killed, only that command is lost.
 *
 * <p>bash does not distinguish a signal from an exit code of 128 plus the number of the signal: {@code exit 137} is
 * reported as the signal KILL.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
public final class PodmanConnection implements Connection {
    private static final int START_ATTEMPTS = 3;
    private static final Logger LOG = LoggerFactory.getLogger(PodmanConnection.class);
    private static final Duration REMOVE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration ADOPT_TIMEOUT = Duration.ofSeconds(10);
    private static final long CHECK_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final PodmanHost host;
    private volatile String container;
    private final PodmanOptions options;
    private final Podman podman;
    private final ReadinessCheck readinessCheck;
    private final String id = Long.toHexString(ThreadLocalRandom.current().nextLong());
    private final String markPrefix = ";" + id + "-";
    private final AtomicLong commandCount = new AtomicLong();
    private final Set<PodmanCommand> running = ConcurrentHashMap.newKeySet();
    private final ThreadPoolExecutor threads = PipeThreads.newPool();
    private final ProcessSearches<PodmanCommand> searches =
            new ProcessSearches<>(threads, commands -> PodmanCommand.killAll(this, commands));
    /** Guards the answer of podman whether the container is paused. */
    private final ReentrantLock pauseLock = new ReentrantLock();

    private boolean isPaused;
    private long answeredNanos = System.nanoTime();

    private final Object residentLock = new Object();
    /** The current shell, possibly still starting; guarded by {@code residentLock}, which is never held over I/O. */
    private @Nullable CompletableFuture<ResidentShell> resident;

    /** The process id, on its host, of the first process of the container; 0 before the first connect. */
    private volatile long process;

    /** The reason why the connection is lost; null while it is usable. */
    private volatile @Nullable IOException lost;

    private volatile boolean closed;

    /** A condition that is awaited before each connect. */
    interface ReadinessCheck {
        /** No condition: the container only has to run. */
        ReadinessCheck NONE = (podman, container, deadline) -> {};

        void await(Podman podman, String container, Deadline deadline) throws IOException, InterruptedException;
    }

    private PodmanConnection(PodmanHost host, String container, PodmanOptions options, ReadinessCheck readinessCheck) {
        this.host = host;
        this.container = container;
        this.options = options;
        this.podman = new Podman(host, options.program());
        this.readinessCheck = readinessCheck;
    }

    /**
     * {@return a connection to a running container}
     *
     * @param container the name or id of the container
     * @throws ConnectionLostException if the container is not running, or cannot be reached
     * @throws InterruptedException if interrupted
     */
    public static PodmanConnection open(String container) throws InterruptedException {
        return open(container, PodmanOptions.defaults());
    }

    /**
     * {@return a connection to a running container}
     *
     * @param container the name or id of the container
     * @param options the options for access to the container
     * @throws ConnectionLostException if the container is not running, or cannot be reached
     * @throws InterruptedException if interrupted
     */
    public static PodmanConnection open(String container, PodmanOptions options) throws InterruptedException {
        return open(new ThisMachine(), container, options);
    }

    /**
     * {@return a connection to a running container of another machine} Closing it does not close the connection to the
     * host. If that is lost, this connection is lost, too; {@link #reconnect} connects to the host again first.
     *
     * @param host the connection to the machine, which must have bash, coreutils and podman
     * @param container the name or id of the container
     * @param options the options for access to the container
     * @throws ConnectionLostException if the container is not running, or cannot be reached
     * @throws InterruptedException if interrupted
     */
    public static PodmanConnection open(Connection host, String container, PodmanOptions options)
            throws InterruptedException {
        return open(new ConnectedHost(host, host.toString()), container, options);
    }

    private static PodmanConnection open(PodmanHost host, String container, PodmanOptions options)
            throws InterruptedException {
        PodmanConnection connection = new PodmanConnection(host, container, options, ReadinessCheck.NONE);
        try {
            connection.connect(Deadline.in(options.connectWithin()));
            return connection;
        } catch (IOException e) {
            throw new ConnectionLostException("could not connect to " + connection + ": " + e.getMessage(), e);
        } finally {
            if (connection.process == 0) {
                connection.close();
            }
        }
    }

    /**
     * {@return a connection to a container that the caller has yet to start, and to pass to {@link #connect} or {@link
     * #adopt}}
     *
     * @param host the machine of the container
     * @param container the name of the container
     * @param options the options for access to the container
     * @param readinessCheck is awaited before each connect
     */
    static PodmanConnection unconnected(
            PodmanHost host, String container, PodmanOptions options, ReadinessCheck readinessCheck) {
        return new PodmanConnection(host, container, options, readinessCheck);
    }

    /**
     * Gives up the container, whose removal ends its processes, for another one, to which the caller has to connect.
     *
     * @param replacement the name of the other container
     */
    void replaceContainer(String replacement) {
        synchronized (residentLock) {
            lost = new IOException("the container is being replaced");
        }
        disconnect();
        container = replacement;
    }

    /** {@return a command for the container that waits and starts the shell of this connection} */
    List<String> keepAliveCommand() {
        return ResidentShell.keepAliveCommand(directoryName(), markPrefix);
    }

    private String directoryName() {
        return "atex-" + id;
    }

    /**
     * Connects to the shell that {@link #keepAliveCommand} has started in the container. If that fails, starts a shell
     * with {@code podman exec} instead.
     *
     * @param first the process id, on this machine, of the first process of the container
     * @param deadline the time limit for the second way; the first takes 20 s at most
     * @throws IOException if both ways fail
     */
    void adopt(long first, Deadline deadline) throws IOException, InterruptedException {
        ResidentShell shell = null;
        try {
            PipeDirectory directory = awaitPipeDirectory(first, Deadline.in(ADOPT_TIMEOUT));
            shell = new ResidentShell(host, ShellStreams.ofPipes(directory, threads), threads);
            shell.use(directory);
            shell.ready().get(ADOPT_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
            synchronized (residentLock) {
                resident = CompletableFuture.completedFuture(shell);
                process = first;
                lost = null;
            }
            if (closed) {
                shell.close(); // close() may have run before the shell was stored
            }
        } catch (IOException | ExecutionException | TimeoutException e) {
            if (shell != null) {
                shell.close();
            }
            connect(deadline); // its exception states the problem, if any
        } catch (InterruptedException e) {
            if (shell != null) {
                shell.close();
            }
            throw e;
        }
    }

    /** {@return the directory of the shell, after waiting until the container has created it} */
    private PipeDirectory awaitPipeDirectory(long first, Deadline deadline) throws IOException, InterruptedException {
        while (true) {
            try {
                PipeDirectory directory = PipeDirectory.open(first, Path.of("/dev/shm", directoryName()));
                switch (directory.firstOf("answers", "no")) {
                    case "answers" -> {
                        return directory;
                    }
                    case "no" -> {
                        directory.close();
                        throw new IOException("the first process of the container did not start a shell");
                    }
                    default -> directory.close();
                }
            } catch (NoSuchFileException e) {
                // The container has not created it yet.
            }
            if (deadline.isOver() || !Files.exists(Path.of("/proc/" + first))) {
                throw new IOException("the container did not create the pipes of its shell");
            }
            TimeUnit.MILLISECONDS.sleep(2); // polled, since nothing reports that the container has created it
        }
    }

    /** Connects to the current run of the container. */
    void connect(Deadline deadline) throws IOException, InterruptedException {
        readinessCheck.await(podman, container, deadline);
        // After the wait, since a container that reboots has another first process when it is up.
        ContainerState state = ContainerState.of(podman, container);
        state.refuseUnlessRunning();
        ResidentShell first = launch(state, deadline);
        synchronized (residentLock) {
            resident = CompletableFuture.completedFuture(first);
            process = state.process();
            lost = null;
        }
        if (closed) {
            first.close(); // close() may have run before the shell was stored
        }
    }

    private List<String> execArguments(String... more) {
        List<String> line = new ArrayList<>(List.of("exec"));
        line.addAll(List.of(more));
        String user = options.user();
        if (user != null) {
            line.add("--user=" + user);
        }
        return line;
    }

    /**
     * Removes a file of the container if possible, even if the thread was interrupted or this connection is closed. For
     * that reason it runs {@code podman exec}. Failures are logged.
     *
     * @param path the file
     */
    void removeFile(String path) {
        List<String> line = execArguments();
        line.addAll(List.of(container, "rm", "-f", "--", path));
        UninterruptibleSection.run(() -> {
            try {
                podman.run(REMOVE_TIMEOUT, line, message -> {});
            } catch (IOException e) {
                LOG.debug("could not remove {} from {}: {}", path, this, e.getMessage());
            }
        });
    }

    private ResidentShell launch(ContainerState state, Deadline deadline) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(podman.commandLine(execArguments("--interactive")));
        line.add(state.id());
        ResidentShell shell = ResidentShell.start(host, line, directoryName(), markPrefix, threads);
        boolean ready = false;
        try {
            Path directory = awaitReady(shell, state, deadline);
            shell.use(host.openPipes(state.process(), directory));
            ready = true;
            return shell;
        } catch (ExecutionException e) {
            throw new IOException(
                    Exceptions.causeOf(e).getMessage() + " (does the container have bash and mkfifo?)",
                    Exceptions.causeOf(e));
        } catch (TimeoutException e) {
            throw new IOException(
                    "the shell in the container did not answer within "
                            + options.connectWithin().toSeconds() + " s",
                    e);
        } catch (NoSuchFileException | AccessDeniedException e) {
            throw new IOException(
                    "the files of the container cannot be accessed under /proc/" + state.process() + "/root on "
                            + host.name() + ": " + e
                            + " (does it belong to another user, or run on another machine?)",
                    e);
        } finally {
            if (!ready) {
                shell.close();
            }
        }
    }

    /**
     * Waits for the shell, but not after the container has ended: podman exec may hang if the container ends while it
     * starts.
     */
    private Path awaitReady(ResidentShell shell, ContainerState state, Deadline deadline)
            throws IOException, ExecutionException, InterruptedException, TimeoutException {
        while (true) {
            try {
                return shell.ready().get(Math.min(CHECK_INTERVAL_NANOS, deadline.nanosLeft()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (deadline.isOver()) {
                    throw e;
                }
                if (!host.isAlive(state.process())) {
                    throw new IOException("the container has ended", e);
                }
            }
        }
    }

    /**
     * {@return whether the container is paused, so that its processes cannot answer; false if podman cannot tell} Of
     * several callers one asks podman, and the others wait for its answer.
     */
    boolean isPaused() throws InterruptedException {
        long asked = System.nanoTime();
        pauseLock.lockInterruptibly();
        try {
            if (answeredNanos - asked <= 0) {
                isPaused = podmanTellsPaused();
                answeredNanos = System.nanoTime();
            }
            return isPaused;
        } finally {
            pauseLock.unlock();
        }
    }

    private boolean podmanTellsPaused() throws InterruptedException {
        try {
            return ContainerState.of(podman, container).status().equals("paused");
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * {@return the shell that starts commands} Starts another one if the last was killed. Of several callers one starts
     * it, and the others wait for it.
     */
    private ResidentShell awaitResident() throws InterruptedException {
        while (true) {
            IOException cause = lost;
            if (cause != null) {
                refuseIfClosed("use it");
                throw new ConnectionLostException(
                        "the connection to " + this + " is lost: " + cause.getMessage()
                                + "; reconnect, or take another system",
                        cause);
            }
            CompletableFuture<ResidentShell> current;
            boolean starter = false;
            synchronized (residentLock) {
                if (lost != null) {
                    continue; // disconnect() came first: nobody would close a shell that is started now
                }
                current = resident;
                if (current == null || hasEnded(current)) {
                    if (current != null) {
                        var unused = current.thenAccept(ResidentShell::close); // its files are still open
                    }
                    current = new CompletableFuture<>();
                    resident = current;
                    starter = true;
                }
            }
            if (starter) {
                CompletableFuture<ResidentShell> next = current;
                // In a pool thread, so that an interrupt of this caller does not affect the others.
                threads.execute(() -> relaunch(next));
            }
            try {
                ResidentShell shell = current.get();
                if (!shell.ended().isDone()) {
                    return shell;
                }
            } catch (ExecutionException e) {
                // relaunch() has set the field lost, which the next iteration reports.
            }
        }
    }

    private static boolean hasEnded(CompletableFuture<ResidentShell> shell) {
        return shell.isCompletedExceptionally()
                || shell.isDone() && shell.join().ended().isDone();
    }

    /** Replaces a shell that has ended, because it was killed, or because the container has ended or was restarted. */
    private void relaunch(CompletableFuture<ResidentShell> next) {
        try {
            ContainerState state = ContainerState.of(podman, container);
            if (!state.isRunning()) {
                throw new IOException("the container has ended: its status is " + state.status());
            }
            if (state.process() != process) {
                throw new IOException("the container has ended and was started again");
            }
            next.complete(launch(state, Deadline.in(options.connectWithin())));
        } catch (IOException e) {
            lost = e;
            next.completeExceptionally(e);
        } catch (InterruptedException e) {
            next.completeExceptionally(e); // not expected: the threads of the pool are not interrupted
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws TransferException if a file of this machine to which the command is redirected cannot be opened
     */
    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        refuseIfClosed("start '" + command + "'");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before starting '" + command + "'");
        }
        for (int attempt = 1; ; attempt++) {
            ResidentShell shell = awaitResident();
            try {
                return start(command, shell);
            } catch (InterruptedIOException e) {
                Thread.interrupted();
                throw new InterruptedException("interrupted while starting '" + command + "'");
            } catch (IOException e) {
                refuseIfClosed("start '" + command + "'");
                if (attempt == START_ATTEMPTS || !canRetry(shell, e)) {
                    throw new ConnectionLostException(
                            "could not start '" + command + "' in " + this + ": " + e.getMessage(), e);
                }
            }
        }
    }

    /** {@return whether the cause of a failed start has been removed, so that another attempt may succeed} */
    private boolean canRetry(ResidentShell shell, IOException failure) throws InterruptedException {
        if (shell.ended().isDone()) {
            return true; // the next attempt starts another shell, or reports that the container has ended
        }
        if (!(failure instanceof NoSuchFileException)) {
            return false;
        }
        try {
            shell.renew(process); // a process in the container has removed the directory in /dev/shm
            return true;
        } catch (IOException e) {
            failure.addSuppressed(e);
            return false;
        }
    }

    private RunningCommand start(Command command, ResidentShell shell) throws IOException, InterruptedException {
        PipeNames names;
        try {
            names = shell.pipes().get(options.connectWithin().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IOException(Exceptions.causeOf(e).getMessage(), Exceptions.causeOf(e));
        } catch (TimeoutException e) {
            throw new IOException(
                    "the container did not answer within "
                            + options.connectWithin().toSeconds() + " s (is it paused?)",
                    e);
        }
        CommandStreams streams;
        try {
            streams = shell.directory().streams(command, names, threads);
        } catch (TransferException e) {
            shell.release(names, true);
            throw e;
        }
        String mark = markPrefix + commandCount.incrementAndGet() + ";";
        PodmanCommand result = new PodmanCommand(command, mark, this, shell, names, streams);
        running.add(result);
        boolean started = false;
        try {
            if (closed) {
                result.failStart(new IOException("the connection was closed"));
            } else {
                result.start(options.connectWithin());
                started = true;
            }
        } finally {
            if (!started || closed) {
                result.close(); // close() of the connection may have run before the command was added
                streams.abandon();
            }
        }
        refuseIfClosed("start '" + command + "'");
        return result;
    }

    Executor threads() {
        return threads;
    }

    /**
     * {@return the exit code of a command that has ended, from a shell in a container of another host}
     *
     * @throws IOException if the code is not known
     */
    int exitCode(PipeNames names) throws IOException, InterruptedException {
        while (true) {
            ResidentShell shell = awaitResident();
            try {
                return Integer.parseInt(
                        shell.code(names).get(options.connectWithin().toNanos(), TimeUnit.NANOSECONDS));
            } catch (NumberFormatException e) {
                throw new IOException(PodmanCommand.PARENT_KILLED, e);
            } catch (TimeoutException e) {
                throw new IOException("the container did not report its end", e);
            } catch (ExecutionException e) {
                if (!shell.ended().isDone()) {
                    throw new IOException(Exceptions.causeOf(e).getMessage(), Exceptions.causeOf(e));
                }
            }
        }
    }

    /** Removes a closed command from the list of running commands. */
    void forget(PodmanCommand command) {
        running.remove(command);
    }

    ProcessSearches<PodmanCommand> searches() {
        return searches;
    }

    /**
     * Kills the processes of commands, including all that they started. Starts another shell if necessary.
     *
     * @param commandMarks a regular expression that matches their marks
     * @param processes the process ids of the commands in the container
     * @param after an id that is smaller than those of all processes of the commands; 0 if unknown
     * @return whether all processes have ended; true if the container itself has ended
     */
    CompletableFuture<Boolean> killAll(String commandMarks, List<Long> processes, long after) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        threads.execute(() -> {
            try {
                for (boolean answered = false; !answered; ) {
                    ResidentShell shell = awaitResident();
                    answered = kill(shell, commandMarks, processes, after, done);
                }
            } catch (ConnectionLostException | IllegalStateException | InterruptedException e) {
                done.complete(true);
            }
        });
        return done;
    }

    /** {@return whether the request is settled; false if the shell ended before it answered} */
    private static boolean kill(
            ResidentShell shell, String commandMarks, List<Long> processes, long after, CompletableFuture<Boolean> done)
            throws InterruptedException {
        try {
            done.complete(shell.end(commandMarks, processes, after).get());
            return true;
        } catch (ExecutionException e) {
            return !shell.ended().isDone();
        }
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        refuseIfClosed("upload " + source);
        new Upload(this, source, Transfer.checkedPath(target, source.toString(), target + " in " + this)).run();
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        refuseIfClosed("download " + source);
        new Download(this, Transfer.checkedPath(source, source + " in " + this, target.toString()), target).run();
    }

    /**
     * {@inheritDoc} If the container was restarted, for example by a reboot inside, this connects to it as soon as it
     * runs, or as soon as systemd has booted if the provisioner started it with systemd.
     */
    @Override
    public void reconnect(Duration within) throws InterruptedException {
        refuseIfClosed("reconnect");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before reconnecting");
        }
        disconnect();
        Deadline deadline = Deadline.in(within);
        while (true) {
            try {
                connect(deadline);
                refuseIfClosed("reconnect");
                return;
            } catch (IOException e) {
                lost = e;
                if (e instanceof HostLostException) {
                    reconnectHost(deadline);
                }
                if (deadline.isOver()) {
                    throw new ConnectionLostException(
                            "could not reconnect to " + this + " within " + within.toSeconds() + " s: "
                                    + e.getMessage(),
                            e);
                }
            }
            // Polled, since nothing reports that the container runs again.
            deadline.sleepBriefly();
        }
    }

    private void reconnectHost(Deadline deadline) throws InterruptedException {
        try {
            host.reconnect(deadline.left());
        } catch (IOException e) {
            lost = e;
            throw new ConnectionLostException("could not reconnect to " + this + ": " + e.getMessage(), e);
        }
    }

    @Override
    public List<String> loginCommand() {
        List<String> line = new ArrayList<>(podman.commandLine(execArguments("--interactive", "--tty")));
        line.addAll(List.of(container, "bash"));
        return host.loginLine(line);
    }

    /** Ends all commands and the shell. */
    private void disconnect() {
        boolean paused = PodmanCommand.closeAll(this, List.copyOf(running));
        CompletableFuture<ResidentShell> last;
        synchronized (residentLock) {
            last = resident;
            resident = null;
            if (lost == null) {
                lost = new IOException("a reconnect is in progress");
            }
        }
        if (last != null) {
            var unused = last.thenAccept(shell -> shell.close(!paused));
        }
    }

    @Override
    public void close() {
        closed = true;
        disconnect();
        threads.shutdown();
    }

    /** Refuses all further operations, since the container is about to be removed; the removal ends its processes. */
    void markRemoved() {
        closed = true;
        synchronized (residentLock) {
            lost = new IOException("the container is being removed");
        }
    }

    private void refuseIfClosed(String operation) {
        if (closed) {
            throw new IllegalStateException(
                    "cannot " + operation + ": the connection to " + this + " is closed; open another one");
        }
    }

    @Override
    public String toString() {
        return host.describe(container);
    }
}
