package org.atex.podman;

import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * A container started by {@link PodmanProvisioner}; closing it removes the container.
 *
 * <p>Thread-safe: one reset at a time uses the container, and close() after it.
 */
final class PodmanRemote implements Remote {
    private final String name;
    private final PodmanConnection connection;
    private final Map<String, String> labels;
    private final boolean removedFirst;
    private final PodmanProvisioner provisioner;
    private final ReentrantLock oneReset = new ReentrantLock();
    /** Guards the start of a reset against close(). */
    private final ReentrantLock lock = new ReentrantLock();

    private volatile @Nullable Container container;
    /** The removal of the last container, and the reset in progress; close() waits for both. */
    private @Nullable Thread removal;

    private @Nullable Thread resetting;
    private int resets;
    private boolean closed;

    /**
     * Creates a system.
     *
     * @param name its name
     * @param container its first container
     * @param connection the connection to it
     * @param labels the labels that it reports about itself
     * @param removedFirst whether a reset removes the old container before it starts the new one
     * @param provisioner starts new containers
     */
    PodmanRemote(
            String name,
            Container container,
            PodmanConnection connection,
            Map<String, String> labels,
            boolean removedFirst,
            PodmanProvisioner provisioner) {
        this.name = name;
        this.container = container;
        this.connection = connection;
        this.labels = labels;
        this.removedFirst = removedFirst;
        this.provisioner = provisioner;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    /** {@return the name of the host if it is another machine, else the name of this system} */
    @Override
    public String host() {
        return provisioner.hostName().orElse(name);
    }

    /** {@return the end of the reservation of the host, or null if none is known} */
    @Override
    public @Nullable Instant expires() {
        return provisioner.expires();
    }

    @Override
    public PodmanConnection connection() {
        return connection;
    }

    /**
     * {@return the address of the container in its network, {@code localhost} if it has the network of the host, or else
     * its name}
     */
    @Override
    public String address() {
        Container current = container;
        return current == null ? name : current.address();
    }

    @Override
    public boolean reset() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before " + name + " was reset");
        }
        oneReset.lockInterruptibly();
        try {
            return startReset();
        } finally {
            oneReset.unlock();
        }
    }

    private boolean startReset() throws InterruptedException {
        // A thread of its own, so that close() can interrupt it.
        FutureTask<Boolean> task = new FutureTask<>(this::replace);
        Thread thread = Threads.unstarted("reset-" + name, task);
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            resetting = thread;
        } finally {
            lock.unlock();
        }
        thread.start();
        return resultOf(task, thread);
    }

    private boolean resultOf(FutureTask<Boolean> task, Thread thread) throws InterruptedException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            thread.interrupt();
            Threads.join(thread);
            throw e;
        } catch (ExecutionException e) {
            Throwable cause = Exceptions.causeOf(e);
            if (cause instanceof InterruptedException) {
                return false; // by close()
            }
            throw new ProvisioningException(
                    "could not replace the container of " + name + ": " + cause.getMessage()
                            + FailureHints.hintFor(cause),
                    cause,
                    provisioner.hostName().orElse(null));
        }
    }

    private boolean replace() throws IOException, InterruptedException {
        if (removal != null) {
            removal.join(); // so that at most two containers exist
        }
        Container old = container;
        String replacement = name + "-reset-" + ++resets;
        connection.replaceContainer(replacement);
        container = null;
        if (removedFirst) {
            remove(old).join();
        }
        try {
            container = provisioner.startContainer(replacement, connection);
            return true;
        } finally {
            // Afterwards, since podman does one after the other anyway.
            if (!removedFirst) {
                var unused = remove(old);
            }
        }
    }

    private Thread remove(@Nullable Container old) {
        Thread thread = Threads.start("remove-" + name, () -> {
            if (old != null) {
                old.remove();
            }
        });
        removal = thread;
        return thread;
    }

    /** {@inheritDoc} Called once, by the provisioner. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        endReset();
        try {
            // Removing the container kills all processes in it, so the connection need not end its commands first.
            connection.markRemoved();
            if (container != null) {
                container.remove();
            }
            if (removal != null) {
                Threads.join(removal);
            }
        } finally {
            connection.close();
        }
    }

    private void endReset() {
        Thread thread = resetting; // no other starts after close() has begun
        if (thread != null) {
            thread.interrupt();
            Threads.join(thread);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
