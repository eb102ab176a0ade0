package org.atex.testkit;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.RunningCommand;

/** Does what a good one does, for broken ones to extend. */
class SameConnection implements Connection {
    final FakeConnection good;
    volatile boolean lost;

    SameConnection(FakeConnection good) {
        this.good = good;
    }

    /** {@return how to make one that starts other commands than it is told to} */
    static Function<FakeConnection, SameConnection> starting(UnaryOperator<Command> change) {
        return good -> new SameConnection(good) {
            @Override
            public RunningCommand start(Command command) throws InterruptedException {
                return super.start(change.apply(command));
            }
        };
    }

    /** {@return how to make one whose commands are different} */
    static Function<FakeConnection, SameConnection> started(UnaryOperator<RunningCommand> change) {
        return good -> new SameConnection(good) {
            @Override
            public RunningCommand start(Command command) throws InterruptedException {
                return change.apply(super.start(command));
            }
        };
    }

    /** {@return how to make one whose commands are different, but for those of {@code run}, which has rules of its own} */
    static Function<FakeConnection, SameConnection> startedButNotRun(UnaryOperator<RunningCommand> change) {
        return good -> new SameConnection(good) {
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

    /** {@return how to make one that runs commands in another way than it starts them} */
    static Function<FakeConnection, SameConnection> running(UnaryOperator<RunningCommand> change) {
        return good -> new SameConnection(good) {
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

    /** By way of {@link #start}, as the default is: a mistake there is one here. */
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
