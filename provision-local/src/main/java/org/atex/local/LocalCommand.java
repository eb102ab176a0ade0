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
import org.jspecify.annotations.Nullable;

/** A process of this machine, with all that it starts. */
final class LocalCommand implements RunningCommand {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Command command;
    private final Process process;
    private final ProcessTree tree;
    private final Consumer<LocalCommand> whenClosed;
    private final @Nullable PipeOutput stdin;
    private final @Nullable PipeInput stdout;
    private final @Nullable PipeInput stderr;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);

    LocalCommand(
            Command command, Process process, ProcessTree tree, Executor threads, Consumer<LocalCommand> whenClosed) {
        this.command = command;
        this.process = process;
        this.tree = tree;
        this.whenClosed = whenClosed;
        stdin = command.stdin().equals(Input.pipe()) ? new PipeOutput(process.getOutputStream(), threads) : null;
        stdout = command.stdout().equals(Output.pipe()) ? new PipeInput(process.getInputStream(), threads) : null;
        stderr = command.stderr().equals(Output.pipe()) ? new PipeInput(process.getErrorStream(), threads) : null;
    }

    @Override
    public OutputStream stdin() {
        return piped(stdin, "input", "Input");
    }

    @Override
    public InputStream stdout() {
        return piped(stdout, "output", "Output");
    }

    @Override
    public InputStream stderr() {
        return piped(stderr, "errors", "Output");
    }

    private <T> T piped(@Nullable T stream, String what, String type) {
        if (stream == null) {
            throw new IllegalStateException(
                    "the " + what + " of '" + command + "' is no pipe: give the command " + type + ".pipe()");
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

    /** Java tells no signal from an exit code above 128, and few programs use one of these for anything else. */
    private static CommandEnd end(int code) {
        String signal = code > 128 ? Signals.name(code - 128) : null;
        return signal == null ? new CommandEnd.Exited(code) : new CommandEnd.Signalled(signal);
    }

    @Override
    public void close() {
        closeAll(List.of(this));
    }

    /**
     * Closes some commands at once.
     *
     * @param commands what to close
     */
    static void closeAll(Collection<LocalCommand> commands) {
        boolean interrupted = Thread.interrupted();
        List<LocalCommand> mine = commands.stream()
                .filter(command -> command.closing.compareAndSet(false, true))
                .toList();
        try {
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            ProcessTree.end(mine.stream().map(command -> command.tree).toList());
            mine.forEach(command -> command.endStreams(deadline));
        } finally {
            mine.forEach(LocalCommand::finish);
        }
        for (LocalCommand command : commands) {
            interrupted |= command.awaitClosed();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
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
        whenClosed.accept(this);
        closed.countDown();
    }

    /** {@return whether it was interrupted meanwhile} */
    private boolean awaitClosed() {
        boolean interrupted = false;
        while (true) {
            try {
                closed.await();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    @Override
    public String toString() {
        return "'" + command + "' (pid " + process.pid() + ")";
    }
}
