package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@Timeout(180)
class FaultProxyTest {
    private static final Fault.Direction TO_TARGET = Fault.Direction.TO_TARGET;
    private static final Fault.Direction TO_CLIENT = Fault.Direction.TO_CLIENT;

    private ServerSocket echo;
    private FaultProxy proxy;

    @BeforeEach
    void open() throws IOException {
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        echo = server;
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> echo(socket));
                }
            } catch (IOException e) {
                // the server socket was closed
            }
        });
        proxy = FaultProxy.to((InetSocketAddress) server.getLocalSocketAddress());
    }

    private static void echo(Socket socket) {
        try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException e) {
            // expected: the faults break connections
        }
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        echo.close();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(proxy.host(), proxy.port());
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes());
    }

    private static String receive(Socket socket, int count) throws IOException {
        return new String(socket.getInputStream().readNBytes(count));
    }

    private static void assertSilent(Socket socket) throws IOException {
        socket.setSoTimeout(50);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(10_000);
    }

    @Test
    void withoutFaultsBytesAndEndsPass() throws Exception {
        try (Socket socket = connect()) {
            send(socket, "hello");
            assertThat(receive(socket, 5)).isEqualTo("hello");
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        proxy.awaitOpen(0, Call.SOON);
        assertThat(proxy.connections()).isEqualTo(1);
    }

    @Test
    void largeDataPassesUnchanged() throws Exception {
        byte[] bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        try (Socket socket = connect()) {
            Call<Boolean> sending = Call.to(() -> {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
            });
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(bytes);
            sending.result();
        }
    }

    @Test
    void refusesAndListensAgainOnTheSamePort() throws Exception {
        try (Socket before = connect()) {
            proxy.awaitConnections(1, Call.SOON);
            proxy.set(new Fault.Refuse());
            assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
            send(before, "open ones go on");
            assertThat(receive(before, 15)).isEqualTo("open ones go on");
        }
        proxy.set();
        try (Socket socket = connect()) {
            send(socket, "a");
            assertThat(receive(socket, 1)).isEqualTo("a");
        }
    }

    @Test
    void portStaysReservedWhileRefusing() throws Exception {
        InetSocketAddress address = proxy.address();
        for (int i = 0; i < 20; i++) {
            proxy.set(new Fault.Refuse());
            assertThatThrownBy(() -> {
                        try (ServerSocket other = new ServerSocket()) {
                            other.setReuseAddress(false);
                            other.bind(address);
                        }
                    })
                    .isInstanceOf(BindException.class);
            proxy.set();
        }
        try (Socket socket = connect()) {
            send(socket, "a");
            assertThat(receive(socket, 1)).isEqualTo("a");
        }
    }

    @Test
    void silenceAcceptsButPassesNoBytes() throws Exception {
        proxy.set(new Fault.Silence());
        try (Socket socket = connect()) {
            proxy.awaitConnections(1, Call.SOON);
            send(socket, "hello?");
            assertSilent(socket);
            proxy.set();
            assertThat(receive(socket, 6)).isEqualTo("hello?");
        }
    }

    @Test
    void resetsAfterSomeBytes() throws Exception {
        proxy.script(new Fault.Reset(TO_TARGET, 3), new Fault.Reset(TO_CLIENT, 4));
        for (int i = 0; i < 2; i++) {
            try (Socket socket = connect()) {
                send(socket, "hello");
                assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                        .isInstanceOf(SocketException.class)
                        .hasMessageContaining("reset");
            }
        }
        try (Socket socket = connect()) {
            send(socket, "hello");
            assertThat(receive(socket, 5)).isEqualTo("hello");
        }
    }

    @Test
    void resetsAnIdleConnection() throws Exception {
        try (Socket socket = connect()) {
            send(socket, "a");
            assertThat(receive(socket, 1)).isEqualTo("a");
            proxy.set(new Fault.Reset(TO_TARGET, 0));
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
        }
        proxy.awaitOpen(0, Call.SOON);
    }

    @Test
    void stallsOneDirectionUntilCleared() throws Exception {
        proxy.set(new Fault.Stall(TO_CLIENT, 2));
        try (Socket socket = connect()) {
            send(socket, "hello");
            proxy.awaitBytes(TO_CLIENT, 5, Call.SOON);
            assertThat(receive(socket, 2)).isEqualTo("he");
            assertSilent(socket);
            proxy.set();
            assertThat(receive(socket, 3)).isEqualTo("llo");
        }
        proxy.set(new Fault.Stall(TO_TARGET, 0));
        try (Socket socket = connect()) {
            send(socket, "hello");
            proxy.awaitBytes(TO_TARGET, 10, Call.SOON);
            assertSilent(socket);
        }
    }

    @Test
    void halfCloses() throws Exception {
        proxy.set(new Fault.HalfClose(TO_CLIENT, 2));
        try (Socket socket = connect()) {
            send(socket, "hello");
            assertThat(new String(socket.getInputStream().readAllBytes())).isEqualTo("he");
            send(socket, "more");
            proxy.awaitBytes(TO_TARGET, 9, Call.SOON);
        }
        proxy.set();
        try (Socket socket = connect()) {
            send(socket, "a");
            assertThat(receive(socket, 1)).isEqualTo("a");
            proxy.set(new Fault.HalfClose(TO_TARGET, 0));
            assertThat(socket.getInputStream().read())
                    .as("the server reads the end of the stream and closes its side")
                    .isEqualTo(-1);
        }
    }

    @Test
    void insertsGarbage() throws Exception {
        byte[] garbage = new byte[4];
        new Random(7).nextBytes(garbage);
        proxy.set(new Fault.Garbage(TO_CLIENT, 2, 4, 7));
        try (Socket socket = connect()) {
            send(socket, "hello");
            assertThat(receive(socket, 2)).isEqualTo("he");
            assertThat(socket.getInputStream().readNBytes(4)).isEqualTo(garbage);
            assertThat(receive(socket, 3)).isEqualTo("llo");
            proxy.set(new Fault.Garbage(TO_CLIENT, 0, 4, 7));
            assertThat(socket.getInputStream().readNBytes(4)).isEqualTo(garbage);
        }
    }

    @Test
    void limitsTheRate() throws Exception {
        proxy.set(new Fault.Slow(TO_CLIENT, 100));
        try (Socket socket = connect()) {
            long start = System.nanoTime();
            send(socket, "x".repeat(30));
            receive(socket, 30);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(200));
            send(socket, "x".repeat(100_000));
            proxy.set();
            assertThat(receive(socket, 100_000)).hasSize(100_000);
        }
    }

    @Test
    void missingTargetResetsTheConnection() throws Exception {
        // A closed port may be in use by another program by now. A refusing proxy keeps its port.
        proxy.set(new Fault.Refuse());
        try (FaultProxy before = FaultProxy.to(proxy.address());
                Socket socket = new Socket(before.host(), before.port())) {
            socket.setSoTimeout(10_000);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void closeEndsEverything() throws Exception {
        proxy.set(new Fault.Stall(TO_CLIENT, 0));
        try (Socket stalled = connect();
                Socket other = connect()) {
            send(stalled, "hello");
            send(other, "hello");
            proxy.awaitBytes(TO_CLIENT, 10, Call.SOON);
            proxy.close();
            proxy.close();
            for (Socket socket : new Socket[] {stalled, other}) {
                try {
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                } catch (SocketException e) {
                    assertThat(e).hasMessageContaining("reset");
                }
            }
        }
        assertThat(proxy.open()).isZero();
        // Another program may listen on the port now, or the socket may connect to itself; neither is the proxy.
        try (Socket socket = connect()) {
            assertThat(socket.isConnected()).isTrue();
        } catch (ConnectException e) {
            assertThat(e).hasMessageContaining("refused");
        }
        assertThat(proxy.connections()).isEqualTo(2);
        assertThatThrownBy(() -> proxy.set()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void timeoutsAndInvalidFaultsAreReported() {
        assertThatThrownBy(() -> proxy.awaitConnections(1, Duration.ofMillis(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("connection 1 to arrive");
        assertThatThrownBy(() -> proxy.script(new Fault.Refuse())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Fault.Slow(TO_CLIENT, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Fault.Reset(TO_CLIENT, -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
