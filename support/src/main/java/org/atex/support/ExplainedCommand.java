package org.atex.support;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;

/**
 * A command of another connection, for connections that know why their system is lost. Thread safety as specified by
 * {@link RunningCommand}.
 */
public final class ExplainedCommand implements RunningCommand {
    /** Explains the ends and failures of a command. */
    @FunctionalInterface
    public interface Explanation {
        /**
         * {@return the exception to throw, with the reason of the loss if there is one}
         *
         * @param e a {@link ConnectionLostException}, or an {@link IllegalStateException} of a closed connection
         * @throws InterruptedException if interrupted
         */
        RuntimeException explain(RuntimeException e) throws InterruptedException;

        /**
         * Checks the end of a command.
         *
         * @param end the end
         * @throws ConnectionLostException if the command did not end by itself, as the system is lost
         * @throws InterruptedException if interrupted
         */
        default void check(CommandEnd end) throws InterruptedException {}
    }

    private final RunningCommand command;
    private final Explanation explanation;

    /**
     * Creates a command.
     *
     * @param command the command of the other connection
     * @param explanation explains its ends and failures
     */
    public ExplainedCommand(RunningCommand command, Explanation explanation) {
        this.command = command;
        this.explanation = explanation;
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
            CommandEnd end = command.await();
            explanation.check(end);
            return end;
        } catch (ConnectionLostException | IllegalStateException e) {
            throw explanation.explain(e);
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            Optional<CommandEnd> end = command.await(atMost);
            if (end.isPresent()) {
                explanation.check(end.get());
            }
            return end;
        } catch (ConnectionLostException | IllegalStateException e) {
            throw explanation.explain(e);
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
