package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A command on a host. */
final class SshCommand implements RunningCommand {
    private static final Logger LOG = LoggerFactory.getLogger(SshCommand.class);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Afterwards, the number of its process may be another's. */
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Within it, the numbers of processes do not come round. */
    private static final long BRIEF_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Command command;
    private final String mark;
    private final Link link;
    private final ExecChannel channel;
    private final Redirects files;
    private final Consumer<SshCommand> whenClosed;
    private final CommandStdin stdin;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Boolean> closed = new CompletableFuture<>();
    private final CompletableFuture<Long> seen;
    private final CompletableFuture<Boolean> clean;
    private final long begun = System.nanoTime();

    /**
     * The files of this machine that a command writes to.
     *
     * @param out for its output, or null
     * @param err for its errors, or null
     */
    record Redirects(@Nullable FileRedirect out, @Nullable FileRedirect err) {
        /** Opens those of a command. */
        static Redirects of(Command command) {
            FileRedirect out = pump(command.stdout());
            try {
                return new Redirects(out, pump(command.stderr()));
            } catch (RuntimeException e) {
                if (out != null) {
                    out.abandon();
                }
                throw e;
            }
        }

        private static @Nullable FileRedirect pump(Output output) {
            return output instanceof Output.ToFile file ? new FileRedirect(file.path()) : null;
        }

        void abandon() {
            if (out != null) {
                out.abandon();
            }
            if (err != null) {
                err.abandon();
            }
        }
    }

    SshCommand(
            Command command,
            String mark,
            Link link,
            ExecChannel channel,
            Redirects files,
            Consumer<SshCommand> whenClosed) {
        this.command = command;
        this.mark = mark;
        this.link = link;
        this.channel = channel;
        this.files = files;
        this.whenClosed = whenClosed;
        stdin = new CommandStdin(channel.getOutputStream(), link.threads(), channel.end);
        seen = channel.end.handle((end, failure) -> System.nanoTime());
        clean = channel.end.thenCompose(end -> look()).exceptionally(failure -> false);
        if (files.out() != null) {
            files.out().start(channel.out, link.threads());
        }
        if (files.err() != null) {
            files.err().start(channel.err, link.threads());
        }
        switch (command.stdin()) {
            case Input.Bytes bytes -> link.threads().execute(() -> feed(bytes::open));
            case Input.FromFile file -> link.threads().execute(() -> feed(() -> Files.newInputStream(file.path())));
            case Input.Empty none -> {}
            case Input.Piped pipe -> {}
        }
    }

    private interface Source {
        InputStream open() throws IOException;
    }

    private void feed(Source source) {
        try (OutputStream to = channel.getOutputStream();
                InputStream from = source.open()) {
            byte[] piece = new byte[64 * 1024];
            for (int n; (n = from.read(piece)) >= 0; ) {
                to.write(piece, 0, n);
                to.flush(); // closing drops what the host has no room for
            }
        } catch (IOException e) {
            // The command did not want it all, which is its right.
        }
    }

    @Override
    public OutputStream stdin() {
        refuseUnless(command.stdin().equals(Input.pipe()), "input", "Input");
        return stdin;
    }

    @Override
    public InputStream stdout() {
        refuseUnless(command.stdout().equals(Output.pipe()), "output", "Output");
        return channel.out;
    }

    @Override
    public InputStream stderr() {
        refuseUnless(command.stderr().equals(Output.pipe()), "errors", "Output");
        return channel.err;
    }

    private void refuseUnless(boolean pipe, String what, String type) {
        if (!pipe) {
            throw new IllegalStateException(
                    "the " + what + " of '" + command + "' is no pipe: give the command " + type + ".pipe()");
        }
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        try {
            CommandEnd end = channel.end.get();
            settle();
            return end;
        } catch (ExecutionException e) {
            throw lost(e.getCause());
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            CommandEnd end = channel.end.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
            settle();
            return Optional.of(end);
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw lost(e.getCause());
        }
    }

    private void settle() throws InterruptedException {
        if (files.out() != null) {
            files.out().settle();
        }
        if (files.err() != null) {
            files.err().settle();
        }
    }

    private ConnectionLostException lost(@Nullable Throwable cause) {
        IOException link = this.link.lost();
        Throwable reason = link != null ? link : cause;
        return new ConnectionLostException(
                "lost '" + command + "' on " + this.link + ": "
                        + (reason == null ? "for no known reason" : reason.getMessage()),
                reason);
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
    static void closeAll(Collection<SshCommand> commands) {
        boolean interrupted = Thread.interrupted();
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        List<SshCommand> mine = commands.stream()
                .filter(command -> command.closing.compareAndSet(false, true))
                .toList();
        try {
            // One that has not got so far as to set its mark would not be found.
            for (SshCommand command : mine) {
                interrupted |= done(command.channel.process, deadline);
            }
            List<CompletableFuture<Boolean>> ends =
                    mine.stream().map(SshCommand::end).toList();
            for (CompletableFuture<Boolean> end : ends) {
                interrupted |= done(end, deadline);
            }
            for (SshCommand command : mine) {
                interrupted |= done(command.channel.end, deadline);
                interrupted |= done(command.allRead(), deadline);
            }
        } finally {
            mine.forEach(SshCommand::finish);
        }
        for (SshCommand command : commands) {
            interrupted |= done(command.closed, Long.MAX_VALUE);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private CompletableFuture<Boolean> end() {
        if (link.lost() != null) {
            return CompletableFuture.completedFuture(true);
        }
        return seen.isDone() ? clean.thenCompose(none -> none ? clean : kill()) : kill();
    }

    /** {@return whether it has certainly left nothing, now that it has ended} */
    private CompletableFuture<Boolean> look() {
        boolean brief = System.nanoTime() - begun < BRIEF_NANOS;
        CompletableFuture<Boolean> unknown = CompletableFuture.completedFuture(false);
        // A host may tell the end before it has read all that the command wrote.
        return channel.process.thenCompose(
                process -> brief && process != 0 ? link.keeper().look(process) : unknown);
    }

    private CompletableFuture<Boolean> kill() {
        long now = System.nanoTime();
        boolean fresh = now - seen.getNow(now) < FRESH_NANOS;
        long process = channel.process.getNow(0L);
        CompletableFuture<Boolean> ended =
                process == 0 ? link.keeper().endEverywhere(mark) : link.keeper().end(mark, fresh ? process : 0);
        return ended.whenComplete((none, failure) -> {
            if (Boolean.FALSE.equals(none)) {
                LOG.warn("'{}' on {} has left something that cannot be ended", command, link);
            }
        });
    }

    /** {@return done when all that it wrote has arrived, as nobody is left that could write} */
    private CompletableFuture<Boolean> allRead() {
        return channel.out.ended().thenCombine(channel.err.ended(), (out, err) -> true);
    }

    private void finish() {
        channel.end.completeExceptionally(new IOException("it was closed, and its end was not seen"));
        channel.out.end();
        channel.err.end();
        channel.hangUp();
        whenClosed.accept(this);
        closed.complete(true);
    }

    /** Waits, whatever happens. {@return whether it was interrupted meanwhile} */
    private static boolean done(Future<?> future, long deadline) {
        boolean interrupted = false;
        while (true) {
            try {
                long left = deadline == Long.MAX_VALUE ? deadline : deadline - System.nanoTime();
                future.get(Math.max(0, left), TimeUnit.NANOSECONDS);
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException | TimeoutException e) {
                return interrupted;
            }
        }
    }

    @Override
    public String toString() {
        return "'" + command + "' on " + link;
    }
}
