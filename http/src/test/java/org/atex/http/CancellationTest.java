package org.atex.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.atex.http.HeldNames.HeldName;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A request can be cancelled at any moment. No test finds an open connection afterwards. */
@Timeout(120)
@ExtendWith(LeakCheck.class)
class CancellationTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final int TO_CLOSE_MILLIS = 30_000;

    private final HeldName name = HeldNames.create();
    private ServerSocket server;
    private HttpExchanges http;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        http = new HttpExchanges(null, 1, 1);
    }

    @AfterEach
    void stop() throws IOException {
        name.release();
        http.close();
        server.close();
    }

    private HttpExchanges.Response send(Object host, Duration within) throws IOException, InterruptedException {
        URI uri = URI.create("http://" + host + ":" + server.getLocalPort() + "/");
        return http.send(HttpExchanges.Request.get(uri, Map.of(), 100), within);
    }

    private CompletableFuture<HttpExchanges.Response> sent(Object host) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return send(host, LONG);
            } catch (IOException | InterruptedException e) {
                throw new CompletionException(e);
            }
        });
    }

    /** Lets the lookup of the name end, and checks that the connection which follows is closed without a request. */
    private void assertNoRequestFollows() throws IOException {
        name.release();
        assertThat(allOf(server.accept())).isEmpty();
    }

    private static String allOf(Socket socket) throws IOException {
        try (socket) {
            socket.setSoTimeout(TO_CLOSE_MILLIS);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException e) {
            // The client closes connections without waiting for unsent data.
            return "";
        }
    }

    @Test
    void requestWhoseTimeEndsDuringTheLookupOfTheNameLeavesNoConnection() throws Exception {
        // On a slow machine the time may end before the lookup begins.
        for (int millis = 1; !name.isLookedUp(); millis *= 2) {
            Duration within = Duration.ofMillis(millis);
            assertThatThrownBy(() -> send(name, within))
                    .isInstanceOf(IOException.class)
                    .hasMessage("no response within " + within.toMillis() + " ms");
        }

        assertNoRequestFollows();
    }

    @Test
    void interruptedRequestLeavesNoConnection() throws Exception {
        Thread sender = Thread.ofVirtual()
                .start(() -> assertThatThrownBy(() -> send(name, LONG)).isInstanceOf(InterruptedException.class));
        name.awaitLookup();
        sender.interrupt();
        sender.join();

        assertNoRequestFollows();
    }

    @Test
    void closeEndsARequestDuringTheLookupOfTheName() throws Exception {
        CompletableFuture<HttpExchanges.Response> response = sent(name);
        name.awaitLookup();
        http.close();

        assertThatThrownBy(response::join)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessage("no response: the client was closed");
        assertNoRequestFollows();
    }

    @Test
    void closeEndsARequestWithoutAnAnswer() throws Exception {
        CompletableFuture<HttpExchanges.Response> response = sent("127.0.0.1");
        try (Socket connection = server.accept()) {
            assertThat(connection.getInputStream().read()).isEqualTo('G');
            http.close();

            assertThatThrownBy(response::join).cause().isInstanceOf(IOException.class);
            String unused = allOf(connection); // ends, as the connection is closed
        }
    }

    @Test
    void otherRequestsAreAnswered() throws Exception {
        name.release();
        CompletableFuture<HttpExchanges.Response> response = sent(name);
        try (Socket connection = server.accept()) {
            connection
                    .getOutputStream()
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext".getBytes(StandardCharsets.UTF_8));
            assertThat(response.join().text()).isEqualTo("text");
        }
    }
}
