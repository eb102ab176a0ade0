package org.atex.scenario;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;

/**
 * The connection of a test, as one occurrence of an event sees it: adds the variables of the invocation to its commands,
 * reports a loss, and can be cut off together with the commands that were started through it. Thread-safe.
 */
final class ScenarioConnection implements Connection {
    private final Connection connection;
    private final String test;
    private final Map<String, String> environment;
    private final Consumer<ConnectionLostException> onLoss;
    private final OpenCommands commands;
    private volatile boolean cutOff;

    /**
     * Creates a connection.
     *
     * @param test the name of the test, for messages
     * @param environment the variables of the invocation
     * @param onLoss receives each exception that reports a loss
     * @param commands the commands of all occurrences
     */
    ScenarioConnection(
            Connection connection,
            String test,
            Map<String, String> environment,
            Consumer<ConnectionLostException> onLoss,
            OpenCommands commands) {
        this.connection = connection;
        this.test = test;
        this.environment = environment;
        this.onLoss = onLoss;
        this.commands = commands;
    }

    Map<String, String> environment() {
        return environment;
    }

    /** Refuses further use, and kills all commands that were started through this connection. */
    void cutOff() {
        cutOff = true;
        commands.close(this);
    }

    private boolean isCutOff() {
        return cutOff || commands.isClosed();
    }

    private void refuseIfCutOff() {
        if (isCutOff()) {
            throw new IllegalStateException("cannot use the connection of the scenario " + test
                    + " any more, because the scenario has ended or given up this occurrence");
        }
    }

    /** A call of the connection. */
    private interface Use<T> {
        T call() throws InterruptedException;
    }

    private <T> T noticingLoss(Use<T> use) throws InterruptedException {
        try {
            return use.call();
        } catch (ConnectionLostException e) {
            onLoss.accept(e);
            throw e;
        }
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        refuseIfCutOff();
        TrackedCommand started =
                new TrackedCommand(noticingLoss(() -> connection.start(command.withEnvironment(environment))));
        commands.add(started, this);
        // Checked again, because the connection have been cut off before the command was registered.
        if (isCutOff()) {
            started.close();
            refuseIfCutOff();
        }
        return started;
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        refuseIfCutOff();
        var unused = noticingLoss(() -> {
            connection.upload(source, target);
            return true;
        });
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        refuseIfCutOff();
        var unused = noticingLoss(() -> {
            connection.download(source, target);
            return true;
        });
    }

    @Override
    public void reconnect(Duration within) {
        throw new UnsupportedOperationException("cannot reconnect in an event of the scenario " + test
                + ": all events share the connection, and the scenario ends if it is lost");
    }

    @Override
    public boolean isThisMachine() {
        return connection.isThisMachine();
    }

    @Override
    public List<String> loginCommand() {
        return connection.loginCommand();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("cannot close the connection in an event of the scenario " + test
                + ": it belongs to the executor; close the commands that the event started instead");
    }

    /** A command that reports a loss, and is forgotten when it is closed. Thread-safe. */
    private final class TrackedCommand implements RunningCommand {
        private final RunningCommand command;

        TrackedCommand(RunningCommand command) {
            this.command = command;
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
            return noticingLoss(command::await);
        }

        @Override
        public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
            return noticingLoss(() -> command.await(atMost));
        }

        @Override
        public void close() {
            try {
                command.close();
            } finally {
                commands.remove(this);
            }
        }
    }
}
