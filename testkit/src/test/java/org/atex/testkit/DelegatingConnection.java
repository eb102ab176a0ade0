package org.atex.testkit;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.RunningCommand;

/** A correct connection, which broken ones extend. */
class DelegatingConnection implements Connection {
    final FakeConnection good;
    volatile boolean lost;

    DelegatingConnection(FakeConnection good) {
        this.good = good;
    }

    /** {@return a creator of connections that change commands before the start} */
    static Function<FakeConnection, DelegatingConnection> starting(UnaryOperator<Command> change) {
        return good -> new DelegatingConnection(good) {
            @Override
            public RunningCommand start(Command command) throws InterruptedException {
                return super.start(change.apply(command));
            }
        };
    }

    /** {@return a creator of connections that change running commands} */
    static Function<FakeConnection, DelegatingConnection> started(UnaryOperator<RunningCommand> change) {
        return good -> new DelegatingConnection(good) {
            @Override
            public RunningCommand start(Command command) throws InterruptedException {
                return change.apply(super.start(command));
            }
        };
    }

    /**
     * {@return a creator of connections that change running commands, except those of {@code run}, which has rules of
     * its own}
     */
    static Function<FakeConnection, DelegatingConnection> startedOnly(UnaryOperator<RunningCommand> change) {
        return good -> new DelegatingConnection(good) {
            @Override
            public RunningCommand start(Command command) throws InterruptedException {
                return change.apply(super.start(command));
            }

            @Override
            public CommandResult run(Command command) throws InterruptedException {
                return good.run(command);
            }
        };
    }

    /** {@return a creator of connections that change the commands of {@code run} only} */
    static Function<FakeConnection, DelegatingConnection> running(UnaryOperator<RunningCommand> change) {
        return good -> new DelegatingConnection(good) {
            @Override
            public CommandResult run(Command command) throws InterruptedException {
                return started(change).apply(good).run(command);
            }
        };
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        return good.start(command);
    }

    /** Uses {@link #start}, as the default method does, so that a mistake there has its effect here. */
    @Override
    public CommandResult run(Command command) throws InterruptedException {
        return Connection.super.run(command);
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        good.upload(source, target);
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        good.download(source, target);
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        good.reconnect(within);
    }

    @Override
    public boolean isThisMachine() {
        return good.isThisMachine();
    }

    @Override
    public void close() {
        good.close();
    }
}
