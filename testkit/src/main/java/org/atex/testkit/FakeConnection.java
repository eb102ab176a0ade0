package org.atex.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a system in memory. A {@link FakeProgram} defines the behaviour of its commands. The first use of a
 * file creates a temporary directory for the files of the system. The system can be {@linkplain #lose() lost}, and
 * {@link #reconnect} restores it.
 *
 * {@snippet :
 * FakeConnection connection = FakeConnection.running(FakeProgram.saying("Linux\n", 0));
 * connection.run(Command.of("uname")).stdout(); // "Linux\n"
 * connection.started(); // [uname]
 * }
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}. {@link #close()} deletes the files.
 */
public final class FakeConnection implements Connection {
    private final FakeProgram program;
    private final Set<FakeCommand> running = ConcurrentHashMap.newKeySet();
    private final Set<Thread> waiting = ConcurrentHashMap.newKeySet();
    private final List<Command> started = new ArrayList<>();
    private final AtomicLong pids = new AtomicLong();
    private @Nullable Path files;
    private volatile boolean lost;
    private volatile boolean closed;

    private FakeConnection(FakeProgram program) {
        this.program = program;
    }

    /** {@return a system on which every command exits with code 0 immediately} */
    public static FakeConnection obedient() {
        return running(process -> new CommandEnd.Exited(0));
    }

    /**
     * {@return a system on which each command runs a program}
     *
     * @param program the program; it reads {@link FakeProcess#command()} to distinguish commands
     */
    public static FakeConnection running(FakeProgram program) {
        return new FakeConnection(program);
    }

    /**
     * Simulates the loss of the system: running commands end, and all methods but {@link #reconnect} and {@link #close}
     * throw {@link ConnectionLostException}.
     */
    public void lose() {
        lost = true;
        running.forEach(FakeCommand::lose);
        waiting.forEach(Thread::interrupt);
    }

    /** {@return the commands that were started, in this order} */
    public List<Command> started() {
        synchronized (started) {
            return List.copyOf(started);
        }
    }

    /**
     * {@return whether a process of any command runs}
     *
     * @param pid the number of the process
     */
    public boolean isRunning(long pid) {
        return running.stream().anyMatch(command -> command.hasProcess(pid));
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        refuseIfLost("start '" + command + "'");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before '" + command + "' was started");
        }
        FakeCommand fake = new FakeCommand(command, this);
        running.add(fake);
        synchronized (started) {
            started.add(command);
        }
        fake.start(program);
        // Checked again, because close() or lose() may have run before the command was in the set.
        if (closed || lost) {
            fake.close();
            refuseIfLost("start '" + command + "'");
        }
        return fake;
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        refuseIfLost("upload " + source);
        TransferException.refuseTilde(target, source + " to " + target);
        FakeCopy.copy(source, file(target));
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        refuseIfLost("download " + source);
        TransferException.refuseTilde(source, source + " to " + target);
        FakeCopy.copy(file(source), target);
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        refuseIfClosed("reconnect");
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before reconnecting");
        }
        running.forEach(FakeCommand::close);
        lost = false;
    }

    @Override
    public void close() {
        closed = true;
        running.forEach(FakeCommand::close);
        deleteFiles();
    }

    private synchronized void deleteFiles() {
        if (files != null) {
            try {
                Artifacts.at(files).delete();
                files = null;
            } catch (IOException e) {
                throw new UncheckedIOException("could not delete the files of a fake system", e);
            }
        }
    }

    /**
     * {@return the local path of a file of the fake system}
     *
     * @param path the path on the fake system
     */
    public synchronized Path file(String path) {
        try {
            if (files == null) {
                files = Files.createTempDirectory("atex-fake-");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("could not create a temporary directory for the files of a fake system", e);
        }
        return files.resolve(path.replaceFirst("^/+", ""));
    }

    long nextPid() {
        return pids.incrementAndGet();
    }

    void forget(FakeCommand command) {
        running.remove(command);
    }

    void refuseIfLost(String what) {
        refuseIfClosed(what);
        if (lost) {
            throw new ConnectionLostException("could not " + what + ": the fake system was lost", null);
        }
    }

    private void refuseIfClosed(String what) {
        if (closed) {
            throw new IllegalStateException("could not " + what + ": this connection is closed");
        }
    }

    /** Runs a blocking call, and interrupts it if the system is lost: then it returns the alternative. */
    <T> T unlessLost(Callable<T> wait, Supplier<T> otherwise) throws InterruptedException {
        Thread me = Thread.currentThread();
        waiting.add(me);
        try {
            return lost ? otherwise.get() : wait.call();
        } catch (InterruptedException e) {
            if (lost) {
                return otherwise.get();
            }
            throw e;
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError("the blocking call must not throw other checked exceptions", e);
        } finally {
            waiting.remove(me);
        }
    }

    @Override
    public String toString() {
        return "a fake system";
    }
}
