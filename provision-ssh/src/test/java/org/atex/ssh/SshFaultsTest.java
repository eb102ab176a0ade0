package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.lab.OpenSsh;
import org.atex.testkit.Call;
import org.atex.testkit.Fault;
import org.atex.testkit.Fault.Direction;
import org.atex.testkit.FaultProxy;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults of the network at every stage of a connection and during every operation. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class SshFaultsTest {
    private static final Duration INTERVAL = Duration.ofMillis(200);
    private static final int MISSES = 5;

    /** The limit of contract rule C50, with a margin for busy machines. */
    private static final Duration NOTICED =
            INTERVAL.multipliedBy(MISSES).plusSeconds(1).plusSeconds(5);

    /** How many connections are tried: a busy machine can lose one before the fault. */
    private static final int TRIES = 10;

    private static final Duration CLOSED = Duration.ofSeconds(6);

    @TempDir
    private static Path serverDirectory;

    private static OpenSsh server;

    @TempDir
    private Path directory;

    private FaultProxy proxy;

    @BeforeAll
    static void start() throws Exception {
        server = OpenSsh.start(serverDirectory);
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void stand() throws Exception {
        proxy = FaultProxy.to("127.0.0.1", server.port());
    }

    @AfterEach
    void clear() {
        proxy.close();
        VirtualThreads.awaitNone();
    }

    private static String place(FaultProxy proxy) {
        return "127.0.0.1:" + proxy.port();
    }

    private SshOptions options(FaultProxy proxy) throws Exception {
        Path known = Files.writeString(
                directory.resolve("known-" + proxy.port()),
                server.knownHost().replace(":" + server.port(), ":" + proxy.port()));
        return Logins.options(server).withHostKeys(HostKeys.knownHosts(known));
    }

    private SshConnection connect(FaultProxy proxy, Duration within) throws Exception {
        return SshConnection.open(
                System.getProperty("user.name") + "@" + place(proxy),
                options(proxy).withConnectWithin(within).withKeepAlive(INTERVAL, MISSES));
    }

    private interface Task<T> {
        void run(T what) throws Exception;
    }

    /** Runs a task for all values in parallel, and names the value in a failure. */
    private static <T> void allAtOnce(List<T> all, Task<T> task) {
        Map<T, Call<Boolean>> calls = new LinkedHashMap<>();
        all.forEach(each -> calls.put(each, Call.to(() -> task.run(each))));
        AssertionError failed = new AssertionError("not all is well, see what is suppressed");
        calls.forEach((each, call) -> {
            try {
                call.result(Duration.ofSeconds(50));
            } catch (Exception | AssertionError e) {
                failed.addSuppressed(new AssertionError(each + ": " + e.getMessage(), e));
            }
        });
        if (failed.getSuppressed().length > 0) {
            throw failed;
        }
    }

    private static <T> T timed(Duration atMost, Callable<T> work) throws Exception {
        long start = System.nanoTime();
        T result = work.call();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(atMost);
        return result;
    }

    /** The kernel asks again after longer and longer pauses, in which a host that has booted would not be noticed. */
    @Test
    void hostThatDoesNotAnswerIsAskedByNewConnections() throws Exception {
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 8; i++) {
                SocketChannel channel = SocketChannel.open();
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(full.getLocalSocketAddress());
            }
            assertThatThrownBy(() -> SshConnection.open(
                            "127.0.0.1:" + full.getLocalPort(),
                            Logins.options(server).withConnectWithin(Duration.ofSeconds(5))))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("127.0.0.1:" + full.getLocalPort())
                    .hasMessageContaining("Connect timed out");
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    static Stream<List<Fault>> faultsOfConnecting() {
        Stream.Builder<List<Fault>> faults = Stream.builder();
        faults.add(List.of(
                new Fault.Refuse(),
                new Fault.Slow(Direction.TO_CLIENT, 300),
                new Fault.Slow(Direction.TO_TARGET, 300)));
        for (Direction way : Direction.values()) {
            // During the greeting, the key exchange, the login, and the start of the shell.
            for (long after :
                    way == Direction.TO_CLIENT ? List.of(0, 1100, 1900, 2300) : List.of(0, 1100, 2100, 2700)) {
                faults.add(List.of(
                        new Fault.Reset(way, after),
                        new Fault.Stall(way, after),
                        new Fault.HalfClose(way, after),
                        new Fault.Garbage(way, after, 100, 1)));
            }
        }
        return faults.build();
    }

    @ParameterizedTest
    @MethodSource("faultsOfConnecting")
    void connectingEndsInTimeAndNamesTheHost(List<Fault> faults) {
        Duration within = Duration.ofMillis(400);
        allAtOnce(faults, fault -> {
            try (FaultProxy faulty = FaultProxy.to("127.0.0.1", server.port())) {
                faulty.set(fault);
                timed(
                        within.plusSeconds(5),
                        () -> assertThatThrownBy(() -> connect(faulty, within).close())
                                .isInstanceOf(ConnectionLostException.class)
                                .hasMessageContaining(place(faulty))
                                .hasMessageContaining("400 ms"));
            }
        });
    }

    @Test
    void connectingToASilentPortEndsAtTheDeadline() throws Exception {
        proxy.set(new Fault.Silence());
        timed(
                Duration.ofSeconds(6),
                () -> assertThatThrownBy(() -> connect(proxy, Duration.ofMillis(700)))
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining(place(proxy))
                        .hasMessageContaining("did not finish connecting")
                        .hasMessageContaining("700 ms"));
    }

    @Test
    void connectingIsRepeatedUntilTheHostWorks() throws Exception {
        proxy.script(
                new Fault.Reset(Direction.TO_CLIENT, 0),
                new Fault.HalfClose(Direction.TO_CLIENT, 100),
                new Fault.Garbage(Direction.TO_CLIENT, 1200, 50, 2),
                new Fault.Reset(Direction.TO_TARGET, 2200));
        try (SshConnection connection = connect(proxy, Duration.ofMinutes(1))) {
            assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
            assertThat(proxy.connections()).isEqualTo(5);
        }
    }

    @Test
    void connectingToASilentPortCanBeInterrupted() throws Exception {
        proxy.set(new Fault.Silence());
        Call<SshConnection> connecting = Call.of(() -> connect(proxy, Duration.ofSeconds(30)));
        proxy.awaitConnections(1, Call.SOON);
        connecting.awaitBlocked().interrupt();
        assertThat(connecting.failure()).isInstanceOf(InterruptedException.class);
    }

    static Stream<Fault> faults() {
        Stream.Builder<Fault> faults = Stream.builder();
        for (Direction way : Direction.values()) {
            faults.add(new Fault.Reset(way, 0));
            faults.add(new Fault.Stall(way, 0));
            faults.add(new Fault.HalfClose(way, 0));
            faults.add(new Fault.Garbage(way, 0, 200, 7));
        }
        return faults.add(new Fault.Silence()).build();
    }

    /** Operations during a fault. Each fails with the loss, or reports it. */
    private enum Operation {
        AWAIT {
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) throws Exception {
                RunningCommand command = connection.start(Command.of("sleep", "600"));
                return List.of(Call.of(command::await).awaitBlocked());
            }
        },
        RUN {
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) {
                return List.of(Call.of(() -> connection.run(Command.of("sleep", "600")))
                        .awaitBlocked());
            }
        },
        READ_AND_WRITE {
            /** Writes until the window of the peer is full, as the command does not read. */
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) throws Exception {
                RunningCommand command = connection.start(
                        Command.of("sleep", "600").withStdin(Input.pipe()).withStdout(Output.pipe()));
                Call<?> writing = Call.to(() -> write(command.stdin())).awaitBlocked();
                Call<?> reading = Call.of(() -> command.stdout().read()).awaitBlocked();
                return List.of(
                        told(writing, command),
                        told(reading, command),
                        Call.of(command::await).awaitBlocked());
            }
        },
        INPUT {
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) {
                return List.of(Call.of(() ->
                                connection.run(Command.of("sleep", "600").withStdin(Input.bytes(new byte[20_000_000]))))
                        .awaitBlocked());
            }
        },
        UPLOAD {
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) throws Exception {
                Path file = Files.write(directory.resolve("file"), new byte[30_000_000]);
                return List.of(Call.to(() -> {
                    while (true) {
                        connection.upload(file, directory + "/there/file");
                    }
                }));
            }
        },
        DOWNLOAD {
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) throws Exception {
                Path file = Files.write(directory.resolve("file"), new byte[30_000_000]);
                return List.of(Call.to(() -> {
                    while (true) {
                        connection.download(file.toString(), directory.resolve("here/file"));
                    }
                }));
            }
        },
        FORWARD {
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) throws Exception {
                Forwarding local = connection.forwardLocal(0, "127.0.0.1", service.getLocalPort());
                Forwarding remote =
                        connection.forwardRemote(0, new InetSocketAddress("127.0.0.1", service.getLocalPort()));
                service.setSoTimeout((int) Call.SOON.toMillis());
                List<Call<?>> calls = new ArrayList<>();
                for (Forwarding forwarding : List.of(local, remote)) {
                    Socket here = new Socket(InetAddress.getLoopbackAddress(), forwarding.port());
                    try {
                        Socket there = service.accept();
                        calls.add(forwarded(connection, here, there, forwarding.equals(local)));
                    } catch (IOException | AssertionError e) {
                        here.close();
                        throw e;
                    }
                }
                return calls;
            }

            private Call<?> forwarded(SshConnection connection, Socket here, Socket there, boolean oursIsHere)
                    throws IOException {
                try {
                    Call<Boolean> writing =
                            Call.to(() -> write(here.getOutputStream())).awaitBlocked();
                    Call<Boolean> answering =
                            Call.to(() -> write(there.getOutputStream())).awaitBlocked();
                    return Call.to(() -> {
                        // One end belongs to this test. The other end belongs to sshd.
                        try (here;
                                there) {
                            Call<Boolean> ours = oursIsHere ? writing : answering;
                            assertThat(ours.failure()).isInstanceOf(IOException.class);
                        }
                        assertThat(writing.failure()).isInstanceOf(IOException.class);
                        assertThat(answering.failure()).isInstanceOf(IOException.class);
                        throw lost(connection);
                    });
                } catch (AssertionError e) {
                    there.close();
                    throw e;
                }
            }
        },
        NOTHING {
            @Override
            List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) {
                return List.of();
            }
        };

        abstract List<Call<?>> begin(SshConnection connection, Path directory, ServerSocket service) throws Exception;
    }

    private static void write(OutputStream out) throws IOException {
        byte[] piece = new byte[1 << 16];
        while (true) {
            out.write(piece);
            out.flush();
        }
    }

    private static RuntimeException lost(SshConnection connection) throws InterruptedException {
        try {
            connection.start(Command.of("true"));
            return new IllegalStateException("it is not lost");
        } catch (ConnectionLostException e) {
            return e;
        }
    }

    /** The error of a stream does not contain the reason; that of the command does. */
    private static Call<CommandEnd> told(Call<?> stream, RunningCommand command) {
        return Call.of(() -> {
            assertThat(stream.failure()).isInstanceOf(IOException.class);
            return command.await();
        });
    }

    @ParameterizedTest
    @MethodSource("faults")
    void theLossIsDetectedAndEndsTheOperation(Fault fault) {
        allAtOnce(List.of(Operation.values()), operation -> {
            boolean done = false;
            for (int i = 1; !done; i++) {
                done = noticesAndEnds(operation, fault, directory.resolve(operation + "-" + i), i == TRIES);
            }
        });
    }

    /** {@return whether the connection was still alive when the fault began} */
    private boolean noticesAndEnds(Operation operation, Fault fault, Path place, boolean last) throws Exception {
        Files.createDirectory(place);
        try (FaultProxy faulty = FaultProxy.to("127.0.0.1", server.port());
                ServerSocket service = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
                SshConnection connection = connect(faulty, Duration.ofMinutes(1))) {
            List<Call<?>> calls;
            try {
                calls = operation.begin(connection, place, service);
            } catch (ConnectionLostException | AssertionError | IOException e) {
                if (last || !(lost(connection) instanceof ConnectionLostException)) {
                    throw e;
                }
                return false;
            }
            faulty.set(fault);
            long start = System.nanoTime();
            for (Call<?> call : calls) {
                assertThat(call.failure())
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining(place(faulty));
            }
            assertThatThrownBy(() -> {
                        while (true) {
                            connection.run(Command.of("true"));
                        }
                    })
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(place(faulty));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(NOTICED);

            assertThatThrownBy(() -> connection.upload(place, place + "/there"))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(place(faulty));
            assertThatThrownBy(() -> connection.download(place.toString(), place.resolve("here")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(place(faulty));
            timed(CLOSED, () -> Call.to(connection::close).result());
            return true;
        }
    }

    /** All operations at once on one link; afterwards no thread of the link is left. */
    @ParameterizedTest
    @MethodSource("faults")
    void allOperationsEndWithTheLossAndReconnectSucceeds(Fault fault) throws Exception {
        boolean done = false;
        for (int i = 1; !done; i++) {
            proxy.set();
            done = tellsAllAndComesBack(fault, Files.createDirectory(directory.resolve("try-" + i)), i == TRIES);
        }
    }

    /** {@return whether the connection was still alive when the fault began} */
    private boolean tellsAllAndComesBack(Fault fault, Path place, boolean last) throws Exception {
        try (ServerSocket service = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
                SshConnection connection = connect(proxy, Duration.ofMinutes(1))) {
            List<Call<?>> calls = new ArrayList<>();
            try {
                for (Operation operation : Operation.values()) {
                    calls.addAll(operation.begin(
                            connection, Files.createDirectory(place.resolve(operation.name())), service));
                }
            } catch (ConnectionLostException | AssertionError | IOException e) {
                if (last || !(lost(connection) instanceof ConnectionLostException)) {
                    throw e;
                }
                for (Call<?> call : calls) {
                    call.failure();
                }
                return false;
            }
            proxy.set(fault);
            for (Call<?> call : calls) {
                assertThat(call.failure()).isInstanceOf(ConnectionLostException.class);
            }
            if (!(fault instanceof Fault.Garbage)) {
                // New connections fail as well, except that garbage may look like a greeting of the server.
                timed(
                        Duration.ofSeconds(6),
                        () -> assertThatThrownBy(() -> connection.reconnect(Duration.ofMillis(300)))
                                .isInstanceOf(ConnectionLostException.class)
                                .hasMessageContaining(place(proxy)));
            }
            proxy.set();
            connection.reconnect(Duration.ofMinutes(1));
            assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
            return true;
        }
    }

    @Test
    void aSlowLinkIsNotLost() throws Exception {
        try (SshConnection connection = SshConnection.open(
                System.getProperty("user.name") + "@" + place(proxy),
                options(proxy).withKeepAlive(Duration.ofMillis(200), 10))) {
            proxy.set(new Fault.Slow(Direction.TO_TARGET, 100_000), new Fault.Slow(Direction.TO_CLIENT, 100_000));
            Path file = Files.write(directory.resolve("file"), new byte[50_000]);
            connection.upload(file, directory + "/there");
            connection.download(directory + "/there", directory.resolve("back"));
            assertThat(directory.resolve("back")).hasSameBinaryContentAs(file);
        }
    }

    @Test
    void closingDuringAStallIsBounded() throws Exception {
        SshConnection connection = SshConnection.open(
                System.getProperty("user.name") + "@" + place(proxy),
                options(proxy).withKeepAlive(Duration.ofMinutes(1), 4));
        RunningCommand command = connection.start(Command.of("sleep", "600").withStdin(Input.pipe()));
        Call<Boolean> writing = Call.to(() -> write(command.stdin())).awaitBlocked();
        Call<CommandEnd> awaiting = Call.of(command::await).awaitBlocked();
        proxy.set(new Fault.Stall(Direction.TO_CLIENT, 0), new Fault.Stall(Direction.TO_TARGET, 0));
        Call<RunningCommand> starting =
                Call.of(() -> connection.start(Command.of("true"))).awaitBlocked();

        timed(CLOSED.plusSeconds(1), () -> {
            connection.close();
            return true;
        });
        assertThat(writing.failure()).isInstanceOf(IOException.class);
        assertThat(awaiting.failure()).isInstanceOf(ConnectionLostException.class);
        assertThat(starting.failure()).isInstanceOf(IllegalStateException.class);
    }
}
