package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atex.testkit.SameConnection.started;

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
 * For each rule about files and the connection itself a connection that breaks it and no other: its test rejects it, and no
 * other test does.
 */
@Timeout(240)
class BrokenConnectionsTest {
    @ParameterizedTest
    @MethodSource("broken")
    void exactlyItsRuleRejectsIt(Broken<Function<FakeConnection, SameConnection>> broken) {
        BrokenConnectionContract.tested = broken.variant();

        broken.assertRejectedBy(BrokenConnectionContract.class);
    }

    @Test
    void goodOneIsNotRejected() {
        BrokenConnectionContract.tested = SameConnection::new;

        assertThat(Rejections.of(BrokenConnectionContract.class)).isEmpty();
    }

    static Stream<Broken<Function<FakeConnection, SameConnection>>> broken() {
        return Stream.of(files(), names(), reconnecting(), closing(), callers()).flatMap(Function.identity());
    }

    private interface Transfer {
        void download(FakeConnection good, String source, Path target) throws IOException, InterruptedException;
    }

    private static Function<FakeConnection, SameConnection> downloading(Transfer transfer) {
        return good -> new SameConnection(good) {
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

    private static Stream<Broken<Function<FakeConnection, SameConnection>>> files() {
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
                Broken.of("c37", good -> new SameConnection(good) {
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
                        throw source.startsWith("~") ? e : new TransferException("it did not work", e);
                    }
                })),
                Broken.of("c40", good -> new SameConnection(good) {
                    @Override
                    public void upload(Path source, String target) throws InterruptedException {
                        Thread.interrupted();
                        super.upload(source, target);
                    }
                }));
    }

    private static Stream<Broken<Function<FakeConnection, SameConnection>>> names() {
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

    /** As it is when names are decoded, and encoded again. */
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

    private static Stream<Broken<Function<FakeConnection, SameConnection>>> reconnecting() {
        return Stream.of(
                Broken.of("c41", good -> new SameConnection(good) {
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
                Broken.of("c46", started(command -> new SameCommand(command) {
                    @Override
                    public CommandEnd await() throws InterruptedException {
                        try {
                            return super.await();
                        } catch (ConnectionLostException e) {
                            return new CommandEnd.Signalled("HUP");
                        }
                    }
                })),
                Broken.of("c47", good -> new SameConnection(good) {
                    @Override
                    public void reconnect(Duration within) throws InterruptedException {
                        if (lost) {
                            throw new ConnectionLostException("it never came back", null);
                        }
                        super.reconnect(within);
                    }
                }));
    }

    private static Stream<Broken<Function<FakeConnection, SameConnection>>> closing() {
        return Stream.of(
                Broken.of("c42", OneThatLeavesDaemons::new),
                Broken.of("c43", good -> new SameConnection(good) {
                    @Override
                    public void reconnect(Duration within) throws InterruptedException {
                        try {
                            super.reconnect(within);
                        } catch (IllegalStateException e) {
                            // what does it matter
                        }
                    }
                }),
                Broken.of("c44", good -> new SameConnection(good) {
                    private final AtomicInteger closes = new AtomicInteger();

                    @Override
                    public void close() {
                        super.close();
                        // Twice is what each test does that closes it: the contract closes it in the end.
                        if (closes.incrementAndGet() > 2) {
                            throw new IllegalStateException("it was closed before");
                        }
                    }
                }),
                Broken.of("c45", OneThatFailsBesideClose::new));
    }

    /** Only what has a running command is ended; its daemons are, when it is closed once more, lest they stay for good. */
    private static final class OneThatLeavesDaemons extends SameConnection {
        private final ConcurrentHashMap<RunningCommand, Command> started = new ConcurrentHashMap<>();
        private volatile boolean closed;

        OneThatLeavesDaemons(FakeConnection good) {
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

    /** Waits for the close that is meant to be beside it, so that it always is. */
    private static final class OneThatFailsBesideClose extends SameConnection {
        private final CountDownLatch closing = new CountDownLatch(1);

        OneThatFailsBesideClose(FakeConnection good) {
            super(good);
        }

        @Override
        public RunningCommand start(Command command) throws InterruptedException {
            boolean beside = closing.getCount() > 0
                    && Thread.currentThread().isVirtual()
                    && command.arguments().contains("waits")
                    && closing.await(1, TimeUnit.SECONDS);
            if (beside) {
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

    private static Stream<Broken<Function<FakeConnection, SameConnection>>> callers() {
        return Stream.of(
                Broken.of("c48", good -> new SameConnection(good) {
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
                Broken.of("c49", good -> new SameConnection(good) {
                    private final Set<Thread> callers = ConcurrentHashMap.newKeySet();

                    @Override
                    public CommandResult run(Command command) throws InterruptedException {
                        // Counts threads, not commands that overlap: whether they do is the scheduler's to say.
                        callers.add(Thread.currentThread());
                        if (callers.size() > 16) {
                            throw new ConnectionLostException("a packet came that nobody asked for", null);
                        }
                        return super.run(command);
                    }
                }),
                Broken.of("c51", SameConnection.starting(command -> {
                    if (!command.arguments().getFirst().equals("prints-variable")) {
                        return command;
                    }
                    List<String> arguments = new ArrayList<>(command.arguments());
                    arguments.addAll(command.environment().values()); // as 'env NAME=VALUE …' would have them
                    return command.withArguments(arguments);
                })));
    }
}
