package org.atex.podman;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.atex.support.OutputFile;
import org.atex.support.OutputFiles;
import org.jspecify.annotations.Nullable;

/**
 * The streams of a command in a container on another host. One command of the connection to the host copies between
 * them and the named pipes, see {@code host-command.sh}. It ends with the exit code of the command in the container.
 */
final class HostStreams implements CommandStreams {
    private static final String SCRIPT = Scripts.read("host-command.sh");
    /** The largest exit code that the script has from the command for certain: 255 and signals have other causes too. */
    private static final int MAX_CERTAIN = 127;

    private final HostPipes pipes;
    private final Command command;
    private final PipeNames names;
    private final Executor threads;
    private final OutputFiles files;
    private @Nullable RunningCommand running;
    private @Nullable PipeInput out;
    private @Nullable PipeInput err;
    private volatile boolean connected;

    /**
     * Opens the files of this machine to which output is redirected; the connection to the host opens that of the input.
     *
     * @throws TransferException if a file cannot be opened
     */
    HostStreams(HostPipes pipes, Command command, PipeNames names, Executor threads) {
        this.pipes = pipes;
        this.command = command;
        this.names = names;
        this.threads = threads;
        files = OutputFiles.of(command);
    }

    private static String flag(boolean set) {
        return set ? "1" : "0";
    }

    @Override
    public void open(StatusListener status) throws IOException, InterruptedException {
        boolean hasErrors = CommandStreams.isPiped(command.stderr());
        Command copying = Command.bash(
                        SCRIPT,
                        Long.toString(pipes.process()),
                        pipes.name(),
                        names.base(),
                        flag(!command.stdin().equals(Input.empty())),
                        flag(CommandStreams.isPiped(command.stdout())),
                        flag(hasErrors))
                .withStdin(command.stdin())
                .withStderr(hasErrors ? Output.pipe() : Output.discard());
        RunningCommand started = pipes.host().start(copying);
        synchronized (this) {
            running = started;
        }
        threads.execute(() -> follow(started, status));
    }

    private void follow(RunningCommand started, StatusListener status) {
        try {
            status.started(awaitStart(started));
            CommandEnd end = started.await();
            if (end instanceof CommandEnd.Exited exited && exited.code() <= MAX_CERTAIN) {
                status.ended(exited.code(), 0);
            } else {
                status.endedWithUnknownCode();
            }
        } catch (ConnectionLostException | IllegalStateException e) {
            status.failed(pipes.host().lost(e));
        } catch (IOException e) {
            status.failed(e);
        } catch (InterruptedException e) {
            status.failed(new IOException("the thread that waits for it was interrupted", e)); // not expected
        } finally {
            status.closed();
        }
    }

    private static long awaitStart(RunningCommand started) throws IOException, InterruptedException {
        String line = Transfer.readLine(started.stdout());
        if (line.equals("missing")) {
            throw new NoSuchFileException("the pipes of the command in /dev/shm of the container");
        }
        if (line.equals("ended")) {
            throw new IOException("the container has ended");
        }
        try {
            return Long.parseLong(line);
        } catch (NumberFormatException e) {
            CommandEnd end = started.await(); // reports the loss of the connection, if that is the cause
            throw new IOException("its process on the host ended with " + end + " before it was started", e);
        }
    }

    @Override
    public boolean reportsFirst() {
        return true; // the process id is the first line of standard output
    }

    @Override
    public void connect() {
        RunningCommand started = Objects.requireNonNull(running);
        out = receive(command.stdout(), files.out(), started::stdout);
        err = receive(command.stderr(), files.err(), started::stderr);
        connected = true;
    }

    private @Nullable PipeInput receive(Output output, @Nullable OutputFile file, Supplier<InputStream> from) {
        if (!CommandStreams.isPiped(output)) {
            return null;
        }
        if (file != null) {
            file.start(from.get(), threads);
            return null;
        }
        return new PipeInput(Channels.newChannel(from.get()), threads);
    }

    @Override
    public void settled() {
        // The process on the host is the only reader of the status pipe.
    }

    @Override
    public @Nullable OutputStream in() {
        RunningCommand started = running;
        return started != null && command.stdin().equals(Input.pipe()) ? started.stdin() : null;
    }

    @Override
    public @Nullable InputStream out() {
        return out;
    }

    @Override
    public @Nullable InputStream err() {
        return err;
    }

    @Override
    public void awaitWritten() throws InterruptedException {
        files.awaitWritten();
    }

    @Override
    public boolean areReusable() {
        return command.stdin().equals(Input.empty())
                && (out == null || out.atEnd())
                && (err == null || err.atEnd())
                && files.atEnd();
    }

    @Override
    public CompletableFuture<?> drain() {
        return connected ? CommandStreams.drained(files, out, err) : CompletableFuture.completedFuture(null);
    }

    @Override
    public void end() {
        RunningCommand started;
        synchronized (this) {
            started = running;
        }
        if (started != null) {
            started.close();
        }
    }

    @Override
    public void abandon() {
        files.abandon();
        end();
    }
}
