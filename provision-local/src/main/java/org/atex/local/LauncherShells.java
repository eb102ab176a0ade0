package org.atex.local;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.atex.local.LauncherShell.RefusedException;
import org.atex.local.LauncherShell.Request;
import org.atex.support.Deadline;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resident shells of a launcher. Each runs one command at a time; there are as many as commands run at the same
 * time, up to a limit.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class LauncherShells implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LauncherShells.class);

    // More commands at the same time are started by the JVM, as a shell takes more memory than most commands.
    private static final int MAX_SHELLS_PER_CONNECTION = 16;
    private static final Duration START_TIMEOUT = Duration.ofSeconds(5);

    private final String setsid;
    private final String bash;
    private final NamedPipes pipes;

    /** The number of commands after which shells are replaced by Python. */
    private final int worthPython;

    /** The absolute path of Python; null if there is none, or it cannot be used. */
    private volatile @Nullable String python;

    private final Deque<LauncherShell> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicInteger commands = new AtomicInteger();
    private volatile int maxShells = MAX_SHELLS_PER_CONNECTION;
    private volatile boolean unusable;
    private volatile boolean closed;

    /**
     * Creates an empty set of shells.
     *
     * @param setsid the absolute path of the program
     * @param bash the absolute path of bash
     * @param python the absolute path of Python, or null
     * @param worthPython the number of commands after which shells are replaced by Python
     * @param pipes creates the named pipes of commands
     */
    LauncherShells(String setsid, String bash, @Nullable String python, int worthPython, NamedPipes pipes) {
        this.setsid = setsid;
        this.bash = bash;
        this.python = python;
        this.worthPython = worthPython;
        this.pipes = pipes;
    }

    /**
     * Sets how many connections use the shells.
     *
     * @param connections the number of connections
     */
    void connections(int connections) {
        maxShells = Math.multiplyExact(connections, MAX_SHELLS_PER_CONNECTION);
    }

    /**
     * Starts a command.
     *
     * @param command the command
     * @param mark the mark of its processes
     * @return the process, or null if no shell can start it
     * @throws TransferException if a file to which the command is redirected cannot be opened
     * @throws ConnectionLostException if the process could not be created
     * @throws InterruptedException if interrupted; no process is left
     */
    @Nullable
    ShellProcess start(Command command, String mark) throws InterruptedException {
        if (!canOpenFiles(command)) {
            return null;
        }
        boolean onlyBash = false;
        // Once more for a shell that a command has killed, or a pipe that another program has removed.
        for (int failures = 0; failures < 2; ) {
            LauncherShell shell = onlyBash ? takeBash() : take();
            if (shell == null) {
                return null;
            }
            try {
                return start(command, mark, shell);
            } catch (RefusedException e) {
                onlyBash = true;
            } catch (IOException e) {
                failures++;
                LOG.debug("{} could not start a command", shell, e);
                discard(shell);
                pipes.clear();
            } catch (InterruptedException e) {
                discard(shell);
                throw e;
            }
        }
        return null;
    }

    /**
     * {@return whether a shell can open the files to which a command is redirected} Files that cannot be opened are
     * reported here as the JVM would do, since a shell has nowhere to report them.
     */
    private static boolean canOpenFiles(Command command) {
        try {
            if (command.stdin() instanceof Input.FromFile file) {
                if (!isPlainFile(file.path())) {
                    return false;
                }
                new FileInputStream(file.path().toFile()).close();
            }
            for (Output output : List.of(command.stdout(), command.stderr())) {
                if (output instanceof Output.ToFile file) {
                    if (!isPlainFile(file.path())) {
                        return false;
                    }
                    new FileOutputStream(file.path().toFile(), true).close();
                }
            }
            return true;
        } catch (IOException e) {
            throw ProcessStarter.cannotOpen(command, e);
        }
    }

    // A pipe must be opened once only, and a file such as /dev/stdin is another one for each process. Files of a
    // program whose temporary directory is in memory are in /dev/shm.
    private static boolean isPlainFile(Path path) {
        Path absolute = path.toAbsolutePath();
        return (!absolute.startsWith("/dev") || absolute.startsWith("/dev/shm"))
                && !absolute.startsWith("/proc")
                && (Files.isRegularFile(absolute) || Files.notExists(absolute));
    }

    /** {@return an idle or new shell, or null if there is none} */
    private @Nullable LauncherShell take() throws InterruptedException {
        LauncherShell shell = idle.poll();
        while (shell != null && !shell.isReady()) {
            discard(shell); // it was killed
            shell = idle.poll();
        }
        if (shell == null) {
            shell = open();
        }
        return shell == null ? null : best(shell);
    }

    /** {@return an idle or new shell that is bash, or null if there is none} */
    private @Nullable LauncherShell takeBash() throws InterruptedException {
        for (LauncherShell shell : List.copyOf(idle)) {
            if (shell.program() == LauncherProgram.BASH && shell.isReady() && idle.remove(shell)) {
                return shell;
            }
        }
        return open();
    }

    /** {@return the shell, or Python in its place if that is worth its start} */
    private LauncherShell best(LauncherShell shell) throws InterruptedException {
        String path = python;
        if (path == null || shell.program() != LauncherProgram.BASH || commands.get() < worthPython) {
            return shell;
        }
        try {
            LauncherShell replacement = LauncherShell.open(setsid, LauncherProgram.PYTHON, path);
            shell.close();
            return replacement;
        } catch (IOException e) {
            LOG.debug("commands are started by bash only", e);
            python = null;
            return shell;
        } catch (InterruptedException e) {
            giveBack(shell);
            throw e;
        }
    }

    private @Nullable LauncherShell open() throws InterruptedException {
        if (unusable || closed) {
            return null;
        }
        if (count.incrementAndGet() > maxShells) {
            count.decrementAndGet();
            return null;
        }
        boolean opened = false;
        try {
            LauncherShell shell = LauncherShell.open(setsid, LauncherProgram.BASH, bash);
            opened = true;
            return shell;
        } catch (IOException e) {
            LOG.debug("commands are started without resident shells", e);
            unusable = true;
            return null;
        } finally {
            if (!opened) {
                count.decrementAndGet();
            }
        }
    }

    private ShellProcess start(Command command, String mark, LauncherShell shell)
            throws IOException, InterruptedException, RefusedException {
        ShellStreams streams = new ShellStreams(command, pipes.take(shell, ShellStreams.pipesOf(command)));
        long now = System.nanoTime();
        Request request;
        try {
            request = shell.send(command, streams.redirections(), mark);
            commands.incrementAndGet();
        } catch (IOException e) {
            streams.close();
            throw e;
        }
        try {
            request.started.get();
            return new ShellProcess(shell, streams, request, mark);
        } catch (InterruptedException e) {
            try (UninterruptibleSection section = UninterruptibleSection.enter()) {
                if (section.awaitDone(request.started, Deadline.in(START_TIMEOUT))
                        && !request.started.isCompletedExceptionally()) {
                    ShellProcess process = new ShellProcess(shell, streams, request, mark);
                    ProcessTree.end(List.of(ProcessTree.of(process, mark, now)));
                }
            }
            streams.close();
            throw e;
        } catch (ExecutionException e) {
            streams.close();
            if (e.getCause() instanceof RefusedException refused) {
                giveBack(shell);
                throw refused;
            }
            if (!shell.isReady()) {
                // It was killed before it read the request: else the subshell would have reported its start.
                throw new IOException("the shell has ended", e);
            }
            giveBack(shell);
            throw ProcessStarter.notCreated(
                    command, "its process could not be created, or its streams could not be opened", e);
        } finally {
            streams.connected();
        }
    }

    /**
     * Takes back the shell of a process whose command was closed.
     *
     * @param process the process
     */
    void release(ShellProcess process) {
        process.streams().close();
        giveBack(process.shell());
    }

    private void giveBack(LauncherShell shell) {
        if (!shell.isReady() || count.get() > maxShells) {
            discard(shell);
            return;
        }
        // Python first: a shell that runs what Python refuses is not replaced as well while an idle Python is left.
        if (shell.program() == LauncherProgram.PYTHON) {
            idle.addFirst(shell);
        } else {
            idle.addLast(shell);
        }
        if (closed && idle.remove(shell)) { // close() may have run before the shell was added
            discard(shell);
        }
    }

    private void discard(LauncherShell shell) {
        shell.close();
        count.decrementAndGet();
        if (closed) {
            pipes.close(); // again, as the shell may have created pipes in the meantime
        }
    }

    /** Ends all shells. The commands must have been closed before. */
    @Override
    public void close() {
        closed = true;
        for (@Nullable LauncherShell shell; (shell = idle.poll()) != null; ) {
            discard(shell);
        }
        pipes.close();
    }
}
