package org.atex.local;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the processes of commands. Each has a mark in its environment and is in a session without other commands. The
 * session serves to find background processes, and keeps the SIGINT of a Ctrl-C in the terminal away from them.
 *
 * <p>Resident shells start the processes, which takes half the time that the JVM takes. The JVM starts them if there is
 * no {@code /proc} or no bash 4.2, or if very many commands run at the same time.
 *
 * <p>Lifecycle: several connections can use one launcher. It must be closed after all of them, as a guard process runs
 * until then.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class Launcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Launcher.class);
    private static final String SYSTEM_PYTHON = "/usr/bin/python3";

    // Python takes about 20 ms longer than bash to start, and saves 1 to 5 ms with each command.
    private static final int WORTH_PYTHON = 20;

    private static final AtomicLong LAUNCHERS = new AtomicLong();

    private final String markPrefix = ProcessTree.PROGRAM + "." + LAUNCHERS.incrementAndGet() + "-";
    private final AtomicLong count = new AtomicLong();
    private final String outerMarks;
    private final ProcessStarter processes;
    private final @Nullable NamedPipes pipes;
    private final @Nullable LauncherShells shells;
    private final CrashGuard guard;

    /** Creates a launcher that uses resident shells where that is possible. */
    Launcher() {
        this(true, WORTH_PYTHON);
    }

    /**
     * Creates a launcher.
     *
     * @param withShells whether resident shells start commands where that is possible
     * @param worthPython the number of commands after which shells are replaced by Python
     */
    Launcher(boolean withShells, int worthPython) {
        String outer = System.getenv(ProcessTree.VARIABLE);
        // If this program runs inside a command itself, its commands carry the marks of both.
        outerMarks = outer == null ? "" : outer;
        String setsid = onPath("setsid");
        String bash = onPath("bash");
        processes = new ProcessStarter(setsid);
        pipes = withShells && setsid != null && bash != null && Proc.isAvailable() ? newPipes() : null;
        shells = setsid == null || bash == null || pipes == null
                ? null
                : new LauncherShells(setsid, bash, python(), worthPython, pipes);
        guard = new CrashGuard(markPrefix, pipeDirectory());
    }

    private static @Nullable NamedPipes newPipes() {
        try {
            return NamedPipes.create();
        } catch (IOException e) {
            LOG.debug("commands are started without resident shells", e);
            return null;
        }
    }

    /** {@return the directory of the named pipes, or null} */
    @Nullable
    Path pipeDirectory() {
        return pipes == null ? null : pipes.directory();
    }

    /**
     * Sets how many connections use this launcher, so that each can have the resident shells that it needs.
     *
     * @param connections the number of connections
     */
    void connections(int connections) {
        if (shells != null) {
            shells.connections(connections);
        }
    }

    /**
     * A started process.
     *
     * @param process the process
     * @param tree the process and its descendants
     * @param release releases what the process used, after all of the tree has ended
     */
    record Started(Process process, ProcessTree tree, Runnable release) {}

    /**
     * Starts the process of a command.
     *
     * @param command the command
     * @throws TransferException if a file to which the command is redirected cannot be opened
     * @throws ConnectionLostException if the process cannot be created
     * @throws InterruptedException if interrupted; no process is left
     */
    Started start(Command command) throws InterruptedException {
        String mark = markPrefix + count.incrementAndGet() + ";";
        long now = System.nanoTime();
        if (shells != null) {
            ShellProcess process = shells.start(command, mark);
            if (process != null) {
                return new Started(process, ProcessTree.of(process, mark, now), () -> shells.release(process));
            }
        }
        Process process = processes.start(command, outerMarks + mark);
        return new Started(process, ProcessTree.of(process, mark, now), () -> {});
    }

    /** Ends the shells and the guard. The commands must have been ended before. */
    @Override
    public void close() {
        if (shells != null) {
            shells.close();
        }
        guard.close();
    }

    private static @Nullable String python() {
        // Python of a version manager is a script that takes longer than Python itself.
        return new File(SYSTEM_PYTHON).canExecute() ? SYSTEM_PYTHON : onPath("python3");
    }

    /** {@return a program on the PATH of this program, or null} */
    private static @Nullable String onPath(String program) {
        String path = System.getenv("PATH");
        return Stream.of((path == null ? "/usr/bin:/bin" : path).split(":", -1))
                .map(directory -> new File(directory, program))
                .filter(file -> file.isFile() && file.canExecute())
                .map(File::getAbsolutePath)
                .findFirst()
                .orElse(null);
    }
}
