package org.atex.libvirt;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Output;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A virtual machine of a {@link LibvirtProvisioner}; closing it removes the virtual machine.
 *
 * <p>Thread-safe: one reset at a time, and close() after it.
 */
final class LibvirtRemote implements Remote {
    private static final Logger LOG = LoggerFactory.getLogger(LibvirtRemote.class);
    private static final Duration MARK_WITHIN = Duration.ofSeconds(5);

    private final LibvirtProvisioner provisioner;
    private final String name;
    private final GuestConnection connection;
    private final Map<String, String> labels;
    private final ReentrantLock oneReset = new ReentrantLock();
    /** Guards the fields below. */
    private final ReentrantLock lock = new ReentrantLock();

    private Machine machine;
    /** Removes the virtual machine that the last reset replaced. */
    private @Nullable Thread removal;
    /** The marks of all lives of this system. */
    private final Set<String> marks = new HashSet<>();

    private @Nullable Thread resetting;
    private boolean closed;

    LibvirtRemote(LibvirtProvisioner provisioner, Started started, Map<String, String> labels) {
        this.provisioner = provisioner;
        this.machine = started.machine();
        this.name = machine.name();
        this.labels = labels;
        connection = new GuestConnection(name, started.connection(), machine.isRecorded() ? this::saveRecording : null);
        remember(started.life());
        machine.onLost(connection::lose);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    /** {@return the host of the virtual machine} */
    @Override
    public String host() {
        return provisioner.hostName();
    }

    private void remember(Life life) {
        if (!life.written().isEmpty()) {
            marks.add(life.written());
        }
    }

    /** Writes a mark again, which a test may have removed, unless the system is lost or hangs. */
    private void mark() throws InterruptedException {
        String text = UUID.randomUUID().toString();
        Command write = Command.bash("printf %s \"$1\" >\"$2\" && sync -f \"$2\" 2>/dev/null || sync", text, Life.MARK)
                .withStdout(Output.discard())
                .withStderr(Output.discard());
        try (RunningCommand command = connection.start(write)) {
            Optional<CommandEnd> end = command.await(MARK_WITHIN);
            if (end.isPresent() && end.get().equals(new CommandEnd.Exited(0))) {
                marks.add(text);
            }
        } catch (ConnectionLostException | IllegalStateException e) {
            LOG.debug("{} does not answer before its reset: {}", name, e.getMessage());
        }
    }

    /**
     * {@inheritDoc} The overlays of the virtual machine are replaced, and it boots again, or continues from the frozen
     * state. A file that was written before must be gone.
     */
    @Override
    public boolean reset() throws InterruptedException {
        oneReset.lockInterruptibly();
        try {
            lock.lock();
            try {
                if (closed) {
                    return false;
                }
                resetting = Thread.currentThread();
            } finally {
                lock.unlock();
            }
            return replaceUnlessClosed();
        } finally {
            oneReset.unlock();
        }
    }

    private boolean replaceUnlessClosed() throws InterruptedException {
        boolean byClose = false;
        try {
            return replace();
        } catch (InterruptedException | RuntimeException | IOException e) {
            lock.lock();
            try {
                byClose = closed;
            } finally {
                lock.unlock();
            }
            if (byClose) {
                return false;
            }
            if (e instanceof InterruptedException interrupt) {
                throw interrupt;
            }
            throw e instanceof ProvisioningException known
                    ? known
                    : new ProvisioningException("could not reset " + name + ": " + e.getMessage(), e, host());
        } finally {
            lock.lock();
            try {
                resetting = null;
                if (closed) {
                    var unused = Thread.interrupted(); // the interrupt of close()
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private boolean replace() throws IOException, InterruptedException {
        mark();
        Started started = relaunch();
        machine = started.machine();
        connection.replace(started.connection());
        machine.onLost(connection::lose);
        if (marks.contains(started.life().found())) {
            LOG.warn(
                    "the reset of {} did nothing: a file that was written before is still there; another system"
                            + " replaces it",
                    name);
            return false;
        }
        if (marks.isEmpty()) {
            LOG.warn("the reset of {} is not proved: no file could be written before", name);
            return false;
        }
        remember(started.life());
        return true;
    }

    /**
     * Kills the virtual machine and starts another one. The rest of the removal takes longer, and ends before the next reset
     * or close().
     */
    private Started relaunch() throws IOException, InterruptedException {
        awaitRemoval();
        Machine old = machine;
        old.expectEnd();
        FutureTask<Boolean> task = new FutureTask<>(old::destroy, true);
        removal = Threads.unstarted("reset-" + name, task);
        try {
            return provisioner.launch(new Launcher.Replaced(old.name(), name, removal::start));
        } finally {
            task.run(); // if it was not started
        }
    }

    private void awaitRemoval() {
        Thread thread = removal;
        if (thread != null) {
            Threads.join(thread);
        }
    }

    private void saveRecording(Path target) throws IOException, InterruptedException {
        connection.lose("it was stopped to complete its recording");
        oneReset.lockInterruptibly();
        try {
            machine.saveRecording(target);
        } finally {
            oneReset.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            if (resetting != null) {
                resetting.interrupt();
            }
        } finally {
            lock.unlock();
        }
        oneReset.lock();
        try {
            machine.destroy();
            awaitRemoval();
        } finally {
            oneReset.unlock();
            connection.close();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
