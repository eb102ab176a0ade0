package org.atex.podman;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A command in a container, with all that it starts. */
final class PodmanCommand implements RunningCommand {
    private static final Logger LOG = LoggerFactory.getLogger(PodmanCommand.class);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** So soon no number of a process is given a second time. */
    private static final long BRIEF_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Command command;
    private final String mark;
    private final PodmanConnection connection;
    private final Resident resident;
    private final PipeNames names;
    private final Streams streams;
    private final long begun = System.nanoTime();
    private final CompletableFuture<Long> process = new CompletableFuture<>();
    private final CompletableFuture<CommandEnd> end = new CompletableFuture<>();
    private final CompletableFuture<Boolean> told = new CompletableFuture<>();
    private final CompletableFuture<Boolean> closed = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile boolean leftNothing;
    private volatile long endedNanos;
    private @Nullable SeekableByteChannel keeper;
    private @Nullable SeekableByteChannel status;

    PodmanCommand(
            Command command,
            String mark,
            PodmanConnection connection,
            Resident resident,
            PipeNames names,
            Streams streams) {
        this.command = command;
        this.mark = mark;
        this.connection = connection;
        this.resident = resident;
        this.names = names;
        this.streams = streams;
    }

    /**
     * Starts it.
     *
     * @throws IOException if the container cannot be reached
     * @throws InterruptedException if interrupted; it may have been started
     */
    void start(Duration within) throws IOException, InterruptedException {
        try {
            PipeDirectory directory = resident.directory();
            keeper = directory.keeper(names.status());
            SeekableByteChannel says = directory.reader(names.status());
            status = says;
            streams.prepare(directory, names);
            connection.threads().execute(() -> listen(says));
        } catch (IOException e) {
            neverStart(e);
            throw e;
        }
        var unused = resident.gone().thenAccept(process::completeExceptionally);
        resident.run(names, ShellWords.script(command, names, mark));
        try {
            process.get(TimeUnit.NANOSECONDS.convert(within), TimeUnit.NANOSECONDS);
            streams.connect(resident.directory(), names);
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(Causes.of(e).getMessage()), Causes.of(e));
        } catch (TimeoutException e) {
            throw new IOException("the container did not start it within " + within.toSeconds()
                    + " s (is it paused, or out of processes?)");
        } finally {
            Quiet.close(keeper); // from here on the pipe ends with who writes to it
        }
    }

    /** Nothing was asked of the container. */
    void neverStart(IOException cause) {
        process.completeExceptionally(cause);
        end.completeExceptionally(cause);
        told.complete(true);
    }

    /** Reads the number of its process, then how it ended; whatever happens to who writes that, the pipe ends. */
    private void listen(ReadableByteChannel says) {
        ByteBuffer piece = ByteBuffer.allocate(64);
        StringBuilder line = new StringBuilder();
        try {
            while (says.read(piece.clear()) >= 0) {
                for (char c : StandardCharsets.US_ASCII.decode(piece.flip()).array()) {
                    if (c == '\n') {
                        heard(List.of(line.toString().split(" ", -1)));
                        line.setLength(0);
                    } else if (c != 0) {
                        line.append(c);
                    }
                }
            }
            fail(new IOException("what ran it in the container was killed, or the container ended"));
        } catch (IOException | NumberFormatException e) {
            fail(new IOException("its end was not seen: " + e.getMessage(), e));
        }
    }

    private void heard(List<String> words) {
        if (words.size() == 1) {
            process.complete(Long.parseLong(words.get(0)));
            return;
        }
        if (!process.isDone()) {
            process.completeExceptionally(new IOException("its streams could not be opened in the container"));
        }
        int code = Integer.parseInt(words.get(0));
        // That number was the last one given: it started nothing.
        leftNothing = words.get(1).equals(String.valueOf(process.getNow(-1L)));
        endedNanos = System.nanoTime();
        String signal = code > 128 ? Signals.name(code - 128) : null;
        end.complete(signal == null ? new CommandEnd.Exited(code) : new CommandEnd.Signalled(signal));
    }

    private void fail(IOException cause) {
        process.completeExceptionally(cause);
        end.completeExceptionally(cause);
        told.complete(true);
    }

    @Override
    public OutputStream stdin() {
        return piped(streams.in(), command.stdin().equals(Input.pipe()), "input", "Input");
    }

    @Override
    public InputStream stdout() {
        return piped(streams.out(), command.stdout().equals(Output.pipe()), "output", "Output");
    }

    @Override
    public InputStream stderr() {
        return piped(streams.err(), command.stderr().equals(Output.pipe()), "errors", "Output");
    }

    private <T> T piped(@Nullable T stream, boolean isPipe, String what, String type) {
        if (stream == null || !isPipe) {
            throw new IllegalStateException(
                    "the " + what + " of '" + command + "' is no pipe: give the command " + type + ".pipe()");
        }
        return stream;
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        try {
            CommandEnd how = end.get();
            streams.settle();
            return how;
        } catch (ExecutionException e) {
            throw lost(Causes.of(e));
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            CommandEnd how = end.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
            streams.settle();
            return Optional.of(how);
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw lost(Causes.of(e));
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
     * Closes some commands of a connection at once.
     *
     * @param connection the connection
     * @param commands what to close
     * @return whether the container is paused; then they end when it goes on
     */
    static boolean closeAll(PodmanConnection connection, List<PodmanCommand> commands) {
        boolean interrupted = Thread.interrupted();
        Closing closing = new Closing(connection);
        List<PodmanCommand> mine = commands.stream()
                .filter(command -> command.closing.compareAndSet(false, true))
                .toList();
        try {
            // One that has not got so far as to set its mark would not be found.
            for (PodmanCommand command : mine) {
                closing.await(command.process);
            }
            List<PodmanCommand> left =
                    mine.stream().filter(command -> !command.leftNothing).toList();
            if (!left.isEmpty()) {
                closing.await(endAll(connection, left));
            }
            for (PodmanCommand command : mine) {
                closing.await(command.end);
                closing.await(command.told);
            }
        } finally {
            mine.forEach(PodmanCommand::finish);
        }
        for (PodmanCommand command : commands) {
            interrupted |= Patience.done(command.closed, Long.MAX_VALUE);
        }
        if (interrupted || closing.interrupted) {
            Thread.currentThread().interrupt();
        }
        return closing.paused;
    }

    /** How long what is closed is waited for: nothing in a paused container answers. */
    private static final class Closing {
        private final PodmanConnection connection;
        private final long deadline = System.nanoTime() + PATIENCE_NANOS;
        private boolean paused;
        private boolean interrupted;

        Closing(PodmanConnection connection) {
            this.connection = connection;
        }

        void await(Future<?> done) {
            if (paused) {
                return;
            }
            interrupted |= Patience.done(done, Math.min(deadline, System.nanoTime() + SOON_NANOS));
            if (done.isDone()) {
                return;
            }
            try {
                paused = connection.isPaused();
            } catch (InterruptedException e) {
                interrupted = true;
            }
            if (paused) {
                LOG.warn("{} is paused: what runs in it ends when it goes on", connection);
            } else {
                interrupted |= Patience.done(done, deadline);
            }
        }
    }

    private static CompletableFuture<Boolean> endAll(PodmanConnection connection, List<PodmanCommand> left) {
        String marks =
                String.join("|", left.stream().map(command -> command.mark).toList());
        long now = System.nanoTime();
        List<Long> processes = left.stream()
                .filter(command -> !command.end.isDone() || now - command.endedNanos < BRIEF_NANOS)
                .map(command -> command.process.exceptionally(unknown -> 0L).getNow(0L))
                .filter(process -> process > 0)
                .toList();
        boolean brief =
                left.stream().allMatch(command -> now - command.begun < BRIEF_NANOS) && processes.size() == left.size();
        long after = brief ? processes.stream().mapToLong(Long::longValue).min().orElse(1) - 1 : 0;
        return connection.end(marks, processes, after).whenComplete((clean, failure) -> {
            if (Boolean.FALSE.equals(clean)) {
                LOG.warn("{} have left something in {} that cannot be ended", left, connection);
            }
        });
    }

    private void finish() {
        boolean free = told.isDone() && end.isDone() && !end.isCompletedExceptionally() && streams.areFree();
        end.completeExceptionally(new IOException("it was closed, and its end was not seen"));
        streams.end();
        Quiet.close(keeper);
        Quiet.close(status);
        resident.giveBack(names, free);
        connection.forget(this);
        closed.complete(true);
    }

    @Override
    public String toString() {
        return "'" + command + "' in " + connection;
    }
}
