package org.atex.testkit;

import static org.atex.testkit.DelegatingConnection.running;
import static org.atex.testkit.DelegatingConnection.started;
import static org.atex.testkit.DelegatingConnection.startedOnly;
import static org.atex.testkit.DelegatingConnection.starting;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandFailedException;
import org.atex.api.CommandResult;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** For each rule about commands, a connection that violates it: only the test of this rule may fail. */
@Timeout(500)
class BrokenCommandsTest {
    @ParameterizedTest
    @MethodSource("broken")
    void onlyTheTestOfItsRuleFails(Broken<Function<FakeConnection, DelegatingConnection>> broken) {
        BrokenConnectionContract.tested = broken.variant();

        broken.assertRejectedBy(BrokenConnectionContract.class);
    }

    static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> broken() {
        return Stream.of(beginnings(), streams(), runs(), waits(), closes()).flatMap(Function.identity());
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> beginnings() {
        return Stream.of(
                Broken.of(
                        "c01", ending(end -> end.equals(new CommandEnd.Exited(255)) ? new CommandEnd.Exited(1) : end)),
                Broken.of("c02", ending(end -> end instanceof CommandEnd.Signalled ? new CommandEnd.Exited(137) : end)),
                Broken.of("c03", starting(command -> {
                    if (isRun(command, "no-such-program-anywhere")) {
                        throw new TransferException("could not start '" + command + "'", null);
                    }
                    return command;
                })),
                Broken.of(
                        "c04",
                        starting(command -> changed(
                                command,
                                command.environment(),
                                !String.valueOf(command.directory()).startsWith("/no/")))),
                Broken.of(
                        "c05",
                        starting(command -> command.withArguments(command.arguments().stream()
                                .filter(argument -> !argument.isEmpty())
                                .toList()))),
                Broken.of("c06", starting(command -> changed(command, Map.of(), true))),
                Broken.of(
                        "c07",
                        starting(command ->
                                changed(command, command.environment(), !"/there".equals(command.directory())))));
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> streams() {
        return Stream.of(
                Broken.of(
                        "c08",
                        starting(command -> command.stdin() instanceof Input.Bytes bytes
                                ? command.withStdin(Input.bytes(first(65_536, bytes)))
                                : command)),
                Broken.of("c09", good -> new DelegatingConnection(good) {
                    @Override
                    public RunningCommand start(Command command) throws InterruptedException {
                        boolean ignored = command.stdin() instanceof Input.Bytes && isRun(command, "exits");
                        return ended(super.start(command), end -> ignored ? new CommandEnd.Signalled("PIPE") : end);
                    }
                }),
                Broken.of("c10", started(command -> new DelegatingCommand(command) {
                    @Override
                    public OutputStream stdin() {
                        return new FilterOutputStream(super.stdin()) {
                            @Override
                            public void close() {
                                command.close(); // instead of its input only
                            }
                        };
                    }
                })),
                Broken.of(
                        "c11",
                        starting(command -> command.stdout().equals(Output.pipe())
                                        && command.stderr().equals(Output.pipe())
                                ? printing(command, "outerr", "err")
                                : command)),
                Broken.of(
                        "c12",
                        starting(command -> command.stdout().equals(Output.pipe())
                                        && command.stderr().equals(Output.merge())
                                ? printing(command, "err", "out")
                                : command)),
                Broken.of(
                        "c13",
                        starting(command -> command.stdout().equals(Output.discard())
                                ? command.withStderr(Output.discard())
                                : command)),
                Broken.of("c14", starting(command -> {
                    if (command.stdout() instanceof Output.ToFile file && isRun(command, "prints-both")) {
                        write(file, "");
                    }
                    return command;
                })),
                Broken.of("c15", good -> new DelegatingConnection(good) {
                    @Override
                    public RunningCommand start(Command command) throws InterruptedException {
                        try {
                            return super.start(command);
                        } catch (TransferException e) {
                            throw new UncheckedIOException(new IOException(e));
                        }
                    }
                }),
                Broken.of("c16", started(command -> new DelegatingCommand(command) {
                    @Override
                    public InputStream stdout() {
                        try {
                            return super.stdout();
                        } catch (IllegalStateException e) {
                            return InputStream.nullInputStream();
                        }
                    }
                })),
                Broken.of("c17", started(command -> new DelegatingCommand(command) {
                    @Override
                    public InputStream stderr() {
                        return new TruncatedStream(1_000_000, super.stderr());
                    }
                })));
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> runs() {
        return Stream.of(
                Broken.of("c18", good -> new DelegatingConnection(good) {
                    @Override
                    public CommandResult run(Command command) throws InterruptedException {
                        try {
                            return super.run(command);
                        } catch (CommandFailedException e) {
                            throw new OutOfMemoryError("Java heap space");
                        }
                    }
                }),
                Broken.of("c19", good -> new DelegatingConnection(good) {
                    @Override
                    public CommandResult run(Command command) throws InterruptedException {
                        return super.run(
                                command.stdin().equals(Input.pipe()) ? command.withStdin(Input.empty()) : command);
                    }
                }),
                Broken.of("c20", good -> new DelegatingConnection(good) {
                    @Override
                    public CommandResult run(Command command) throws InterruptedException {
                        return isRun(command, "leaves-daemon") ? runWithoutClosing(good, command) : super.run(command);
                    }
                }),
                Broken.of("c27", running(command -> new DelegatingCommand(command) {
                    private volatile boolean interrupted;

                    @Override
                    public CommandEnd await() throws InterruptedException {
                        try {
                            return super.await();
                        } catch (InterruptedException e) {
                            interrupted = true;
                            throw e;
                        }
                    }

                    @Override
                    public void close() {
                        if (!interrupted) {
                            super.close();
                        }
                    }
                })));
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> waits() {
        return Stream.of(
                Broken.of("c21", started(command -> new DelegatingCommand(command) {
                    @Override
                    public CommandEnd await() throws InterruptedException {
                        CommandEnd end = super.await();
                        close(); // ends the leftover processes, which C21 must not do
                        return end;
                    }
                })),
                Broken.of("c22", started(command -> new DelegatingCommand(command) {
                    @Override
                    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
                        Optional<CommandEnd> end = super.await(atMost);
                        if (end.isEmpty() && atMost.isPositive()) {
                            throw new ConnectionLostException("no answer in time", null);
                        }
                        return end;
                    }
                })),
                Broken.of("c23", started(command -> new DelegatingCommand(command) {
                    private volatile boolean closed;

                    @Override
                    public CommandEnd await() throws InterruptedException {
                        return closed ? new CommandEnd.Signalled("KILL") : super.await();
                    }

                    @Override
                    public void close() {
                        closed = true;
                        super.close();
                    }
                })),
                Broken.of("c24", started(command -> new DelegatingCommand(command) {
                    @Override
                    public CommandEnd await() throws InterruptedException {
                        try {
                            return super.await();
                        } catch (InterruptedException e) {
                            close();
                            throw e;
                        }
                    }
                })),
                Broken.of("c25", started(command -> new DelegatingCommand(command) {
                    @Override
                    public InputStream stdout() {
                        return new FilterInputStream(super.stdout()) {
                            @Override
                            public int read() throws IOException {
                                try {
                                    return super.read();
                                } catch (InterruptedIOException e) {
                                    throw new IOException("the stream is broken", e);
                                }
                            }
                        };
                    }
                })),
                Broken.of("c26", good -> new DelegatingConnection(good) {
                    @Override
                    public RunningCommand start(Command command) throws InterruptedException {
                        Thread.interrupted();
                        return super.start(command);
                    }
                }),
                Broken.of("c34", good -> new DelegatingConnection(good) {
                    private final AtomicInteger workers = new AtomicInteger();

                    @Override
                    public RunningCommand start(Command command) throws InterruptedException {
                        RunningCommand started = super.start(command);
                        if (workers.incrementAndGet() > 100) {
                            started.close();
                            throw new TransferException("no thread is left for '" + command + "'", null);
                        }
                        return new DelegatingCommand(started) {
                            @Override
                            public void close() {
                                workers.decrementAndGet();
                                super.close();
                            }
                        };
                    }
                }));
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> closes() {
        return Stream.of(
                Broken.of("c28", started(command -> new DelegatingCommand(command) {
                    private volatile boolean closed;

                    @Override
                    public CommandEnd await() throws InterruptedException {
                        CommandEnd end = super.await();
                        return closed && end instanceof CommandEnd.Signalled ? new CommandEnd.Exited(0) : end;
                    }

                    @Override
                    public void close() {
                        closed = true;
                        super.close();
                    }
                })),
                Broken.of("c29", startedOnly(command -> new DelegatingCommand(command) {
                    @Override
                    public void close() {
                        if (!hasEnded()) {
                            super.close();
                        }
                    }
                })),
                Broken.of("c30", good -> {
                    ConcurrentLinkedQueue<RunningCommand> all = new ConcurrentLinkedQueue<>();
                    return startedOnly(command -> {
                                all.add(command);
                                return new DelegatingCommand(command) {
                                    @Override
                                    public void close() {
                                        all.forEach(RunningCommand::close);
                                    }
                                };
                            })
                            .apply(good);
                }),
                Broken.of("c31", started(command -> new DelegatingCommand(command) {
                    private final AtomicInteger closes = new AtomicInteger();

                    @Override
                    public void close() {
                        super.close();
                        // Tests of other rules close a command twice.
                        if (closes.incrementAndGet() > 2) {
                            throw new IllegalStateException("this command is closed already");
                        }
                    }
                })),
                Broken.of("c32", started(command -> new DelegatingCommand(command) {
                    @Override
                    public void close() {
                        Thread.interrupted();
                        super.close();
                    }
                })),
                Broken.of("c33", startedOnly(command -> new DelegatingCommand(command) {
                    private volatile boolean closed;

                    @Override
                    public InputStream stdout() {
                        return new FilterInputStream(super.stdout()) {
                            @Override
                            public int read(byte[] into, int offset, int length) throws IOException {
                                int n = super.read(into, offset, length);
                                if (n < 0 && closed) {
                                    throw new IOException("the stream is closed");
                                }
                                return n;
                            }
                        };
                    }

                    @Override
                    public void close() {
                        closed = !hasEnded();
                        super.close();
                    }
                })),
                Broken.of("c56", started(command -> new DelegatingCommand(command) {
                    private volatile boolean closed;

                    @Override
                    public InputStream stdout() {
                        return new FilterInputStream(super.stdout()) {
                            @Override
                            public int read(byte[] into, int offset, int length) throws IOException {
                                return closed ? -1 : super.read(into, offset, length);
                            }
                        };
                    }

                    @Override
                    public void close() {
                        closed = true;
                        super.close();
                    }
                })));
    }

    private static boolean isRun(Command command, String program) {
        return command.arguments().getFirst().equals(program);
    }

    private static Command changed(Command command, Map<String, String> environment, boolean withDirectory) {
        return Command.of(command.arguments())
                .withEnvironment(environment)
                .withDirectory(withDirectory ? command.directory() : null)
                .withStdin(command.stdin())
                .withStdout(command.stdout())
                .withStderr(command.stderr());
    }

    /** Returns a command with other output, if it is one that prints to both streams. */
    private static Command printing(Command command, String output, String errors) {
        return isRun(command, "prints-both") ? command.withArguments(List.of("prints-both", output, errors)) : command;
    }

    private static byte[] first(int count, Input.Bytes bytes) {
        byte[] all = bytes.open().readAllBytes();
        return Arrays.copyOf(all, Math.min(count, all.length));
    }

    private static CommandResult runWithoutClosing(FakeConnection good, Command command) throws InterruptedException {
        RunningCommand started = good.start(command);
        CommandEnd end = started.await();
        try {
            byte[] output = new byte[100];
            int length = started.stdout().read(output);
            return new CommandResult(command, end, Arrays.copyOf(output, length), new byte[0]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Output.ToFile file, String text) {
        try {
            Files.writeString(file.path(), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Function<FakeConnection, DelegatingConnection> ending(UnaryOperator<CommandEnd> change) {
        return started(command -> ended(command, change));
    }

    private static RunningCommand ended(RunningCommand command, UnaryOperator<CommandEnd> change) {
        return new DelegatingCommand(command) {
            @Override
            public CommandEnd await() throws InterruptedException {
                return change.apply(super.await());
            }

            @Override
            public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
                return super.await(atMost).map(change);
            }
        };
    }

    /** A stream that drops all bytes after a number of them. */
    private static final class TruncatedStream extends FilterInputStream {
        private long left;

        TruncatedStream(long bytes, InputStream all) {
            super(all);
            left = bytes;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int n = super.read(into, offset, length);
            while (n >= 0 && left <= 0) {
                n = super.read(into, offset, length);
            }
            left -= n;
            return n;
        }
    }
}
