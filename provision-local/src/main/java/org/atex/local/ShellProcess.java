package org.atex.local;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.atex.api.ConnectionLostException;
import org.atex.local.LauncherShell.Request;
import org.atex.local.Proc.Stat;

/**
 * A process that a {@link LauncherShell} has started.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class ShellProcess extends Process {
    private final LauncherShell shell;
    private final ShellStreams streams;
    private final Request request;
    private final String mark;
    private final long pid;

    /**
     * Creates the object for a process that runs, or has run.
     *
     * @param shell the parent process
     * @param streams its streams
     * @param request the request that started the process; {@link Request#started} is complete
     * @param mark the mark in its environment
     */
    ShellProcess(LauncherShell shell, ShellStreams streams, Request request, String mark) {
        this.shell = shell;
        this.streams = streams;
        this.request = request;
        this.mark = mark;
        this.pid = request.started.join();
    }

    LauncherShell shell() {
        return shell;
    }

    ShellStreams streams() {
        return streams;
    }

    @Override
    public OutputStream getOutputStream() {
        return streams.stdin();
    }

    @Override
    public InputStream getInputStream() {
        return streams.stdout();
    }

    @Override
    public InputStream getErrorStream() {
        return streams.stderr();
    }

    /**
     * {@inheritDoc}
     *
     * @throws ConnectionLostException if the shell was killed, so that the exit code is unknown
     */
    @Override
    public int waitFor() throws InterruptedException {
        try {
            return request.ended.get();
        } catch (ExecutionException e) {
            throw lost(e);
        }
    }

    @Override
    public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
        try {
            request.ended.get(timeout, unit);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw lost(e);
        }
    }

    private ConnectionLostException lost(ExecutionException cause) {
        return new ConnectionLostException(
                "the end of process " + pid + " is unknown: its parent process, a shell of this program, was killed",
                cause);
    }

    @Override
    public int exitValue() {
        if (!request.ended.isDone()) {
            throw new IllegalThreadStateException("process " + pid + " has not ended");
        }
        return request.ended.join();
    }

    @Override
    public boolean isAlive() {
        // Without its shell, nobody knows its end. The process id may have been reused.
        return request.ended.isCompletedExceptionally() ? isOurs() : !request.ended.isDone();
    }

    /** {@return whether the process with this id is that of the command} */
    private boolean isOurs() {
        Stat stat = Proc.stat(pid);
        return stat != null
                && !stat.dead()
                && (stat.parent() == shell.pid()
                        || Proc.environments(List.of(pid)).getOrDefault(pid, "").contains(mark));
    }

    @Override
    public long pid() {
        return pid;
    }

    /** Kills the process. Its streams stay open. */
    @Override
    public Process destroyForcibly() {
        // The handle keeps the start time of the process, and kills no other process.
        ProcessHandle.of(pid).filter(handle -> isOurs()).ifPresent(ProcessHandle::destroyForcibly);
        return this;
    }

    @Override
    public void destroy() {
        destroyForcibly();
    }
}
