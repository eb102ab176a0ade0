package org.atex.html;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A page is served on this machine while its run goes on. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class LivePageTest {
    @TempDir
    private Path directory;

    private Path page() {
        return directory.resolve("report.html");
    }

    private record Answer(int status, String head, String body) {}

    private static Answer request(String method, URI address) throws IOException {
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            socket.getOutputStream().write((method + " " + address.getRawPath() + " HTTP/1.0\r\n\r\n").getBytes(UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            int end = answer.indexOf("\r\n\r\n");
            return new Answer(
                    Integer.parseInt(answer.split(" ", 3)[1]), answer.substring(0, end), answer.substring(end + 4));
        }
    }

    private static Answer get(URI address) throws IOException {
        return request("GET", address);
    }

    @Test
    void thePageOfTheMomentIsServed() throws Exception {
        try (LivePage live = LivePage.serve(page())) {
            assertThat(get(live.address()).status())
                    .as("before there is a page")
                    .isEqualTo(404);
            try (HtmlReport report = HtmlReport.open(page())) {
                assertThat(get(live.address()).body()).doesNotContain("/net/dns");
                new SampleRun(report, directory).sendAll();
            }
            Answer answer = get(live.address());
            assertThat(answer.body()).isEqualTo(Files.readString(page())).contains("/net/dns");
            assertThat(answer.head()).containsIgnoringCase("Content-Type: text/html; charset=utf-8");

            URI file = live.address().resolve("report-files/1/1-reverse_trace.txt");
            assertThat(get(file).body()).as("a file beside the page").startsWith("yyyy");
            assertThat(get(file).head()).containsIgnoringCase("Content-Security-Policy: sandbox");
            assertThat(request("HEAD", live.address()).status()).isEqualTo(200);
            assertThat(request("POST", live.address()).status()).isEqualTo(405);
        }
    }

    @Test
    void nothingElseIsServed() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret.txt"), "secret");
        Path files = Files.createDirectories(directory.resolve("report-files/1"));
        Files.createSymbolicLink(files.resolve("link.txt"), secret);
        Files.writeString(page(), "page");
        try (LivePage live = LivePage.serve(page())) {
            for (String path : new String[] {
                "../secret.txt",
                "secret.txt",
                "report-files/../secret.txt",
                "report-files/%2e%2e/secret.txt",
                "report-files/1/link.txt",
                "report-files/1",
                "report-files/%00"
            }) {
                assertThat(get(URI.create(live.address() + path)).body())
                        .as(path)
                        .doesNotContain("secret");
            }
            assertThat(get(live.address().resolve("/")).status())
                    .as("without the token")
                    .isEqualTo(404);
            assertThat(live.address().getHost()).isEqualTo("127.0.0.1");
        }
    }

    @Test
    void tokensDiffer() throws IOException {
        Set<String> tokens = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            try (LivePage live = LivePage.serve(page())) {
                tokens.add(live.address().getPath());
            }
        }
        assertThat(tokens).hasSize(10).allMatch(path -> path.matches("/[0-9a-f]{32}/"));
    }

    @Test
    void closedPageIsNotServed() throws Exception {
        Files.writeString(page(), "page");
        LivePage live = LivePage.serve(page());
        live.close();
        live.close();
        assertThatThrownBy(() -> get(live.address())).isInstanceOf(IOException.class);
    }
}
