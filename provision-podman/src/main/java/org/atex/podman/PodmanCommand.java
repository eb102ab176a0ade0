package org.atex.podman;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.Signals;
import org.atex.support.CommandScript;
import org.atex.support.Deadline;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A command in a container, and the processes that it starts. */
final class PodmanCommand implements RunningCommand {
    private static final Logger LOG = LoggerFactory.getLogger(PodmanCommand.class);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);
    private static final Duration PAUSE_CHECK_AFTER = Duration.ofSeconds(1);

    /** The reason why the end of a command is not known, if no other is. */
    static final String PARENT_KILLED = "its parent process in the container was killed, or the container ended";

    /** The time within which the kernel does not assign a process id a second time. */
    private static final long NO_PID_REUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Command command;
    private final String mark;
    private final PodmanConnection connection;
    private final ResidentShell resident;
    private final PipeNames names;
    private final CommandStreams streams;
    private final long startedNanos = System.nanoTime();
    private final CompletableFuture<Long> process = new CompletableFuture<>();
    private final CompletableFuture<CommandEnd> end = new CompletableFuture<>();
    private final CompletableFuture<Boolean> statusPipeEnded = new CompletableFuture<>();
    private final CompletableFuture<Boolean> closed = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile boolean hasNoChildren;
    private volatile long endedNanos;

    PodmanCommand(
            Command command,
            String mark,
            PodmanConnection connection,
            ResidentShell resident,
            PipeNames names,
            CommandStreams streams) {
        this.command = command;
        this.mark = mark;
        this.connection = connection;
        this.resident = resident;
        this.names = names;
        this.streams = streams;
    }

    /**
     * Starts the command.
     *
     * @param within the time limit
     * @throws IOException if the container cannot be reached, or does not start the command in time
     * @throws InterruptedException if interrupted; the command may have been started
     */
    void start(Duration within) throws IOException, InterruptedException {
        boolean opened = false;
        try {
            streams.open(new Status());
            opened = true;
        } finally {
            if (!opened) {
                failStart(new IOException("it was not started"));
            }
        }
        var unused = resident.ended().thenAccept(process::completeExceptionally);
        resident.run(names, script());
        try {
            process.get(TimeUnit.NANOSECONDS.convert(within), TimeUnit.NANOSECONDS);
            streams.connect();
        } catch (ExecutionException e) {
            if (Exceptions.causeOf(e) instanceof NoSuchFileException missing) {
                throw missing; // the caller creates the pipes again
            }
            throw new IOException(String.valueOf(Exceptions.causeOf(e).getMessage()), Exceptions.causeOf(e));
        } catch (TimeoutException e) {
            throw new IOException("the container did not start the command within " + within.toSeconds()
                    + " s (is it paused, or is its process limit reached?)");
        } finally {
            streams.settled();
        }
    }

    /**
     * {@return a script that turns a child of the resident shell into the command: it redirects the streams, writes its
     * process id to descriptor 9, which is the status pipe, and executes the program}
     */
    private String script() {
        String redirect = "exec " + redirections() + " || exit 125\n";
        String report = "echo \"$BASHPID\" >&9\nexec 9>&-\n";
        return (streams.reportsFirst() ? report + redirect : redirect + report)
                + CommandScript.of(command, mark, "$setsid ");
    }

    private String redirections() {
        String in = command.stdin().equals(Input.empty()) ? "/dev/null" : "\"$dir\"/" + names.in();
        String out = command.stdout().equals(Output.discard()) ? "/dev/null" : "\"$dir\"/" + names.out();
        String err = command.stderr().equals(Output.discard()) ? "/dev/null" : "\"$dir\"/" + names.err();
        return "<" + in + " >" + out + (command.stderr().equals(Output.merge()) ? " 2>&1" : " 2>" + err);
    }

    /** Completes the command without a request to the container. */
    void failStart(IOException cause) {
        process.completeExceptionally(cause);
        end.completeExceptionally(cause);
        statusPipeEnded.complete(true);
    }

    /** Receives the status of the command. */
    private final class Status implements CommandStreams.StatusListener {
        @Override
        public void started(long id) {
            process.complete(id);
        }

        @Override
        public void ended(int code, long lastProcess) {
            if (!process.isDone()) {
                process.completeExceptionally(new IOException("its streams could not be opened in the container"));
            }
            // No process id was assigned after its own, so it started no process, and close() need not search for any.
            hasNoChildren = lastProcess == process.exceptionally(unknown -> -1L).getNow(-1L);
            endedNanos = System.nanoTime();
            String signal = code > 128 ? Signals.name(code - 128) : null;
            end.complete(signal == null ? new CommandEnd.Exited(code) : new CommandEnd.Signalled(signal));
        }

        @Override
        public void endedWithUnknownCode() {
            try {
                ended(connection.exitCode(names), 0);
            } catch (IOException e) {
                failed(e);
            } catch (ConnectionLostException | IllegalStateException | InterruptedException e) {
                failed(new IOException(e.getMessage(), e));
            }
        }

        @Override
        public void failed(IOException cause) {
            process.completeExceptionally(cause);
            end.completeExceptionally(cause);
        }

        @Override
        public void closed() {
            statusPipeEnded.complete(true);
        }
    }

    @Override
    public OutputStream stdin() {
        return requirePipe(streams.in(), command.stdin().equals(Input.pipe()), "input", "Input");
    }

    @Override
    public InputStream stdout() {
        return requirePipe(streams.out(), command.stdout().equals(Output.pipe()), "output", "Output");
    }

    @Override
    public InputStream stderr() {
        return requirePipe(streams.err(), command.stderr().equals(Output.pipe()), "error output", "Output");
    }

    private <T> T requirePipe(@Nullable T stream, boolean isPipe, String name, String type) {
        if (stream == null || !isPipe) {
            throw new IllegalStateException(
                    "the " + name + " of '" + command + "' is not a pipe: create the command with " + type + ".pipe()");
        }
        return stream;
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        try {
            CommandEnd result = end.get();
            streams.awaitWritten();
            return result;
        } catch (ExecutionException e) {
            throw lost(Exceptions.causeOf(e));
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            CommandEnd result = end.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
            streams.awaitWritten();
            return Optional.of(result);
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw lost(Exceptions.causeOf(e));
        }
    }

    private ConnectionLostException lost(Throwable cause) {
        return new ConnectionLostException(
                "lost '" + command + "' in " + connection + ": " + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        closeAll(connection, List.of(this));
    }

    /**
     * Closes several commands of a connection together, with one search for their processes. Waits up to 5 s, or about
     * 1 s if the container is paused.
     *
     * @param connection the connection
     * @param commands the commands
     * @return whether the container is paused; the commands end after it is unpaused
     */
    static boolean closeAll(PodmanConnection connection, List<PodmanCommand> commands) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            return closeAll(new Closing(connection, section), commands);
        }
    }

    private static boolean closeAll(Closing closing, List<PodmanCommand> commands) {
        List<PodmanCommand> mine = commands.stream()
                .filter(command -> command.closing.compareAndSet(false, true))
                .toList();
        try {
            // A command that has not reported its process id has not set its mark either, and would not be found.
            for (PodmanCommand command : mine) {
                closing.await(command.process);
            }
            List<PodmanCommand> withProcesses =
                    mine.stream().filter(command -> !command.hasNoChildren).toList();
            if (!withProcesses.isEmpty()) {
                closing.await(closing.connection.searches().killAll(withProcesses));
            }
            for (PodmanCommand command : mine) {
                closing.await(command.end);
                closing.await(command.statusPipeEnded);
                closing.await(command.streams.drain());
            }
        } finally {
            mine.forEach(PodmanCommand::finish);
        }
        for (PodmanCommand command : commands) {
            closing.section.awaitDone(command.closed);
        }
        return closing.paused;
    }

    /**
     * Limits the waiting of one close: to 5 s in total, and to 1 s if the container is paused, since nothing in it
     * answers then.
     */
    private static final class Closing {
        private final PodmanConnection connection;
        private final UninterruptibleSection section;
        private final Deadline deadline = Deadline.in(CLOSE_WITHIN);
        private boolean paused;

        Closing(PodmanConnection connection, UninterruptibleSection section) {
            this.connection = connection;
            this.section = section;
        }

        void await(Future<?> done) {
            if (paused) {
                return;
            }
            Deadline check = Deadline.in(PAUSE_CHECK_AFTER);
            if (section.awaitDone(done, check.nanosLeft() < deadline.nanosLeft() ? check : deadline)) {
                return;
            }
            section.attempt(() -> paused = connection.isPaused());
            if (paused) {
                LOG.warn("{} is paused: its commands end after it is unpaused", connection);
            } else {
                var unused = section.awaitDone(done, deadline);
            }
        }
    }

    /** Kills the processes of commands by one search. {@return whether all have ended} */
    static CompletableFuture<Boolean> killAll(PodmanConnection connection, List<PodmanCommand> commands) {
        String marks =
                String.join("|", commands.stream().map(command -> command.mark).toList());
        long now = System.nanoTime();
        List<Long> processes = commands.stream()
                .filter(command -> !command.end.isDone() || now - command.endedNanos < NO_PID_REUSE_NANOS)
                .map(command -> command.process.exceptionally(unknown -> 0L).getNow(0L))
                .filter(process -> process > 0)
                .toList();
        boolean noReuse = commands.stream().allMatch(command -> now - command.startedNanos < NO_PID_REUSE_NANOS)
                && processes.size() == commands.size();
        long after =
                noReuse ? processes.stream().mapToLong(Long::longValue).min().orElse(1) - 1 : 0;
        return connection.killAll(marks, processes, after).whenComplete((clean, failure) -> {
            if (Boolean.FALSE.equals(clean)) {
                LOG.warn("could not kill all processes of {} in {}", commands, connection);
            }
        });
    }

    private void finish() {
        boolean reusable =
                statusPipeEnded.isDone() && end.isDone() && !end.isCompletedExceptionally() && streams.areReusable();
        end.completeExceptionally(new IOException("it was closed before its end was known"));
        streams.end();
        resident.release(names, reusable);
        connection.forget(this);
        closed.complete(true);
    }

    @Override
    public String toString() {
        return "'" + command + "' in " + connection;
    }
}
