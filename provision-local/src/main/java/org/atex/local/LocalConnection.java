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
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;

/**
 * This machine as a system: commands are its processes, files are copied.
 *
 * <p>Commands run as the user of this program, in its environment and its directory. Each is in a session of its own, and
 * each carries the variable {@code ATEX_COMMAND}, by which everything that it started is found again and killed when it
 * is closed, daemons included; where there is no {@code /proc}, only what still has its parents. What wipes its
 * environment, leaves its session and outlives its parents escapes, as do processes that a service of the machine starts.
 * The costs of that do not depend on how many processes others have. If this program is killed or crashes, a shell beside
 * it ends what carries the variable.
 *
 * <p>What a command wrote before it ended is all there to be read. What it left running may go on writing while somebody
 * reads, or in vain.
 *
 * <p>Java does not tell a signal from an exit code of 128 and the signal's number: {@code exit 137} is reported as the
 * signal KILL.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}. A {@code start} that is under way in one thread while
 * another closes ends with {@link IllegalStateException}, and leaves nothing running.
 */
public final class LocalConnection implements Connection {
    private static final long IDLE_SECONDS = 1;

    /** What fits into a pipe, however little room the kernel gives it, without anybody reading. */
    private static final int FITS = 4096;

    private final Launcher launcher = new Launcher();
    private final Guard guard = new Guard(launcher.marks());
    private final Set<LocalCommand> running = ConcurrentHashMap.newKeySet();
    private final ThreadPoolExecutor threads;
    private volatile boolean closed;

    private LocalConnection() {
        threads = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().daemon().name("atex-local-pipe-", 1).factory(),
                // After close all processes are gone, and what is left in the pipes can be read by anybody.
                (task, pool) -> task.run());
    }

    /** {@return a connection to this machine} */
    public static LocalConnection open() {
        return new LocalConnection();
    }

    /**
     * {@inheritDoc}
     *
     * @throws org.atex.api.TransferException if a file of this machine that the command is redirected to or from cannot
     *     be opened
     */
    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        refuseIfClosed("start '" + command + "'");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before '" + command + "' was started");
        }
        Launcher.Started started = launcher.start(command);
        LocalCommand local = new LocalCommand(command, started.process(), started.tree(), threads, running::remove);
        running.add(local);
        if (closed) {
            local.close(); // close() may have looked before it was there
            refuseIfClosed("start '" + command + "'");
        }
        if (command.stdin() instanceof Input.Bytes bytes) {
            feed(bytes.open().readAllBytes(), started.process().getOutputStream());
        }
        return local;
    }

    private void feed(byte[] bytes, OutputStream stdin) {
        if (bytes.length <= FITS) {
            write(bytes, stdin);
        } else {
            threads.execute(() -> write(bytes, stdin));
        }
    }

    private static void write(byte[] bytes, OutputStream stdin) {
        try (stdin) {
            stdin.write(bytes);
        } catch (IOException e) {
            // The command did not want it all, which is its right.
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

    /** {@inheritDoc} This machine is always there: nothing is done but to end what runs. */
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
    public void close() {
        closed = true;
        endAll();
        guard.close();
        threads.shutdown();
    }

    private void endAll() {
        LocalCommand.closeAll(List.copyOf(running));
    }

    private void refuseIfClosed(String what) {
        if (closed) {
            throw new IllegalStateException("cannot " + what + ": this connection is closed; open another one");
        }
    }

    @Override
    public String toString() {
        return "this machine";
    }
}
