package org.atex.testkit;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
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

/** A command of a {@link FakeConnection}: its processes are virtual threads. */
final class FakeCommand implements RunningCommand {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Command command;
    private final FakeConnection connection;
    private final CompletableFuture<CommandEnd> end = new CompletableFuture<>();
    private final Map<Long, Thread> processes = new ConcurrentHashMap<>();
    private final FakePipe stdin = new FakePipe();
    private final FakePipe stdout = new FakePipe();
    private final FakePipe stderr = new FakePipe();
    private final OutputStream intoStdin = stdin.input(this::closeStdin);
    private final InputStream outOfStdout = stdout.output();
    private final InputStream outOfStderr = stderr.output();
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
                    "could not start '" + command + "': a file it is redirected to or from cannot" + " be opened here: "
                            + e.getMessage(),
                    e);
        }
    }

    private static OutputStream open(Output output, FakePipe pipe) throws IOException {
        return switch (output) {
            // Not a channel: an interrupt would close it for all the command's processes.
            case Output.ToFile file -> new FileOutputStream(file.path().toFile(), true);
            case Output.Special special ->
                special == Output.Special.PIPE ? pipe.input(() -> {}) : OutputStream.nullOutputStream();
        };
    }

    /**
     * Starts it.
     *
     * @param program what it does
     */
    void start(FakeProgram program) {
        startProcess(program, true);
        stdout.removeWriter();
        stderr.removeWriter();
    }

    private long startProcess(FakeProgram program, boolean first) {
        FakePid pid = new FakePid(connection.nextPid());
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
        processes.put(pid.pid(), thread);
        thread.start();
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
            // nothing that a fake could do about it
        }
    }

    /** One of its processes. */
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
        refuseUnless(command.stdin().equals(Input.pipe()), "input");
        return intoStdin;
    }

    @Override
    public InputStream stdout() {
        refuseUnless(command.stdout().equals(Output.pipe()), "output");
        return outOfStdout;
    }

    @Override
    public InputStream stderr() {
        refuseUnless(command.stderr().equals(Output.pipe()), "errors");
        return outOfStderr;
    }

    private void refuseUnless(boolean piped, String what) {
        if (!piped) {
            throw new IllegalStateException("the " + what + " of '" + command + "' is no pipe");
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

    /** The system is gone, and this with it. */
    void lose() {
        end.completeExceptionally(lost(null));
        stdout.fail("the fake system was lost");
        stderr.fail("the fake system was lost");
        stdin.fail("the fake system was lost");
        kill();
    }

    private void kill() {
        killed = true;
        processes.values().forEach(Thread::interrupt);
    }

    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        kill();
        end.complete(new CommandEnd.Signalled("KILL"));
        closeStdin();
        for (Thread process : processes.values()) {
            interrupted |= !joined(process);
        }
        connection.forget(this);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean joined(Thread process) {
        try {
            process.join(PATIENCE);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }
}
