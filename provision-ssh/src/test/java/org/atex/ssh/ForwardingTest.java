package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.TransferException;
import org.atex.lab.Logs;
import org.atex.lab.OpenSsh;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Forwarded ports with a real OpenSSH server on this machine, so that both sides can reach the ports of the other one.
 */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class ForwardingTest {
    @TempDir
    private Path directory;

    private OpenSsh server;
    private SshConnection connection;
    private ServerSocket service;

    private enum Direction {
        LOCAL,
        REMOTE;

        Forwarding open(SshConnection connection, ServerSocket to) throws Exception {
            return this == LOCAL
                    ? connection.forwardLocal(0, "127.0.0.1", to.getLocalPort())
                    : connection.forwardRemote(0, new InetSocketAddress("127.0.0.1", to.getLocalPort()));
        }
    }

    @BeforeEach
    void connect() throws Exception {
        service = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        server = OpenSsh.start(directory);
        connection = Logins.connect(server);
    }

    @AfterEach
    void close() throws Exception {
        service.close();
        if (connection != null) {
            connection.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static Socket to(Forwarding forwarding) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), forwarding.port());
    }

    private static byte[] random(int size, int seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Accepts a connection, reads it to the end, and then sends the answer. {@return the bytes that were read} */
    private static byte[] serve(ServerSocket service, byte[] answer) throws IOException {
        try (Socket socket = service.accept()) {
            byte[] all = socket.getInputStream().readAllBytes();
            socket.getOutputStream().write(answer);
            return all;
        }
    }

    private static boolean refuses(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            if (socket.getLocalPort() == port) {
                return true; // without a listener, TCP can connect a socket to itself
            }
            socket.setSoTimeout(1_000);
            return socket.getInputStream().read() < 0; // the old listener may still have accepted it
        } catch (ConnectException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothDirectionsCarryDataAndEndIndependently(Direction direction) throws Exception {
        byte[] question = random(1_000_000, 1);
        byte[] answer = random(1_000_000, 2);
        try (Forwarding forwarding = direction.open(connection, service);
                Socket socket = to(forwarding)) {
            Call<byte[]> served = Call.of(() -> serve(service, answer));
            socket.getOutputStream().write(question);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(answer);
            assertThat(served.result()).isEqualTo(question);
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothSidesCanSendAtOnce(Direction direction) throws Exception {
        byte[] question = random(3_000_000, 1);
        byte[] answer = random(3_000_000, 2);
        try (Forwarding forwarding = direction.open(connection, service);
                Socket here = to(forwarding);
                Socket there = service.accept()) {
            List<Call<Boolean>> writing = List.of(
                    Call.to(() -> here.getOutputStream().write(question)),
                    Call.to(() -> there.getOutputStream().write(answer)));
            Call<byte[]> atHere = Call.of(() -> here.getInputStream().readNBytes(answer.length));
            Call<byte[]> atThere = Call.of(() -> there.getInputStream().readNBytes(question.length));
            assertThat(atHere.result()).isEqualTo(answer);
            assertThat(atThere.result()).isEqualTo(question);
            for (Call<Boolean> one : writing) {
                one.result();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyConnectionsWorkInParallelAndInSequence(Direction direction) throws Exception {
        try (Forwarding forwarding = direction.open(connection, service)) {
            for (int round = 0; round < 3; round++) {
                List<Call<byte[]>> serving = IntStream.range(0, 50)
                        .mapToObj(i -> Call.of(() -> serve(service, "answer".getBytes(UTF_8))))
                        .toList();
                List<Call<byte[]>> asking = IntStream.range(0, 50)
                        .mapToObj(i -> Call.of(() -> {
                            try (Socket socket = to(forwarding)) {
                                socket.getOutputStream().write(random(20_000, i));
                                socket.shutdownOutput();
                                return socket.getInputStream().readAllBytes();
                            }
                        }))
                        .toList();
                for (Call<byte[]> call : asking) {
                    assertThat(call.result()).asString(UTF_8).isEqualTo("answer");
                }
                for (Call<byte[]> call : serving) {
                    assertThat(call.result()).hasSize(20_000);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void closeByTheServiceClosesTheClientSide(Direction direction) throws Exception {
        try (Forwarding forwarding = direction.open(connection, service);
                Socket here = to(forwarding);
                Socket there = service.accept()) {
            there.setSoLinger(true, 0);
            there.close();
            assertThat(Call.of(() -> here.getInputStream().read()).result()).isEqualTo(-1);
            // The writer must get an error, as its data have no reader.
            assertThat(Call.to(() -> write(here)).failure()).isInstanceOf(IOException.class);
            assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void closeByTheClientClosesTheServiceSide(Direction direction) throws Exception {
        try (Forwarding forwarding = direction.open(connection, service);
                Socket here = to(forwarding);
                Socket there = service.accept()) {
            here.close();
            assertThat(Call.of(() -> there.getInputStream().read()).result()).isEqualTo(-1);
        }
    }

    private static void write(Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        while (true) {
            out.write(new byte[1 << 16]);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBlockedReaderBlocksNoOtherConnection(Direction direction) throws Exception {
        try (Forwarding forwarding = direction.open(connection, service);
                Socket here = to(forwarding);
                Socket there = service.accept()) {
            Call<Boolean> writing = Call.to(() -> write(here)).awaitBlocked();
            Call<Boolean> answering = Call.to(() -> write(there)).awaitBlocked();
            assertThat(connection
                            .run(Command.of("head", "-c", "5000000", "/dev/zero"))
                            .stdoutBytes())
                    .hasSize(5_000_000);
            try (Socket other = to(forwarding)) {
                Call<byte[]> served = Call.of(() -> serve(service, new byte[10]));
                other.getOutputStream().write(new byte[100_000]);
                other.shutdownOutput();
                assertThat(other.getInputStream().readAllBytes()).hasSize(10);
                assertThat(served.result()).hasSize(100_000);
            }
            forwarding.close();
            // sshd delivers its buffered data before it closes the connection.
            List<Call<Long>> reading = Stream.of(here, there)
                    .map(socket -> Call.of(() -> socket.getInputStream().transferTo(OutputStream.nullOutputStream())))
                    .toList();
            assertThat(writing.failure()).isInstanceOf(IOException.class);
            assertThat(answering.failure()).isInstanceOf(IOException.class);
            assertThat(reading).hasSize(2);
        }
        assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void closeEndsForwardedConnectionsAndTheListener(Direction direction) throws Exception {
        Forwarding forwarding = direction.open(connection, service);
        try (Socket here = to(forwarding);
                Socket there = service.accept()) {
            Call<Integer> reading = Call.of(() -> there.getInputStream().read()).awaitBlocked();
            forwarding.close();
            forwarding.close();
            assertThat(reading.result()).isEqualTo(-1);
            assertThat(refuses(forwarding.port())).isTrue();
        }
        try (Forwarding again = direction.open(connection, service);
                Socket here = to(again);
                Socket there = service.accept()) {
            there.getOutputStream().write(7);
            assertThat(here.getInputStream().read()).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingTheSshConnectionEndsTheForwarding(Direction direction) throws Exception {
        Forwarding forwarding = direction.open(connection, service);
        try (Socket here = to(forwarding);
                Socket there = service.accept()) {
            Call<Boolean> writing = Call.to(() -> write(here)).awaitBlocked();
            Call<Boolean> answering = Call.to(() -> write(there)).awaitBlocked();
            connection.close();
            assertThat(writing.failure()).isInstanceOf(IOException.class);
            assertThat(answering.failure()).isInstanceOf(IOException.class);
            Call.eventually("the port is free", () -> refuses(forwarding.port()));
        }
        forwarding.close();
        assertThatThrownBy(() -> direction.open(connection, service)).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource
    void losingTheSshConnectionEndsTheForwarding(Direction direction) throws Exception {
        Forwarding forwarding = direction.open(connection, service);
        try (Socket here = to(forwarding);
                Socket there = service.accept()) {
            Call<Boolean> writing = Call.to(() -> write(here)).awaitBlocked();
            Call<Boolean> answering = Call.to(() -> write(there)).awaitBlocked();
            server.cutConnections();
            assertThat(writing.failure()).isInstanceOf(IOException.class);
            assertThat(answering.failure()).isInstanceOf(IOException.class);
            Call.eventually("the port is free", () -> refuses(forwarding.port()));
        }
        forwarding.close();
        // A writer can see the loss before the reader thread does, which marks the connection as lost.
        Call.eventually("the loss is known", () -> isLost(direction));
    }

    private boolean isLost(Direction direction) {
        try (Forwarding one = direction.open(connection, service)) {
            return one.port() < 0;
        } catch (ConnectionLostException e) {
            assertThat(e).hasMessageContaining(server.destination());
            return true;
        } catch (Exception e) {
            throw new AssertionError("not a lost connection", e);
        }
    }

    @Test
    void refusalByTheServerIsReported() throws Exception {
        try (OpenSsh strict =
                        OpenSsh.start(Files.createDirectories(directory.resolve("strict")), "AllowTcpForwarding no");
                SshConnection refused = Logins.connect(strict)) {
            assertThatThrownBy(() -> Direction.REMOTE.open(refused, service))
                    .isInstanceOf(TransferException.class)
                    .hasMessageContaining(strict.destination())
                    .hasMessageContaining("AllowTcpForwarding");
            try (Logs logs = new Logs();
                    Forwarding forwarding = Direction.LOCAL.open(refused, service);
                    Socket here = to(forwarding)) {
                InputStream in = here.getInputStream();
                assertThat(Call.of(() -> in.read()).result()).isEqualTo(-1);
                assertThat(logs.messages(Level.WARN))
                        .anyMatch(line -> line.contains(strict.destination())
                                && line.contains(Integer.toString(service.getLocalPort())));
            }
            assertThat(refused.run(Command.of("true")).succeeded()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void unreachableServiceClosesTheConnection(Direction direction) throws Exception {
        service.close();
        try (Forwarding forwarding = direction.open(connection, service);
                Socket here = to(forwarding)) {
            assertThat(Call.of(() -> here.getInputStream().read()).result()).isEqualTo(-1);
            assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
        }
    }

    /** The port is in use in IPv4 only: nobody else has it in IPv6. */
    @Test
    void aPortInUseIsNamed() throws Exception {
        int taken = service.getLocalPort();
        assertThatThrownBy(() -> connection.forwardLocal(taken, "127.0.0.1", 1))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining(Integer.toString(taken));
        assertThatThrownBy(() -> connection.forwardRemote(taken, new InetSocketAddress("127.0.0.1", 1)))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining(Integer.toString(taken))
                .hasMessageContaining(server.destination());
    }

    @Test
    void rekeyingDoesNotDisturbForwarding() throws Exception {
        byte[] answer = random(3_000_000, 3);
        try (OpenSsh rekeying = OpenSsh.start(Files.createDirectories(directory.resolve("re")), "RekeyLimit 100K");
                SshConnection busy = Logins.connect(rekeying);
                Forwarding there = Direction.REMOTE.open(busy, service);
                Forwarding here = Direction.LOCAL.open(busy, service)) {
            for (Forwarding forwarding : List.of(there, here)) {
                Call<byte[]> served = Call.of(() -> serve(service, answer));
                try (Socket socket = to(forwarding)) {
                    socket.getOutputStream().write(answer);
                    socket.shutdownOutput();
                    assertThat(socket.getInputStream().readAllBytes()).isEqualTo(answer);
                }
                assertThat(served.result()).isEqualTo(answer);
            }
        }
    }
}
