package org.atex.slurm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.support.ExplainedCommand;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a node of an allocation. When the allocation has ended, commands end, no new operation is started, and
 * exceptions quote Slurm: the node may belong to another user by then.
 *
 * <p>Lifecycle and thread safety are those of {@link Connection}.
 */
final class SlurmConnection implements Connection {
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(5);

    private final Connection link;
    private final String name;
    private final List<String> login;
    private final ReasonQuery reasonQuery;
    private final Runnable onUnexplainedLoss;
    private volatile @Nullable String ended;
    private volatile boolean closed;

    /** Asks Slurm for the reason of a loss. */
    @FunctionalInterface
    interface ReasonQuery {
        /** {@return the reason, or null if the allocation goes on or Slurm does not answer} */
        @Nullable
        String ask() throws InterruptedException;
    }

    /** An operation on the link. */
    @FunctionalInterface
    private interface Operation<T> {
        T run() throws InterruptedException;
    }

    /**
     * Creates a connection.
     *
     * @param link the connection to the node
     * @param name its name in messages
     * @param login the command that opens a shell on the node, or an empty list for that of the link
     * @param reasonQuery asks Slurm; called after the link was lost
     * @param onUnexplainedLoss is called if the link was lost although the allocation goes on
     */
    SlurmConnection(
            Connection link, String name, List<String> login, ReasonQuery reasonQuery, Runnable onUnexplainedLoss) {
        this.link = link;
        this.name = name;
        this.login = login;
        this.reasonQuery = reasonQuery;
        this.onUnexplainedLoss = onUnexplainedLoss;
    }

    /** Ends all commands, since the allocation has ended. */
    void lose(String reason) {
        ended = reason;
        link.close();
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        return new ExplainedCommand(call("start '" + command + "'", () -> link.start(command)), new Loss());
    }

    @Override
    public CommandResult run(Command command) throws InterruptedException {
        return call("run '" + command + "'", () -> {
            CommandResult result = link.run(command);
            new Loss().check(result.end());
            return result;
        });
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        call("upload " + source, () -> {
            link.upload(source, target);
            return true;
        });
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        call("download " + source, () -> {
            link.download(source, target);
            return true;
        });
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        call("reconnect", () -> {
            link.reconnect(within);
            return true;
        });
    }

    private <T> T call(String operation, Operation<T> step) throws InterruptedException {
        String why = ended;
        if (why != null && !closed) {
            throw new ConnectionLostException("cannot " + operation + " on " + name + ": " + why, null);
        }
        try {
            return step.run();
        } catch (ConnectionLostException e) {
            throw withReason(e);
        } catch (IllegalStateException e) {
            String since = ended;
            if (since != null && !closed) {
                throw new ConnectionLostException("cannot " + operation + " on " + name + ": " + since, e);
            }
            throw e;
        }
    }

    /** Explains the end of a command by that of the allocation. */
    private final class Loss implements ExplainedCommand.Explanation {
        @Override
        public void check(CommandEnd end) throws InterruptedException {
            if (!(end instanceof CommandEnd.Signalled)) {
                return;
            }
            // Slurm kills all processes of an allocation that ends. The server may be among the last, and the
            // reason may be known later.
            try (RunningCommand probe = link.start(Command.of("true"))) {
                var unused = probe.await(ANSWERS_WITHIN);
            } catch (IllegalStateException e) {
                // The connection was closed, by the caller or because the allocation has ended.
            }
            String why = ended;
            if (why != null && !closed) {
                throw new ConnectionLostException("lost a command on " + name + ": " + why, null);
            }
        }

        @Override
        public RuntimeException explain(RuntimeException e) throws InterruptedException {
            return e instanceof ConnectionLostException lost ? withReason(lost) : e;
        }
    }

    /** {@return the exception with the reason of Slurm added, if there is one} */
    private ConnectionLostException withReason(ConnectionLostException e) throws InterruptedException {
        // A closed connection is lost on purpose: no need to ask.
        String why = ended;
        if (why == null && !closed) {
            why = reasonQuery.ask();
            if (why == null) {
                onUnexplainedLoss.run();
            } else {
                ended = why;
            }
        }
        String message = String.valueOf(e.getMessage());
        return why == null || message.contains(why)
                ? new ConnectionLostException(name + ": " + message, e)
                : new ConnectionLostException(name + ": " + message + ": " + why, e);
    }

    @Override
    public boolean isThisMachine() {
        return link.isThisMachine();
    }

    @Override
    public List<String> loginCommand() {
        return login.isEmpty() ? link.loginCommand() : login;
    }

    @Override
    public void close() {
        closed = true;
        link.close();
    }

    @Override
    public String toString() {
        return name;
    }
}
