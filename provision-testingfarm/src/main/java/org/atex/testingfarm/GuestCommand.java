package org.atex.testingfarm;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;

/**
 * A command on a reserved machine. If the connection is lost, the exception names the reason. Thread safety as
 * specified by {@link RunningCommand}.
 */
final class GuestCommand implements RunningCommand {
    /** Adds the reason to the exception. */
    @FunctionalInterface
    interface Reason {
        ConnectionLostException addTo(ConnectionLostException e) throws InterruptedException;
    }

    private final RunningCommand command;
    private final Reason reason;

    GuestCommand(RunningCommand command, Reason reason) {
        this.command = command;
        this.reason = reason;
    }

    @Override
    public OutputStream stdin() {
        return command.stdin();
    }

    @Override
    public InputStream stdout() {
        return command.stdout();
    }

    @Override
    public InputStream stderr() {
        return command.stderr();
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        try {
            return command.await();
        } catch (ConnectionLostException e) {
            throw reason.addTo(e);
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            return command.await(atMost);
        } catch (ConnectionLostException e) {
            throw reason.addTo(e);
        }
    }

    @Override
    public void close() {
        command.close();
    }

    @Override
    public String toString() {
        return command.toString();
    }
}
