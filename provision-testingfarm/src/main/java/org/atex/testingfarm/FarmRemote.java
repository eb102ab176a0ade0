package org.atex.testingfarm;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;
import org.atex.ssh.Host;

/** A reserved machine, handed out as a system. */
final class FarmRemote implements Remote {
    private final Booking booking;
    private final Host host;
    private final String name;
    private final Map<String, String> labels;
    private final Connection connection;
    private final Instant expires;
    private final Consumer<FarmRemote> giveBack;
    /** Held while it is given back, which is I/O: who closes it too must not return before it is. */
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    FarmRemote(
            Booking booking,
            Host host,
            Map<String, String> labels,
            Connection connection,
            Consumer<FarmRemote> giveBack) {
        this.booking = booking;
        this.host = host;
        this.name = String.valueOf(booking.id());
        this.labels = labels;
        this.connection = connection;
        this.expires = booking.expires();
        this.giveBack = giveBack;
    }

    Booking booking() {
        return booking;
    }

    Host address() {
        return host;
    }

    /** {@return the id of the request: what leads to everything else that is known of the machine} */
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
