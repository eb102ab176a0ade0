package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates are verified, and an https service does not lead to http. */
@Timeout(180)
class ReservationTlsTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private Path directory;

    private SSLContext certificateFor(String name) throws Exception {
        Path file = directory.resolve(name);
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD),
                        "-alias",
                        "a",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:" + name)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        assertThat(keytool.waitFor())
                .as(Files.readString(directory.resolve("log")))
                .isZero();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static ReservationServer serve(SSLContext tls) throws Exception {
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        return new ReservationServer(server).on("/", reply -> reply.lines("{\"host\": \"a\"}"));
    }

    private static HostSource.Next first(ReservationService.Builder builder) throws InterruptedException {
        try (ReservationService service =
                builder.maxAttempts(1).retryDelay(Duration.ofMillis(1)).build()) {
            return service.take(Call.SOON);
        }
    }

    @Test
    void trustedCertificateIsAcceptedAndOthersAreNot() throws Exception {
        SSLContext tls = certificateFor("localhost");
        try (ReservationServer server = serve(tls)) {
            assertThat(first(ReservationService.builder(server.uri("/")).tls(tls)))
                    .isEqualTo(new HostSource.Next.Found(Host.of("a")));
            assertThat(first(ReservationService.builder(server.uri("/"))))
                    .isInstanceOf(HostSource.Next.Ended.class)
                    .asString()
                    .contains("no answer from https://localhost", "certification path");
        }
    }

    @Test
    void certificateOfAnotherNameIsRefused() throws Exception {
        SSLContext tls = certificateFor("elsewhere.example");
        try (ReservationServer server = serve(tls)) {
            assertThat(first(ReservationService.builder(server.uri("/")).tls(tls)))
                    .isInstanceOf(HostSource.Next.Ended.class)
                    .asString()
                    .contains("localhost");
            assertThat(server.questions()).isEmpty();
        }
    }

    @Test
    void httpsDoesNotLeadToHttp() throws Exception {
        SSLContext tls = certificateFor("localhost");
        try (ReservationServer server = serve(tls)) {
            URI plain = URI.create("http://localhost:1/start");
            server.on("/", reply -> reply.lines("{\"session_id\": 1, \"start_session_url\": \"" + plain + "\"}"));
            assertThat(first(ReservationService.builder(server.uri("/")).tls(tls)))
                    .asString()
                    .contains("not followed", "it is not https");
        }
    }
}
