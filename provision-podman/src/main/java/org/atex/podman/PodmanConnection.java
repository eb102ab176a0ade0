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
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running container as a system. A shell that stays in it starts commands on request, which costs little more than a
 * process of this machine; they have exactly what {@code podman exec} would give them, and a session of their own.
 *
 * <p>The container must run on this machine, and be this user's; it needs bash and coreutils, grep to end what commands leave
 * behind, and tar for trees.
 *
 * <p>Each command carries the variable {@code ATEX_COMMAND}, by which everything that it started is found again and killed
 * when it is closed, daemons included. What wipes its environment, leaves its session and outlives its parents escapes.
 *
 * <p>A connection is lost when the container ends, and noticed at once. When only the shell is killed, commands go on and
 * another shell is started for the next. When what looks after one command is killed, that command is lost and no other.
 *
 * <p>bash does not tell a signal from an exit code of 128 and the signal's number: {@code exit 137} is reported as the signal
 * KILL.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
public final class PodmanConnection implements Connection {
    private static final int ATTEMPTS = 3;
    private static final Logger LOG = LoggerFactory.getLogger(PodmanConnection.class);
    private static final Duration GOODBYE = Duration.ofSeconds(10);
    private static final Duration ADOPTION = Duration.ofSeconds(10);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final String container;
    private final PodmanOptions options;
    private final Podman podman;
    private final BeforeConnecting beforeConnecting;
    private final String name = Long.toHexString(ThreadLocalRandom.current().nextLong());
    private final String marks = ";" + name + "-";
    private final AtomicLong numbers = new AtomicLong();
    private final Set<PodmanCommand> running = ConcurrentHashMap.newKeySet();
    private final ThreadPoolExecutor threads = Threads.forPipes();
    private final Object slot = new Object();
    private @Nullable CompletableFuture<Resident> resident;
    private volatile long process;
    private volatile @Nullable IOException lost;
    private volatile boolean closed;

    /** What is waited for each time before a container is connected to. */
    interface BeforeConnecting {
        /** The container is enough. */
        BeforeConnecting NOTHING = (podman, container, deadline) -> {};

        void await(Podman podman, String container, Deadline deadline) throws IOException, InterruptedException;
    }

    private PodmanConnection(String container, PodmanOptions options, BeforeConnecting beforeConnecting) {
        this.container = container;
        this.options = options;
        this.podman = new Podman(options.program());
        this.beforeConnecting = beforeConnecting;
    }

    /**
     * {@return a connection to a container}
     *
     * @param container its name or number
     * @throws ConnectionLostException if it does not run, or cannot be reached
     * @throws InterruptedException if interrupted
     */
    public static PodmanConnection open(String container) throws InterruptedException {
        return open(container, PodmanOptions.defaults());
    }

    /**
     * {@return a connection to a container}
     *
     * @param container its name or number
     * @param options how it is reached
     * @throws ConnectionLostException if it does not run, or cannot be reached
     * @throws InterruptedException if interrupted
     */
    public static PodmanConnection open(String container, PodmanOptions options) throws InterruptedException {
        return open(container, options, BeforeConnecting.NOTHING);
    }

    static PodmanConnection open(String container, PodmanOptions options, BeforeConnecting beforeConnecting)
            throws InterruptedException {
        PodmanConnection connection = new PodmanConnection(container, options, beforeConnecting);
        try {
            connection.connect(Deadline.in(options.connectWithin()));
            return connection;
        } catch (IOException e) {
            throw new ConnectionLostException("could not connect to container " + container + ": " + e.getMessage(), e);
        } finally {
            if (connection.process == 0) {
                connection.close();
            }
        }
    }

    /**
     * {@return a connection to a container that is still to be started, and then to be {@link #adopt adopted}}
     *
     * @param container its name
     * @param options how it is reached
     */
    static PodmanConnection unconnected(String container, PodmanOptions options) {
        return new PodmanConnection(container, options, BeforeConnecting.NOTHING);
    }

    /** {@return what keeps the container there, and starts a shell of this connection} */
    List<String> keeping() {
        return Resident.keeping(directoryName(), marks);
    }

    private String directoryName() {
        return "atex-" + name;
    }

    /**
     * Connects to a container that was started with {@link #keeping}; by podman if that cannot be done by itself.
     *
     * @param first the number of its first process
     */
    void adopt(long first, Deadline deadline) throws IOException, InterruptedException {
        Resident shell = null;
        try {
            PipeDirectory directory = awaited(first, Deadline.in(ADOPTION));
            shell = new Resident(Talk.over(directory, threads), threads);
            shell.use(directory);
            shell.ready().get(ADOPTION.toNanos(), TimeUnit.NANOSECONDS);
            synchronized (slot) {
                resident = CompletableFuture.completedFuture(shell);
                process = first;
            }
        } catch (IOException | ExecutionException | TimeoutException e) {
            if (shell != null) {
                shell.close();
            }
            connect(deadline); // which says what is wrong, if anything is
        }
    }

    /** {@return the directory, once the container has made it} */
    private PipeDirectory awaited(long first, Deadline deadline) throws IOException, InterruptedException {
        while (true) {
            try {
                PipeDirectory directory = PipeDirectory.open(first, Path.of("/dev/shm", directoryName()));
                switch (directory.firstOf("answers", "no")) {
                    case "answers" -> {
                        return directory;
                    }
                    case "no" -> {
                        directory.close();
                        throw new IOException("its first process does not start a shell");
                    }
                    default -> directory.close();
                }
            } catch (NoSuchFileException e) {
                // not yet
            }
            if (deadline.isOver() || !Files.exists(Path.of("/proc/" + first))) {
                throw new IOException("it has made no pipes");
            }
            TimeUnit.MILLISECONDS.sleep(2); // nobody tells when they are there
        }
    }

    /** Connects to the container as it now runs. */
    private void connect(Deadline deadline) throws IOException, InterruptedException {
        beforeConnecting.await(podman, container, deadline);
        // Afterwards, as one that goes down for a reboot is another when it is up.
        ContainerState state = ContainerState.of(podman, container);
        state.refuseUnlessRunning();
        Resident first = launch(state, deadline);
        synchronized (slot) {
            resident = CompletableFuture.completedFuture(first);
            process = state.process();
            lost = null;
        }
        if (closed) {
            first.close(); // close() may have looked before it was there
        }
    }

    private List<String> exec(String... more) {
        List<String> line = new ArrayList<>(List.of("exec"));
        line.addAll(List.of(more));
        String user = options.user();
        if (user != null) {
            line.add("--user=" + user);
        }
        return line;
    }

    /**
     * Removes a file of the container, where that can be done, whoever interrupts and even if this was closed: hence by podman.
     *
     * @param path the file
     */
    void removeFile(String path) {
        boolean interrupted = Thread.interrupted();
        List<String> line = exec();
        line.addAll(List.of(container, "rm", "-f", "--", path));
        try {
            podman.run(GOODBYE, line, said -> {});
        } catch (IOException e) {
            LOG.debug("{} may be left in {}: {}", path, this, e.getMessage());
        } catch (InterruptedException e) {
            interrupted = true;
            LOG.debug("interrupted while {} was removed from {}", path, this);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Resident launch(ContainerState state, Deadline deadline) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(podman.line(exec("--interactive")));
        line.add(state.id());
        Resident shell = Resident.start(line, directoryName(), marks, threads);
        boolean used = false;
        try {
            Path directory = ready(shell, state, deadline);
            shell.use(PipeDirectory.open(state.process(), directory));
            used = true;
            return shell;
        } catch (ExecutionException e) {
            throw new IOException(
                    Causes.of(e).getMessage() + " (does the container have bash and mkfifo?)", Causes.of(e));
        } catch (TimeoutException e) {
            throw new IOException(
                    "it did not answer within " + options.connectWithin().toSeconds() + " s", e);
        } catch (NoSuchFileException | AccessDeniedException e) {
            throw new IOException(
                    "its files cannot be reached under /proc/" + state.process() + "/root: " + e
                            + " (is it another user's container, or on another machine?)",
                    e);
        } finally {
            if (!used) {
                shell.close();
            }
        }
    }

    /** Waits no longer than there is a container: podman itself may hang when that ends at the same moment. */
    private static Path ready(Resident shell, ContainerState state, Deadline deadline)
            throws IOException, ExecutionException, InterruptedException, TimeoutException {
        while (true) {
            try {
                return shell.ready().get(Math.min(LOOK_NANOS, deadline.nanosLeft()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (deadline.isOver()) {
                    throw e;
                }
                if (!Files.exists(Path.of("/proc/" + state.process()))) {
                    throw new IOException("the container has ended", e);
                }
            }
        }
    }

    /** {@return whether the container is paused, so that nothing in it can answer} */
    boolean isPaused() throws InterruptedException {
        try {
            return ContainerState.of(podman, container).status().equals("paused");
        } catch (IOException e) {
            return false;
        }
    }

    /** {@return the shell that starts commands; another one if the last was killed} */
    private Resident resident() throws InterruptedException {
        while (true) {
            IOException cause = lost;
            if (cause != null) {
                refuseIfClosed("use it");
                throw new ConnectionLostException(
                        "the connection to " + this + " is lost: " + cause.getMessage()
                                + "; reconnect, or take another system",
                        cause);
            }
            CompletableFuture<Resident> current;
            boolean mine = false;
            synchronized (slot) {
                current = resident;
                if (current == null || isOver(current)) {
                    current = new CompletableFuture<>();
                    resident = current;
                    mine = true;
                }
            }
            if (mine) {
                CompletableFuture<Resident> next = current;
                threads.execute(() -> relaunch(next));
            }
            try {
                Resident shell = current.get();
                if (!shell.gone().isDone()) {
                    return shell;
                }
            } catch (ExecutionException e) {
                // Then the connection is lost, which is told above.
            }
        }
    }

    private static boolean isOver(CompletableFuture<Resident> one) {
        return one.isCompletedExceptionally()
                || one.isDone() && one.join().gone().isDone();
    }

    /** The shell has ended: either it was killed, or the container has ended or was started anew. */
    private void relaunch(CompletableFuture<Resident> next) {
        try {
            ContainerState state = ContainerState.of(podman, container);
            if (!state.isRunning()) {
                throw new IOException("the container has ended: it is " + state.status());
            }
            if (state.process() != process) {
                throw new IOException("the container has ended, and was started again");
            }
            next.complete(launch(state, Deadline.in(options.connectWithin())));
        } catch (IOException e) {
            lost = e;
            next.completeExceptionally(e);
        } catch (InterruptedException e) {
            next.completeExceptionally(e); // nobody interrupts these threads
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws TransferException if a file of this machine that the command is redirected to or from cannot be opened
     */
    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        refuseIfClosed("start '" + command + "'");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before '" + command + "' was started");
        }
        for (int attempt = 1; ; attempt++) {
            Resident shell = resident();
            try {
                return start(command, shell);
            } catch (InterruptedIOException e) {
                Thread.interrupted();
                throw new InterruptedException("interrupted while '" + command + "' was started");
            } catch (IOException e) {
                refuseIfClosed("start '" + command + "'");
                if (attempt == ATTEMPTS || !isMended(shell, e)) {
                    throw new ConnectionLostException(
                            "could not start '" + command + "' in " + this + ": " + e.getMessage(), e);
                }
            }
        }
    }

    /** {@return whether it is worth trying again} */
    private boolean isMended(Resident shell, IOException failure) throws InterruptedException {
        if (shell.gone().isDone()) {
            return true; // another shell may do it, and if the container is gone, that is found out
        }
        if (!(failure instanceof NoSuchFileException)) {
            return false;
        }
        try {
            shell.renew(process); // somebody has emptied /dev/shm
            return true;
        } catch (IOException e) {
            failure.addSuppressed(e);
            return false;
        }
    }

    private RunningCommand start(Command command, Resident shell) throws IOException, InterruptedException {
        PipeNames names;
        try {
            names = shell.pipes().get(options.connectWithin().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IOException(Causes.of(e).getMessage(), Causes.of(e));
        } catch (TimeoutException e) {
            throw new IOException(
                    "the container did not answer within "
                            + options.connectWithin().toSeconds() + " s (is it paused?)",
                    e);
        }
        Streams streams;
        try {
            streams = new Streams(command, threads);
        } catch (TransferException e) {
            shell.giveBack(names, true);
            throw e;
        }
        String mark = marks + numbers.incrementAndGet() + ";";
        PodmanCommand begun = new PodmanCommand(command, mark, this, shell, names, streams);
        running.add(begun);
        boolean started = false;
        try {
            if (closed) {
                begun.neverStart(new IOException("the connection was closed"));
            } else {
                begun.start(options.connectWithin());
                started = true;
            }
        } finally {
            if (!started || closed) {
                begun.close(); // close() may have looked before it was there
                streams.abandon();
            }
        }
        refuseIfClosed("start '" + command + "'");
        return begun;
    }

    Executor threads() {
        return threads;
    }

    /** A command was closed. */
    void forget(PodmanCommand command) {
        running.remove(command);
    }

    /**
     * Ends commands and all that they started, by a new shell if need be.
     *
     * @param commandMarks a regular expression of their marks
     * @param processes their own processes
     * @param after the number after which theirs began; 0 if that is not certain
     * @return whether nothing is left; there is nothing in a container that is gone
     */
    CompletableFuture<Boolean> end(String commandMarks, List<Long> processes, long after) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        threads.execute(() -> {
            try {
                for (boolean ended = false; !ended; ) {
                    Resident shell = resident();
                    ended = ended(shell, commandMarks, processes, after, done);
                }
            } catch (ConnectionLostException | IllegalStateException | InterruptedException e) {
                done.complete(true);
            }
        });
        return done;
    }

    private static boolean ended(
            Resident shell, String commandMarks, List<Long> processes, long after, CompletableFuture<Boolean> done)
            throws InterruptedException {
        try {
            done.complete(shell.end(commandMarks, processes, after).get());
            return true;
        } catch (ExecutionException e) {
            return !shell.gone().isDone();
        }
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        refuseIfClosed("upload " + source);
        new Upload(this, source, Transfer.plain(target, source.toString(), target + " in " + this)).run();
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        refuseIfClosed("download " + source);
        new Download(this, Transfer.plain(source, source + " in " + this, target.toString()), target).run();
    }

    /**
     * {@inheritDoc} A container that was started again, as after a reboot inside, is connected to as soon as it runs; one with
     * systemd as soon as that is up.
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
                if (deadline.isOver()) {
                    throw new ConnectionLostException(
                            "could not reconnect to " + this + " within " + within.toSeconds() + " s: "
                                    + e.getMessage(),
                            e);
                }
            }
            // Nobody tells when a container runs again.
            deadline.pause();
        }
    }

    /** Ends what runs, and the shell. */
    private void disconnect() {
        boolean paused = PodmanCommand.closeAll(this, List.copyOf(running));
        CompletableFuture<Resident> last;
        synchronized (slot) {
            last = resident;
            resident = null;
            if (lost == null) {
                lost = new IOException("it is being reconnected");
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

    /** Refuses everything from here on; the container will take along what runs in it. */
    void leave() {
        closed = true;
        synchronized (slot) {
            lost = new IOException("the container is being removed");
        }
    }

    private void refuseIfClosed(String what) {
        if (closed) {
            throw new IllegalStateException(
                    "cannot " + what + ": the connection to " + this + " is closed; open another one");
        }
    }

    @Override
    public String toString() {
        return "container " + container;
    }
}
