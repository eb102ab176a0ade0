package org.atex.local;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.Signals;
import org.atex.support.PipeOutput;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/** A command on this machine: a process and its descendants. */
final class LocalCommand implements RunningCommand {
    private static final long CLOSE_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Command command;
    private final Process process;
    private final ProcessTree tree;
    private final Runnable release;
    private final Consumer<LocalCommand> onClosed;
    private final @Nullable PipeOutput stdin;
    private final @Nullable PipeInput stdout;
    private final @Nullable PipeInput stderr;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);

    LocalCommand(Command command, Launcher.Started started, Executor threads, Consumer<LocalCommand> onClosed) {
        this.command = command;
        this.process = started.process();
        this.tree = started.tree();
        this.release = started.release();
        this.onClosed = onClosed;
        stdin = command.stdin().equals(Input.pipe()) ? new PipeOutput(process.getOutputStream(), threads) : null;
        stdout = command.stdout().equals(Output.pipe()) ? new PipeInput(process.getInputStream(), threads) : null;
        stderr = command.stderr().equals(Output.pipe()) ? new PipeInput(process.getErrorStream(), threads) : null;
    }

    @Override
    public OutputStream stdin() {
        return requirePipe(stdin, "input", "Input");
    }

    @Override
    public InputStream stdout() {
        return requirePipe(stdout, "output", "Output");
    }

    @Override
    public InputStream stderr() {
        return requirePipe(stderr, "error output", "Output");
    }

    private <T> T requirePipe(@Nullable T stream, String name, String type) {
        if (stream == null) {
            throw new IllegalStateException(
                    "the " + name + " of '" + command + "' is not a pipe: create the command with " + type + ".pipe()");
        }
        return stream;
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        return end(process.waitFor());
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        boolean ended = process.waitFor(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
        return ended ? Optional.of(end(process.exitValue())) : Optional.empty();
    }

    // A signal is reported as 128 plus its number. Few programs use these exit codes for anything else.
    private static CommandEnd end(int code) {
        String signal = code > 128 ? Signals.name(code - 128) : null;
        return signal == null ? new CommandEnd.Exited(code) : new CommandEnd.Signalled(signal);
    }

    @Override
    public void close() {
        closeAll(List.of(this));
    }

    /**
     * Closes several commands together, with one search for their processes.
     *
     * @param commands the commands
     */
    static void closeAll(Collection<LocalCommand> commands) {
        List<LocalCommand> toClose = commands.stream()
                .filter(command -> command.closing.compareAndSet(false, true))
                .toList();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            try {
                long deadline = System.nanoTime() + CLOSE_TIMEOUT_NANOS;
                ProcessTree.end(toClose.stream().map(command -> command.tree).toList());
                toClose.forEach(command -> command.endStreams(deadline));
            } finally {
                toClose.forEach(LocalCommand::finish);
            }
            // Including those that another thread is closing.
            commands.forEach(command -> section.await(command.closed));
        }
    }

    private void endStreams(long deadline) {
        if (stdout != null) {
            stdout.endBy(deadline);
        }
        if (stderr != null) {
            stderr.endBy(deadline);
        }
    }

    private void finish() {
        release.run();
        onClosed.accept(this);
        closed.countDown();
    }

    @Override
    public String toString() {
        return "'" + command + "' (pid " + process.pid() + ")";
    }
}
