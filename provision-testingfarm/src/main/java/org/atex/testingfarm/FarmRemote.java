package org.atex.testingfarm;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;
import org.atex.ssh.Host;

/** A reserved machine as a system. */
final class FarmRemote implements Remote {
    private final ActiveReservation reservation;
    private final Host host;
    private final String name;
    private final Map<String, String> labels;
    private final Connection connection;
    private final Instant expires;
    private final Consumer<FarmRemote> onClose;
    /**
     * Held while the machine is released, which is I/O: a second thread that closes it must not return before that has
     * ended.
     */
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    FarmRemote(
            ActiveReservation reservation,
            Host host,
            Map<String, String> labels,
            Connection connection,
            Consumer<FarmRemote> onClose) {
        this.reservation = reservation;
        this.host = host;
        this.name = String.valueOf(reservation.id());
        this.labels = labels;
        this.connection = connection;
        this.expires = reservation.expires();
        this.onClose = onClose;
    }

    ActiveReservation reservation() {
        return reservation;
    }

    Host address() {
        return host;
    }

    /** {@return the id of the request} */
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

    @Override
    public Instant expires() {
        return expires;
    }

    @Override
    public void close() {
        closing.lock();
        try {
            if (!closed) {
                closed = true;
                onClose.accept(this);
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
