package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atex.testkit.DelegatingConnection.started;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * For each rule about files and the connection itself, a connection that violates it: only the test of this rule may
 * fail.
 */
@Timeout(500)
class BrokenConnectionsTest {
    @ParameterizedTest
    @MethodSource("broken")
    void onlyTheTestOfItsRuleFails(Broken<Function<FakeConnection, DelegatingConnection>> broken) {
        BrokenConnectionContract.tested = broken.variant();

        broken.assertRejectedBy(BrokenConnectionContract.class);
    }

    @Test
    void correctImplementationPasses() {
        BrokenConnectionContract.tested = DelegatingConnection::new;

        assertThat(FailedRules.of(BrokenConnectionContract.class)).isEmpty();
    }

    static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> broken() {
        return Stream.of(files(), names(), reconnecting(), closing(), callers()).flatMap(Function.identity());
    }

    private interface Transfer {
        void download(FakeConnection good, String source, Path target) throws IOException, InterruptedException;
    }

    private static Function<FakeConnection, DelegatingConnection> downloading(Transfer transfer) {
        return good -> new DelegatingConnection(good) {
            @Override
            public void download(String source, Path target) throws InterruptedException {
                try {
                    transfer.download(good, source, target);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> files() {
        return Stream.of(
                Broken.of("c35", downloading((good, source, target) -> {
                    if (!Files.isDirectory(target.resolveSibling("."))) {
                        throw new TransferException("could not download to " + target, null);
                    }
                    good.download(source, target);
                })),
                Broken.of("c36", downloading((good, source, target) -> {
                    good.download(source, target);
                    if (Files.exists(target.resolve("script"))) {
                        Files.setLastModifiedTime(target, FileTime.from(Instant.now()));
                        Files.setLastModifiedTime(target.resolve("script"), FileTime.from(Instant.now()));
                    }
                })),
                Broken.of("c37", good -> new DelegatingConnection(good) {
                    @Override
                    public void upload(Path source, String target) throws InterruptedException {
                        Path there = good.file(target);
                        try {
                            if (Files.isDirectory(there)) {
                                Artifacts.at(there).delete();
                            }
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                        super.upload(source, target);
                    }
                }),
                Broken.of("c38", downloading((good, source, target) -> {
                    Path link = target.resolve("file");
                    Path behind = Files.isSymbolicLink(link) ? Files.readSymbolicLink(link) : null;
                    good.download(source, target);
                    if (behind != null) {
                        Files.copy(link, behind, StandardCopyOption.REPLACE_EXISTING);
                    }
                })),
                Broken.of("c39", downloading((good, source, target) -> {
                    try {
                        good.download(source, target);
                    } catch (TransferException e) {
                        throw source.startsWith("~") ? e : new TransferException("could not copy", e);
                    }
                })),
                Broken.of("c40", good -> new DelegatingConnection(good) {
                    @Override
                    public void upload(Path source, String target) throws InterruptedException {
                        Thread.interrupted();
                        super.upload(source, target);
                    }
                }));
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> names() {
        return Stream.of(
                Broken.of("c52", downloading((good, source, target) -> {
                    good.download(source, target);
                    if (Files.isDirectory(target)) {
                        renameAsText(target);
                    }
                })),
                Broken.of("c53", downloading((good, source, target) -> {
                    if (source.startsWith("~")) {
                        throw new TransferException("could not download " + source + ": no such file", null);
                    }
                    good.download(source, target);
                })),
                Broken.of("c54", downloading((good, source, target) -> {
                    good.download(source, target);
                    if (Files.isRegularFile(target)) {
                        Files.setLastModifiedTime(
                                target,
                                FileTime.from(
                                        Files.getLastModifiedTime(target).to(TimeUnit.SECONDS), TimeUnit.SECONDS));
                    }
                })),
                Broken.of("c55", downloading((good, source, target) -> {
                    if (source.contains("\\")) {
                        throw new TransferException("could not download " + source + " to " + target, null);
                    }
                    good.download(source, target);
                })));
    }

    /** Renames files as a transfer does that decodes names and encodes them again. */
    private static void renameAsText(Path tree) throws IOException {
        try (Stream<Path> files = Files.list(tree)) {
            for (Path file : files.toList()) {
                Path text = tree.resolve(String.valueOf(file.getFileName()));
                if (!text.equals(file)) {
                    Files.move(file, text, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> reconnecting() {
        return Stream.of(
                Broken.of("c41", good -> new DelegatingConnection(good) {
                    private final AtomicBoolean closed = new AtomicBoolean();

                    @Override
                    public void reconnect(Duration within) throws InterruptedException {
                        if (lost || closed.get()) {
                            super.reconnect(within);
                        }
                    }

                    @Override
                    public void close() {
                        closed.set(true);
                        super.close();
                    }
                }),
                Broken.of("c46", started(command -> new DelegatingCommand(command) {
                    @Override
                    public CommandEnd await() throws InterruptedException {
                        try {
                            return super.await();
                        } catch (ConnectionLostException e) {
                            return new CommandEnd.Signalled("HUP");
                        }
                    }
                })),
                Broken.of("c47", good -> new DelegatingConnection(good) {
                    @Override
                    public void reconnect(Duration within) throws InterruptedException {
                        if (lost) {
                            throw new ConnectionLostException("the system does not answer", null);
                        }
                        super.reconnect(within);
                    }
                }));
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> closing() {
        return Stream.of(
                Broken.of("c42", LeavesDaemons::new),
                Broken.of("c43", good -> new DelegatingConnection(good) {
                    @Override
                    public void reconnect(Duration within) throws InterruptedException {
                        try {
                            super.reconnect(within);
                        } catch (IllegalStateException e) {
                            // swallowed, which violates C43
                        }
                    }
                }),
                Broken.of("c44", good -> new DelegatingConnection(good) {
                    private final AtomicInteger closes = new AtomicInteger();

                    @Override
                    public void close() {
                        super.close();
                        // The contract closes the connection after each test, so a test that closes it makes two calls.
                        if (closes.incrementAndGet() > 2) {
                            throw new IllegalStateException("this connection is closed already");
                        }
                    }
                }),
                Broken.of("c45", FailsDuringClose::new));
    }

    /** Ends only commands without daemons. A second close ends the daemons, so that none outlive the test. */
    private static final class LeavesDaemons extends DelegatingConnection {
        private final ConcurrentHashMap<RunningCommand, Command> started = new ConcurrentHashMap<>();
        private volatile boolean closed;

        LeavesDaemons(FakeConnection good) {
            super(good);
        }

        @Override
        public RunningCommand start(Command command) throws InterruptedException {
            refuseIfClosed();
            RunningCommand running = super.start(command);
            started.put(running, command);
            if (closed) {
                running.close();
            }
            return running;
        }

        @Override
        public void upload(Path source, String target) throws InterruptedException {
            refuseIfClosed();
            super.upload(source, target);
        }

        @Override
        public void download(String source, Path target) throws InterruptedException {
            refuseIfClosed();
            super.download(source, target);
        }

        @Override
        public void reconnect(Duration within) throws InterruptedException {
            refuseIfClosed();
            super.reconnect(within);
        }

        private void refuseIfClosed() {
            if (closed) {
                throw new IllegalStateException("this connection is closed");
            }
        }

        @Override
        public void close() {
            if (closed) {
                super.close();
            }
            closed = true;
            started.forEach((running, command) -> {
                if (!command.arguments().contains("leaves-daemon")) {
                    running.close();
                }
            });
        }
    }

    /** Waits for the close, so that the two always overlap. */
    private static final class FailsDuringClose extends DelegatingConnection {
        private final CountDownLatch closing = new CountDownLatch(1);

        FailsDuringClose(FakeConnection good) {
            super(good);
        }

        @Override
        public RunningCommand start(Command command) throws InterruptedException {
            boolean overlaps = closing.getCount() > 0
                    && Thread.currentThread().isVirtual()
                    && command.arguments().contains("waits")
                    && closing.await(1, TimeUnit.SECONDS);
            if (overlaps) {
                throw new UncheckedIOException(new IOException("the stream is closed"));
            }
            return super.start(command);
        }

        @Override
        public void close() {
            closing.countDown();
            super.close();
        }
    }

    private static Stream<Broken<Function<FakeConnection, DelegatingConnection>>> callers() {
        return Stream.of(
                Broken.of("c48", good -> new DelegatingConnection(good) {
                    @Override
                    public void upload(Path source, String target) throws InterruptedException {
                        super.upload(source, target);
                        try {
                            Files.deleteIfExists(source.resolveSibling("file"));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                }),
                Broken.of("c49", good -> new DelegatingConnection(good) {
                    private final Set<Thread> callers = ConcurrentHashMap.newKeySet();

                    @Override
                    public CommandResult run(Command command) throws InterruptedException {
                        // Counts threads instead of overlapping commands, because the scheduler decides whether they
                        // overlap.
                        callers.add(Thread.currentThread());
                        if (callers.size() > 16) {
                            throw new ConnectionLostException("unexpected packet", null);
                        }
                        return super.run(command);
                    }
                }),
                Broken.of("c51", DelegatingConnection.starting(command -> {
                    if (!command.arguments().getFirst().equals("prints-variable")) {
                        return command;
                    }
                    List<String> arguments = new ArrayList<>(command.arguments());
                    arguments.addAll(command.environment().values()); // as 'env NAME=VALUE …' does
                    return command.withArguments(arguments);
                })));
    }
}
