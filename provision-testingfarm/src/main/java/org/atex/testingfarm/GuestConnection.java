package org.atex.testingfarm;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.ssh.Forwarding;
import org.atex.ssh.PortForwarding;
import org.atex.support.ExplainedCommand;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a reserved machine. Once the reservation has ended, failures name the reason, and no new operation is
 * started: the address may belong to another user's machine by then.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
final class GuestConnection implements PortForwarding {
    private final Connection link;
    private final Supplier<@Nullable String> endReason;
    private final ReasonQuery reasonQuery;
    private volatile boolean closed;

    /** Asks the service for the reason of a loss. */
    @FunctionalInterface
    interface ReasonQuery {
        /** {@return the reason, or null if the reservation goes on or the service does not answer soon enough} */
        @Nullable
        String ask() throws InterruptedException;
    }

    /**
     * Creates a connection.
     *
     * @param link the ssh connection
     * @param endReason returns the reason for which the reservation has ended, as far as known, or null
     * @param reasonQuery asks the service; called after the ssh connection was lost
     */
    GuestConnection(Connection link, Supplier<@Nullable String> endReason, ReasonQuery reasonQuery) {
        this.link = link;
        this.endReason = endReason;
        this.reasonQuery = reasonQuery;
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        checkReserved("start '" + command + "'");
        try {
            return new ExplainedCommand(link.start(command), this::explain);
        } catch (ConnectionLostException e) {
            throw withReason(e);
        }
    }

    @Override
    public CommandResult run(Command command) throws InterruptedException {
        checkReserved("run '" + command + "'");
        try {
            return link.run(command);
        } catch (ConnectionLostException e) {
            throw withReason(e);
        }
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        checkReserved("upload " + source);
        try {
            link.upload(source, target);
        } catch (ConnectionLostException e) {
            throw withReason(e);
        }
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        checkReserved("download " + source);
        try {
            link.download(source, target);
        } catch (ConnectionLostException e) {
            throw withReason(e);
        }
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        checkReserved("reconnect");
        try {
            link.reconnect(within);
        } catch (ConnectionLostException e) {
            throw withReason(e);
        }
    }

    @Override
    public Forwarding forwardLocal(int port, String host, int hostPort) {
        checkReserved("forward port " + port);
        return forwarding().forwardLocal(port, host, hostPort);
    }

    @Override
    public Forwarding forwardRemote(int port, InetSocketAddress to) throws InterruptedException {
        checkReserved("forward port " + port + " of the machine");
        try {
            return forwarding().forwardRemote(port, to);
        } catch (ConnectionLostException e) {
            throw withReason(e);
        }
    }

    private PortForwarding forwarding() {
        if (link instanceof PortForwarding forwarding) {
            return forwarding;
        }
        throw new UnsupportedOperationException(link + " cannot forward ports");
    }

    private void checkReserved(String operation) {
        String why = endReason.get();
        if (why != null && !closed) {
            throw new ConnectionLostException("cannot " + operation + " on " + link + ": " + why, null);
        }
    }

    private RuntimeException explain(RuntimeException e) throws InterruptedException {
        return e instanceof ConnectionLostException lost ? withReason(lost) : e;
    }

    /** {@return the exception with the reason added, if it is known} */
    private ConnectionLostException withReason(ConnectionLostException e) throws InterruptedException {
        // A closed connection is lost on purpose: no need to ask the service.
        String why = closed ? endReason.get() : reasonQuery.ask();
        return why == null ? e : new ConnectionLostException(e.getMessage() + ": " + why, e);
    }

    @Override
    public boolean isThisMachine() {
        return link.isThisMachine();
    }

    @Override
    public List<String> loginCommand() {
        return link.loginCommand();
    }

    @Override
    public void close() {
        closed = true;
        link.close();
    }

    @Override
    public String toString() {
        return link.toString();
    }
}
