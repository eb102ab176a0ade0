package org.atex.testingfarm;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;

/** A command on a reserved machine: when that is lost, the reason is told with it. Thread safety as {@link RunningCommand}. */
final class GuestCommand implements RunningCommand {
    private final RunningCommand command;
    private final UnaryOperator<ConnectionLostException> told;

    GuestCommand(RunningCommand command, UnaryOperator<ConnectionLostException> told) {
        this.command = command;
        this.told = told;
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
            throw told.apply(e);
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            return command.await(atMost);
        } catch (ConnectionLostException e) {
            throw told.apply(e);
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
