package org.atex.local;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to this machine. Commands are local processes, and files are copied.
 *
 * <p>Commands run as the user of this program, with its environment and in its directory. Each has a session of its own
 * and the environment variable {@code ATEX_COMMAND}. Closing a command kills all processes that it started, daemons
 * included, which are found by the variable, by the session and by their parents. A process escapes only if it clears
 * its environment, leaves the session, and its parents have ended, or if a service of the machine starts it. The cost
 * does not depend on the number of unrelated processes. Without {@code /proc}, descendants are found only while
 * their parents are alive.
 *
 * <p>If this program crashes or is killed, a shell process next to it kills all processes that have the variable.
 *
 * <p>Commands are children of resident shells, of which a connection has as many as commands run at the same time, 16
 * at most. After 20 commands Python 3.8 takes the place of the shells, if there is one, as it starts a process in a
 * fraction of the time. The systems of a {@link LocalProvisioner} share their shells. Without {@code /proc}, {@code
 * setsid} or bash 4.2, commands are children of the JVM.
 *
 * <p>All output that a command wrote before it ended can be read. Output of its background processes can be read while
 * they run, or is lost.
 *
 * <p>Neither a shell nor the JDK distinguishes a signal from an exit code of 128 plus the number of the signal:
 * {@code exit 137} is reported as the signal KILL.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}. A {@code start} during a concurrent {@code close}
 * throws {@link IllegalStateException} and leaves no process running.
 */
public final class LocalConnection implements Connection {
    private static final long IDLE_SECONDS = 1;

    // The minimum capacity of a pipe on Linux: input up to this size can be written without a reader.
    private static final int MIN_PIPE_CAPACITY = 4096;

    private final Launcher launcher;
    private final Runnable release;
    private final AtomicBoolean released = new AtomicBoolean();
    private final Set<LocalCommand> running = ConcurrentHashMap.newKeySet();
    private final ThreadPoolExecutor threads;
    private volatile boolean closed;

    private LocalConnection(Launcher launcher) {
        this(launcher, launcher::close);
    }

    /**
     * Creates a connection.
     *
     * @param launcher starts its commands
     * @param release called once when the connection has been closed, and uses the launcher no more
     */
    LocalConnection(Launcher launcher, Runnable release) {
        this.launcher = launcher;
        this.release = release;
        threads = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().daemon().name("atex-local-pipe-", 1).factory(),
                // After close() all processes have ended, so reading the rest of their pipes does not block the caller.
                (task, pool) -> task.run());
    }

    /** {@return a connection to this machine} */
    public static LocalConnection open() {
        return new LocalConnection(new Launcher());
    }

    /** {@return a connection that starts all commands by Python, as others do after some time} */
    static LocalConnection withPython() {
        return new LocalConnection(new Launcher(true, 0));
    }

    /** {@return a connection that starts commands without resident shells, as on systems that have no bash 4.2} */
    static LocalConnection withoutShells() {
        return new LocalConnection(new Launcher(false, 0));
    }

    /** {@return the directory of named pipes, or null} */
    @Nullable
    Path pipeDirectory() {
        return launcher.pipeDirectory();
    }

    /**
     * {@inheritDoc}
     *
     * @throws TransferException if a file to which the command is redirected cannot be opened
     */
    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        refuseIfClosed("start '" + command + "'");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before starting '" + command + "'");
        }
        Launcher.Started started = launcher.start(command);
        LocalCommand local = new LocalCommand(command, started, threads, running::remove);
        running.add(local);
        if (closed) {
            local.close(); // close() may have run before the command was added
            refuseIfClosed("start '" + command + "'");
        }
        if (command.stdin() instanceof Input.Bytes bytes) {
            feed(bytes.open().readAllBytes(), started.process().getOutputStream());
        }
        return local;
    }

    private void feed(byte[] bytes, OutputStream stdin) {
        if (bytes.length <= MIN_PIPE_CAPACITY) {
            write(bytes, stdin);
        } else {
            threads.execute(() -> write(bytes, stdin));
        }
    }

    private static void write(byte[] bytes, OutputStream stdin) {
        try (stdin) {
            stdin.write(bytes);
        } catch (IOException e) {
            // The command closed its input before reading all of it, which is not an error.
        }
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        refuseIfClosed("upload " + source);
        TransferException.refuseTilde(target, source + " to " + target);
        TreeCopy.copy(source, Path.of(target));
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        refuseIfClosed("download " + source);
        TransferException.refuseTilde(source, source + " to " + target);
        TreeCopy.copy(Path.of(source), target);
    }

    /** {@inheritDoc} This machine is always reachable, so this only ends the running commands. */
    @Override
    public void reconnect(Duration within) throws InterruptedException {
        refuseIfClosed("reconnect");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before reconnecting");
        }
        endAll();
    }

    @Override
    public boolean isThisMachine() {
        return true;
    }

    @Override
    public List<String> loginCommand() {
        return List.of("bash");
    }

    @Override
    public void close() {
        closed = true;
        endAll();
        if (released.compareAndSet(false, true)) {
            release.run();
        }
        threads.shutdown();
    }

    private void endAll() {
        LocalCommand.closeAll(List.copyOf(running));
    }

    private void refuseIfClosed(String operation) {
        if (closed) {
            throw new IllegalStateException("cannot " + operation + ": this connection is closed; open another one");
        }
    }

    @Override
    public String toString() {
        return "this machine";
    }
}
