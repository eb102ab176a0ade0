package org.atex.testkit;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/** A command of a {@link FakeConnection}. Each of its processes is a virtual thread. */
final class FakeCommand implements RunningCommand {
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(5);

    private final Command command;
    private final FakeConnection connection;
    private final CompletableFuture<CommandEnd> end = new CompletableFuture<>();
    private final Map<Long, Thread> processes = new ConcurrentHashMap<>();
    private final FakePipe stdin = new FakePipe();
    private final FakePipe stdout = new FakePipe();
    private final FakePipe stderr = new FakePipe();
    private final OutputStream stdinStream = stdin.input(this::closeStdin);
    private final InputStream stdoutStream = stdout.output();
    private final InputStream stderrStream = stderr.output();
    private final InputStream processIn;
    private final OutputStream processOut;
    private final OutputStream processErr;
    private boolean stdinClosed;
    private volatile boolean killed;

    FakeCommand(Command command, FakeConnection connection) {
        this.command = command;
        this.connection = connection;
        try {
            processIn = switch (command.stdin()) {
                case Input.Empty none -> InputStream.nullInputStream();
                case Input.Bytes bytes -> bytes.open();
                case Input.FromFile file -> file.open();
                case Input.Piped piped -> stdin.output();
            };
            processOut = open(command.stdout(), stdout);
            processErr = command.stderr().equals(Output.merge()) ? processOut : open(command.stderr(), stderr);
        } catch (IOException e) {
            throw new TransferException(
                    "could not start '" + command + "': could not open a local file of its redirections: "
                            + e.getMessage(),
                    e);
        }
    }

    private static OutputStream open(Output output, FakePipe pipe) throws IOException {
        return switch (output) {
            // Not a channel, because an interrupt of one process would close it for all processes of the command.
            case Output.ToFile file -> new FileOutputStream(file.path().toFile(), true);
            case Output.Special special ->
                special == Output.Special.PIPE ? pipe.input(() -> {}) : OutputStream.nullOutputStream();
        };
    }

    /**
     * Starts the command.
     *
     * @param program the behaviour of its first process
     */
    void start(FakeProgram program) {
        startProcess(program, true);
        // A new pipe counts one writer, so that a reader does not see the end before the first process has started.
        stdout.removeWriter();
        stderr.removeWriter();
    }

    private long startProcess(FakeProgram program, boolean first) {
        FakePid pid = new FakePid(connection.nextPid());
        // Before the thread runs: a parent that ends meanwhile must not be the last writer.
        stdout.addWriter();
        stderr.addWriter();
        Thread thread = Thread.ofVirtual()
                .name("atex-fake-process-" + pid.pid())
                .unstarted(() -> {
                    CommandEnd how = run(program, pid);
                    if (first) {
                        end.complete(how);
                    }
                    processes.remove(pid.pid());
                    if (processes.isEmpty()) {
                        closeFiles();
                    }
                    stdout.removeWriter();
                    stderr.removeWriter();
                });
        // One step for close(), which cannot join a thread that has not started.
        synchronized (processes) {
            processes.put(pid.pid(), thread);
            thread.start();
        }
        // kill() on another thread may have missed this process, which was not in the map yet.
        if (killed) {
            thread.interrupt();
        }
        return pid.pid();
    }

    private CommandEnd run(FakeProgram program, FakePid process) {
        try {
            return program.run(process);
        } catch (InterruptedException e) {
            return new CommandEnd.Signalled("KILL");
        } catch (Exception e) {
            return killed ? new CommandEnd.Signalled("KILL") : new CommandEnd.Exited(1);
        }
    }

    private void closeFiles() {
        try (processOut;
                processErr) {
            processIn.close();
        } catch (IOException e) {
            // ignored: there is no caller to report to
        }
    }

    /** A process of the command. */
    private final class FakePid implements FakeProcess {
        private final long pid;

        FakePid(long pid) {
            this.pid = pid;
        }

        @Override
        public Command command() {
            return command;
        }

        @Override
        public long pid() {
            return pid;
        }

        @Override
        public InputStream stdin() {
            return processIn;
        }

        @Override
        public OutputStream stdout() {
            return processOut;
        }

        @Override
        public OutputStream stderr() {
            return processErr;
        }

        @Override
        public Path file(String path) {
            return connection.file(path);
        }

        @Override
        public long spawn(FakeProgram child) {
            return startProcess(child, false);
        }
    }

    boolean hasProcess(long pid) {
        return processes.containsKey(pid);
    }

    @Override
    public OutputStream stdin() {
        refuseUnless(command.stdin().equals(Input.pipe()), "standard input");
        return stdinStream;
    }

    @Override
    public InputStream stdout() {
        refuseUnless(command.stdout().equals(Output.pipe()), "standard output");
        return stdoutStream;
    }

    @Override
    public InputStream stderr() {
        refuseUnless(command.stderr().equals(Output.pipe()), "standard error");
        return stderrStream;
    }

    private void refuseUnless(boolean piped, String what) {
        if (!piped) {
            throw new IllegalStateException("the " + what + " of '" + command + "' is not a pipe");
        }
    }

    private synchronized void closeStdin() {
        if (!stdinClosed) {
            stdinClosed = true;
            stdin.removeWriter();
        }
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        try {
            return end.get();
        } catch (ExecutionException e) {
            throw lost(e);
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            return Optional.of(end.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw lost(e);
        }
    }

    private ConnectionLostException lost(@Nullable Throwable cause) {
        return new ConnectionLostException("lost the fake system while '" + command + "' ran on it", cause);
    }

    /** Ends this command as a loss of the system does: {@code await} throws, and streams fail. */
    void lose() {
        end.completeExceptionally(lost(null));
        stdout.fail("the fake system was lost");
        stderr.fail("the fake system was lost");
        stdin.fail("the fake system was lost");
        kill();
    }

    private List<Thread> startedProcesses() {
        synchronized (processes) {
            return List.copyOf(processes.values());
        }
    }

    private void kill() {
        killed = true;
        startedProcesses().forEach(Thread::interrupt);
    }

    @Override
    public void close() {
        // Cleared for the joins below, and restored at the end.
        boolean interrupted = Thread.interrupted();
        kill();
        // Has no effect if the command ended by itself: await() keeps returning that end.
        end.complete(new CommandEnd.Signalled("KILL"));
        closeStdin();
        for (Thread process : startedProcesses()) {
            interrupted |= !joined(process);
        }
        connection.forget(this);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean joined(Thread process) {
        try {
            process.join(JOIN_TIMEOUT);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }
}
