package org.atex.podman;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.support.Closeables;
import org.atex.support.CommandScript;
import org.atex.support.Deadline;
import org.atex.support.PipeOutput;
import org.atex.support.SystemOwner;
import org.atex.support.UninterruptibleSection;

/** Runs podman on a host that a connection reaches. The connection remains open. Thread-safe. */
final class ConnectedHost implements PodmanHost {
    private static final Duration TERMINATION_TIMEOUT = Duration.ofSeconds(10);

    // Longer, for the script to kill podman and to end.
    private static final Duration SCRIPT_END_TIMEOUT = TERMINATION_TIMEOUT.plusSeconds(5);

    private static final String RUN = Scripts.read("host-podman.sh");

    private final Connection connection;
    private final String name;
    private final ReentrantLock reconnecting = new ReentrantLock();

    ConnectedHost(Connection connection, String name) {
        this.connection = connection;
        this.name = name;
    }

    /** An operation of the connection. */
    private interface Operation<T> {
        T run() throws IOException, InterruptedException;
    }

    private <T> T on(Operation<T> operation) throws IOException, InterruptedException {
        try {
            return operation.run();
        } catch (ConnectionLostException | IllegalStateException e) {
            throw new HostLostException(name, e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String describe(String container) {
        return "container " + container + " on " + name;
    }

    @Override
    public End run(List<String> line, String subcommand, Duration within, Consumer<String> progress)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(String.valueOf(TERMINATION_TIMEOUT.toSeconds())));
        arguments.addAll(line);
        Command command = Command.bash(RUN, arguments.toArray(String[]::new)).withStdin(Input.pipe());
        return on(() -> {
            try (RunningCommand running = connection.start(command)) {
                return end(running, subcommand, within, progress);
            }
        });
    }

    private static End end(RunningCommand running, String subcommand, Duration within, Consumer<String> progress)
            throws IOException, InterruptedException {
        boolean ended = false;
        try {
            FutureTask<String> output = Podman.readAsync(() -> Podman.text(running.stdout()));
            FutureTask<String> errors = Podman.readAsync(() -> Podman.readLines(running.stderr(), progress));
            runPodman(running.stdin());
            Optional<CommandEnd> end = running.await(within);
            if (end.isEmpty()) {
                throw Podman.timeout(subcommand, within);
            }
            ended = true;
            return new End(end.get().shellCode(), Podman.result(output), Podman.result(errors));
        } finally {
            if (!ended) {
                terminate(running);
            }
        }
    }

    private static void runPodman(OutputStream script) {
        try {
            script.write('\n');
            script.flush();
        } catch (IOException e) {
            // Its end, or that of the connection, tells why.
        }
    }

    private static void terminate(RunningCommand running) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            Closeables.closeQuietly(running.stdin());
            var unused = section.await(SCRIPT_END_TIMEOUT.toNanos(), left -> running.await(Duration.ofNanos(left)));
        } catch (ConnectionLostException | IllegalStateException e) {
            // The end of the connection has ended the input of the script as well.
        }
    }

    @Override
    public ShellStreams startShell(List<String> line, Executor threads) throws IOException, InterruptedException {
        RunningCommand running = on(() -> connection.start(Command.of(line).withStdin(Input.pipe())));
        return new ShellStreams(
                new PipeOutput(running.stdin(), threads), // an interrupt must not cut a request
                running.stdout(),
                running.stderr(),
                running::close,
                () -> {});
    }

    @Override
    public Pipes openPipes(long process, Path directory) throws IOException, InterruptedException {
        String path = "/proc/" + process + "/root" + directory;
        if (!query(Command.of("test", "-d", path, "-a", "-x", path)).succeeded()) {
            throw new AccessDeniedException(path);
        }
        return new HostPipes(this, process, String.valueOf(directory.getFileName()));
    }

    @Override
    public String shellMode() {
        return "host";
    }

    RunningCommand start(Command command) throws IOException, InterruptedException {
        return on(() -> connection.start(command));
    }

    /** {@return the exception with which a command ends because of an exception of the connection} */
    HostLostException lost(RuntimeException e) {
        return new HostLostException(name, e);
    }

    private CommandResult query(Command command) throws IOException, InterruptedException {
        return on(() -> connection.run(command));
    }

    @Override
    public boolean isAlive(long process) throws IOException, InterruptedException {
        return query(Command.of("test", "-d", "/proc/" + process)).succeeded();
    }

    @Override
    public int processors() throws IOException, InterruptedException {
        CommandResult result = query(Command.of("nproc"));
        String text = result.stdout().strip();
        return result.succeeded() && text.matches("\\d{1,6}") ? Math.max(1, Integer.parseInt(text)) : 1;
    }

    @Override
    public void reconnect(Duration within) throws IOException, InterruptedException {
        Deadline deadline = Deadline.in(within);
        // Held over I/O: a second reconnect would end the commands that the others have started after the first.
        reconnecting.lockInterruptibly();
        try {
            try {
                var unused = connection.run(Command.of("true"));
            } catch (ConnectionLostException e) {
                on(() -> {
                    connection.reconnect(deadline.left());
                    return true;
                });
            } catch (IllegalStateException e) {
                throw new HostLostException(name, e);
            }
        } finally {
            reconnecting.unlock();
        }
    }

    @Override
    public List<String> loginLine(List<String> line) {
        if (connection.isThisMachine()) {
            return List.copyOf(line);
        }
        List<String> all = new ArrayList<>(connection.loginCommand());
        if (all.isEmpty() || !all.getFirst().equals("ssh")) {
            return List.of(); // it is not known how to pass a program to another command
        }
        all.add("-t");
        all.add(CommandScript.commandLine(line));
        return List.copyOf(all);
    }

    @Override
    public String owner() {
        return SystemOwner.current();
    }

    @Override
    public boolean hasEnded(String owner) {
        return SystemOwner.hasEnded(owner);
    }
}
