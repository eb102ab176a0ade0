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
import org.atex.support.Deadline;
import org.atex.support.OutputFiles;
import org.atex.support.PipeOutput;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A command on a host, started over ssh. Thread-safe. */
final class SshCommand implements RunningCommand {
    private static final Logger LOG = LoggerFactory.getLogger(SshCommand.class);
    /** How long closing waits for the commands to start, to be killed, and to end, in all. */
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

    /** How long after the end of a command its process number is certainly not reused. */
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** The longest run time in which the kernel cannot have started again from low process numbers. */
    private static final long BRIEF_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Command command;
    private final String mark;
    private final Link link;
    private final ExecChannel channel;
    private final OutputFiles files;
    private final Consumer<SshCommand> whenClosed;
    private final PipeOutput stdin;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Boolean> closed = new CompletableFuture<>();
    /** When the end of the command was received, by {@link System#nanoTime}. */
    private final CompletableFuture<Long> endReceived;

    /** Whether the command has certainly left no process. Never fails. */
    final CompletableFuture<Boolean> leftNothing;

    private final long startedAt = System.nanoTime();

    SshCommand(
            Command command,
            String mark,
            Link link,
            ExecChannel channel,
            OutputFiles files,
            Consumer<SshCommand> whenClosed) {
        this.command = command;
        this.mark = mark;
        this.link = link;
        this.channel = channel;
        this.files = files;
        this.whenClosed = whenClosed;
        stdin = new PipeOutput(
                channel.getOutputStream(), link.threads(), failure -> StdinFailure.describe(failure, channel.end));
        endReceived = channel.end.handle((end, failure) -> System.nanoTime());
        leftNothing = channel.end.thenCompose(end -> checkLeftovers()).exceptionally(failure -> false);
        if (files.out() != null) {
            files.out().start(channel.out, link.threads());
        }
        if (files.err() != null) {
            files.err().start(channel.err, link.threads());
        }
        switch (command.stdin()) {
            case Input.Bytes bytes -> link.threads().execute(() -> copyToStdin(bytes::open));
            case Input.FromFile file ->
                link.threads().execute(() -> copyToStdin(() -> Files.newInputStream(file.path())));
            case Input.Empty none -> {}
            case Input.Piped pipe -> {}
        }
    }

    private interface ContentSource {
        InputStream open() throws IOException;
    }

    private void copyToStdin(ContentSource source) {
        try (OutputStream to = channel.getOutputStream();
                InputStream from = source.open()) {
            byte[] piece = new byte[64 * 1024];
            for (int n; (n = from.read(piece)) >= 0; ) {
                to.write(piece, 0, n);
                to.flush(); // close() would drop data for which the host's window has no room
            }
        } catch (IOException e) {
            // The command ended or closed its stdin before it read everything, as commands may.
        }
    }

    @Override
    public OutputStream stdin() {
        refuseUnless(command.stdin().equals(Input.pipe()), "stdin", "Input");
        return stdin;
    }

    @Override
    public InputStream stdout() {
        refuseUnless(command.stdout().equals(Output.pipe()), "stdout", "Output");
        return channel.out;
    }

    @Override
    public InputStream stderr() {
        refuseUnless(command.stderr().equals(Output.pipe()), "stderr", "Output");
        return channel.err;
    }

    private void refuseUnless(boolean pipe, String what, String type) {
        if (!pipe) {
            throw new IllegalStateException(
                    "the " + what + " of '" + command + "' is not a pipe: create the command with " + type + ".pipe()");
        }
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        try {
            CommandEnd end = channel.end.get();
            files.awaitWritten();
            return end;
        } catch (ExecutionException e) {
            throw lost(e.getCause());
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            CommandEnd end = channel.end.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
            files.awaitWritten();
            return Optional.of(end);
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw lost(e.getCause());
        }
    }

    private ConnectionLostException lost(@Nullable Throwable cause) {
        IOException link = this.link.lost();
        Throwable reason = link != null ? link : cause;
        return new ConnectionLostException(
                "lost '" + command + "' on " + this.link + ": "
                        + (reason == null ? "the reason is not known" : reason.getMessage()),
                reason);
    }

    @Override
    public void close() {
        closeAll(List.of(this));
    }

    /**
     * Closes several commands at once, which takes no longer than one. Waits for commands that another thread is
     * closing.
     *
     * @param commands the commands
     */
    static void closeAll(Collection<SshCommand> commands) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            closeAll(commands, section);
        }
    }

    private static void closeAll(Collection<SshCommand> commands, UninterruptibleSection section) {
        Deadline deadline = Deadline.in(CLOSE_WITHIN);
        List<SshCommand> closedHere = commands.stream()
                .filter(command -> command.closing.compareAndSet(false, true))
                .toList();
        try {
            // A command that has not announced its process may not have set its mark: a search would miss it.
            for (SshCommand command : closedHere) {
                var unused = section.awaitDone(command.channel.process, deadline);
            }
            List<CompletableFuture<Boolean>> ends =
                    closedHere.stream().map(SshCommand::end).toList();
            for (CompletableFuture<Boolean> end : ends) {
                var unused = section.awaitDone(end, deadline);
            }
            for (SshCommand command : closedHere) {
                var unused = section.awaitDone(command.channel.end, deadline);
                unused = section.awaitDone(command.allRead(), deadline);
                unused = section.awaitDone(command.files.ended(), deadline);
            }
        } finally {
            // In any case, so that no reader and no caller of await stays blocked.
            closedHere.forEach(SshCommand::finish);
        }
        for (SshCommand command : commands) {
            section.awaitDone(command.closed);
        }
    }

    private CompletableFuture<Boolean> end() {
        if (link.lost() != null) {
            // The reaper on the host notices the loss and kills the command.
            return CompletableFuture.completedFuture(true);
        }
        return endReceived.isDone() ? leftNothing.thenCompose(none -> none ? leftNothing : kill()) : kill();
    }

    /** {@return whether the command, which has just ended, has certainly left no process} */
    private CompletableFuture<Boolean> checkLeftovers() {
        boolean brief = System.nanoTime() - startedAt < BRIEF_NANOS;
        CompletableFuture<Boolean> unknown = CompletableFuture.completedFuture(false);
        // A host may report the end before all output. The process number is in the output.
        return channel.process.thenCompose(
                process -> brief && process != 0 ? link.reaper().leftNothing(process) : unknown);
    }

    private CompletableFuture<Boolean> kill() {
        long now = System.nanoTime();
        // Without a process number, or with one that may have been reused, only the mark identifies the command.
        boolean fresh = now - endReceived.getNow(now) < FRESH_NANOS;
        long process = channel.process.getNow(0L);
        CompletableFuture<Boolean> ended = process == 0
                ? link.reaper().killEverywhere(mark)
                : link.reaper().kill(mark, fresh ? process : 0);
        return ended.whenComplete((none, failure) -> {
            if (Boolean.FALSE.equals(none)) {
                LOG.warn("'{}' on {} has left something that cannot be ended", command, link);
            }
        });
    }

    /** {@return completed when both streams have ended, that is when no process can write any more} */
    private CompletableFuture<Boolean> allRead() {
        return channel.out.ended().thenCombine(channel.err.ended(), (out, err) -> true);
    }

    private void finish() {
        channel.end.completeExceptionally(new IOException("the command was closed before its end was received"));
        channel.out.end();
        channel.err.end();
        channel.hangUp();
        whenClosed.accept(this);
        closed.complete(true);
    }

    @Override
    public String toString() {
        return "'" + command + "' on " + link;
    }
}
