package org.atex.ssh;

import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;

/** A host handed out as a system, with its connection. Thread-safe. */
final class SshRemote implements Remote {
    private final String name;
    private final PooledHost pooled;
    private final Connection connection;
    private final Map<String, String> labels;
    private final Consumer<SshRemote> giveBack;
    /**
     * Held while the host is given back, although that is I/O: a second thread that calls {@link #close} must not
     * return before the first has finished.
     */
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    SshRemote(String name, PooledHost pooled, Connection connection, Consumer<SshRemote> giveBack) {
        this.name = name;
        this.pooled = pooled;
        this.connection = connection;
        this.labels = pooled.host.labels();
        this.giveBack = giveBack;
    }

    PooledHost pooled() {
        return pooled;
    }

    @Override
    public String name() {
        return name;
    }

    /** {@return the name of the host, without the number that distinguishes its uses} */
    @Override
    public String host() {
        return pooled.host.machine();
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public int slots() {
        return pooled.host.slots();
    }

    @Override
    public void close() {
        closing.lock();
        try {
            if (!closed) {
                closed = true;
                giveBack.accept(this);
            }
        } finally {
            closing.unlock();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
