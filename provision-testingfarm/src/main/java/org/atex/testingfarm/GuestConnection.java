package org.atex.testingfarm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.jspecify.annotations.Nullable;

/**
 * The connection to a reserved machine. When the reservation has ended, whatever is lost by that says so, and nothing new is
 * begun: what answers there may be somebody else's machine by then.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
final class GuestConnection implements Connection {
    private final Connection link;
    private final Supplier<@Nullable String> end;
    private final Inquiry inquiry;
    private volatile boolean closed;

    /** Finds out why a machine is gone. */
    @FunctionalInterface
    interface Inquiry {
        /** {@return why, or null if it is not, or nobody knows soon enough} */
        @Nullable
        String make() throws InterruptedException;
    }

    /**
     * Makes one.
     *
     * @param link the way there
     * @param end says why the machine is gone, or null while it is not, by all that is known
     * @param inquiry asks the service; made when something was lost
     */
    GuestConnection(Connection link, Supplier<@Nullable String> end, Inquiry inquiry) {
        this.link = link;
        this.end = end;
        this.inquiry = inquiry;
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        refuseIfGone("start '" + command + "'");
        try {
            return new GuestCommand(link.start(command), this::told);
        } catch (ConnectionLostException e) {
            throw told(e);
        }
    }

    @Override
    public CommandResult run(Command command) throws InterruptedException {
        refuseIfGone("run '" + command + "'");
        try {
            return link.run(command);
        } catch (ConnectionLostException e) {
            throw told(e);
        }
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        refuseIfGone("upload " + source);
        try {
            link.upload(source, target);
        } catch (ConnectionLostException e) {
            throw told(e);
        }
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        refuseIfGone("download " + source);
        try {
            link.download(source, target);
        } catch (ConnectionLostException e) {
            throw told(e);
        }
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        refuseIfGone("reconnect");
        try {
            link.reconnect(within);
        } catch (ConnectionLostException e) {
            throw told(e);
        }
    }

    private void refuseIfGone(String what) {
        String why = end.get();
        if (why != null && !closed) {
            throw new ConnectionLostException("cannot " + what + " on " + link + ": " + why, null);
        }
    }

    /** {@return a loss, with the reason if that is known} */
    private ConnectionLostException told(ConnectionLostException e) throws InterruptedException {
        String why = closed ? end.get() : inquiry.make();
        return why == null ? e : new ConnectionLostException(e.getMessage() + ": " + why, e);
    }

    @Override
    public boolean isThisMachine() {
        return link.isThisMachine();
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
