package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** For a rule a connection that breaks it and no other: its test rejects it, and no other test does. */
@Timeout(240)
class BrokenConnectionsTest {
    /** Does what a good one does. */
    private static class Same implements Connection {
        final Connection good;
        boolean lost;

        Same(Connection good) {
            this.good = good;
        }

        @Override
        public RunningCommand start(Command command) throws InterruptedException {
            return good.start(command);
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
        public void close() {
            good.close();
        }
    }

    /** Does what a good one does. */
    private static class SameCommand implements RunningCommand {
        private final RunningCommand good;

        SameCommand(RunningCommand good) {
            this.good = good;
        }

        @Override
        public OutputStream stdin() {
            return good.stdin();
        }

        @Override
        public InputStream stdout() {
            return good.stdout();
        }

        @Override
        public InputStream stderr() {
            return good.stderr();
        }

        @Override
        public CommandEnd await() throws InterruptedException {
            return good.await();
        }

        @Override
        public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
            return good.await(atMost);
        }

        @Override
        public void close() {
            good.close();
        }
    }

    private static UnaryOperator<Connection> starting(UnaryOperator<Command> change) {
        return connection -> new Same(connection) {
            @Override
            public RunningCommand start(Command command) throws InterruptedException {
                return super.start(change.apply(command));
            }
        };
    }

    private static UnaryOperator<Connection> started(UnaryOperator<RunningCommand> change) {
        return connection -> new Same(connection) {
            @Override
            public RunningCommand start(Command command) throws InterruptedException {
                return change.apply(super.start(command));
            }
        };
    }

    private static Command changed(Command command, Map<String, String> environment, boolean withDirectory) {
        return new Command(
                command.arguments(),
                environment,
                withDirectory ? command.directory() : null,
                command.stdin(),
                command.stdout(),
                command.stderr());
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                arguments("c06", starting(command -> changed(command, Map.of(), true))),
                arguments(
                        "c07",
                        starting(command ->
                                changed(command, command.environment(), !"/there".equals(command.directory())))),
                arguments(
                        "c13",
                        starting(command -> command.stdout().equals(Output.discard())
                                ? command.withStderr(Output.discard())
                                : command)),
                arguments("c15", connection -> new Same(connection) {
                    @Override
                    public RunningCommand start(Command command) throws InterruptedException {
                        try {
                            return super.start(command);
                        } catch (TransferException e) {
                            throw new UncheckedIOException(new IOException(e));
                        }
                    }
                }),
                arguments("c16", started(command -> new SameCommand(command) {
                    @Override
                    public InputStream stdout() {
                        try {
                            return super.stdout();
                        } catch (IllegalStateException e) {
                            return InputStream.nullInputStream();
                        }
                    }
                })),
                arguments("c19", connection -> new Same(connection) {
                    @Override
                    public CommandResult run(Command command) throws InterruptedException {
                        return super.run(
                                command.stdin().equals(Input.pipe()) ? command.withStdin(Input.empty()) : command);
                    }
                }),
                arguments("c26", connection -> new Same(connection) {
                    @Override
                    public RunningCommand start(Command command) throws InterruptedException {
                        Thread.interrupted();
                        return super.start(command);
                    }
                }),
                arguments("c32", started(command -> new SameCommand(command) {
                    @Override
                    public void close() {
                        Thread.interrupted();
                        super.close();
                    }
                })),
                arguments("c39", connection -> new Same(connection) {
                    @Override
                    public void download(String source, Path target) throws InterruptedException {
                        try {
                            super.download(source, target);
                        } catch (TransferException e) {
                            throw new TransferException("it did not work", e);
                        }
                    }
                }),
                arguments("c40", connection -> new Same(connection) {
                    @Override
                    public void upload(Path source, String target) throws InterruptedException {
                        Thread.interrupted();
                        super.upload(source, target);
                    }
                }),
                arguments("c43", connection -> new Same(connection) {
                    @Override
                    public void reconnect(Duration within) throws InterruptedException {
                        try {
                            super.reconnect(within);
                        } catch (IllegalStateException e) {
                            // what does it matter
                        }
                    }
                }),
                arguments("c47", connection -> new Same(connection) {
                    @Override
                    public void reconnect(Duration within) throws InterruptedException {
                        if (lost) {
                            throw new ConnectionLostException("it never came back", null);
                        }
                        super.reconnect(within);
                    }
                }));
    }

    private static Arguments arguments(String rule, UnaryOperator<Connection> broken) {
        return Arguments.of(rule, broken);
    }

    /** The contract of whatever is set. */
    static final class Contract extends FakeConnectionContractTest {
        static UnaryOperator<Connection> tested = UnaryOperator.identity();

        @Override
        protected Connection connect() {
            return tested.apply(super.connect());
        }

        @Override
        protected void lose(Connection broken) {
            Same same = (Same) broken;
            same.lost = true;
            super.lose(same.good);
        }
    }

    @ParameterizedTest
    @MethodSource("broken")
    void exactlyItsRuleRejectsIt(String rule, UnaryOperator<Connection> broken) {
        Contract.tested = broken;

        assertThat(Rejections.of(Contract.class)).containsExactly(rule);
    }
}
