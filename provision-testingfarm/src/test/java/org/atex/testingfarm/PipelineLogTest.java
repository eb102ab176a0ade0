package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.atex.testingfarm.FakeTestingFarm.Fault;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
@Timeout(180)
class PipelineLogTest {
    private static final String TEXT = "[a] \u001b[1;32mgrün\u001b[0m\r\n[b] Guest is ready\n\n[c] 日本\n";
    private static final List<String> LINES = List.of("[a] grün", "[b] Guest is ready", "", "[c] 日本");

    private FakeTestingFarm farm;
    private TestingFarmApi api;
    private PipelineLog log;

    @BeforeAll
    static void warmUp() throws Exception {
        FakeTestingFarm.warmUp();
    }

    @BeforeEach
    void open() throws IOException {
        farm = FakeTestingFarm.open();
        api = farm.api().build();
        log = PipelineLog.of(api, farm.uri().resolve("/log"));
    }

    @AfterEach
    void close() {
        api.close();
        farm.close();
    }

    private void serve(int status, byte[] body, String... headers) {
        // The fake sends the text as UTF-8, which gives the same bytes.
        String[] all = headers;
        farm.fault("GET", "/log.*", new Fault.Respond(status, new String(body, StandardCharsets.UTF_8), all));
    }

    private List<String> read(int times) throws InterruptedException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            lines.addAll(log.next());
        }
        return lines;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 1000})
    void piecesMayEndWithinLinesAndCharacters(int size) throws Exception {
        byte[] all = TEXT.getBytes(StandardCharsets.UTF_8);
        List<byte[]> pieces = new ArrayList<>();
        for (int i = 0; i < all.length; i += size) {
            pieces.add(Arrays.copyOfRange(all, i, Math.min(all.length, i + size)));
        }
        farm.scripts(number -> FakeRequest.Script.stuckIn("running").logInPieces(pieces));
        String id = submitted();
        for (boolean ranges : List.of(true, false)) {
            if (!ranges) {
                farm.withoutRanges();
            }
            log = PipelineLog.of(api, farm.uri().resolve("/artifacts/" + id + "/pipeline.log"));
            assertThat(read(pieces.size() + 1)).isEqualTo(LINES);
            assertThat(log.tail()).containsExactly("[a] grün", "[b] Guest is ready", "[c] 日本");
        }
    }

    private String submitted() throws InterruptedException {
        return api.submit(NewRequest.reserving(
                Reservation.builder("Fedora-41").build(),
                new NewRequest.Access(
                        List.of("ssh-rsa AAAA"),
                        List.of("192.0.2.1/32"),
                        java.util.Map.of(),
                        java.time.Duration.ofHours(1))));
    }

    @ParameterizedTest
    @CsvSource({"404", "403", "502", "500", "418"})
    void missingLogHasNoLines(int status) throws Exception {
        serve(status, "<html>line\n</html>".getBytes(StandardCharsets.UTF_8));
        serve(206, "here\n".getBytes(StandardCharsets.UTF_8), "Content-Range", "bytes 0-4/5");

        assertThat(log.next()).isEmpty();
        assertThat(log.next()).containsExactly("here");
    }

    @Test
    void unsatisfiableRangeAddsNoLines() throws Exception {
        serve(206, "one\n".getBytes(StandardCharsets.UTF_8));
        serve(416, new byte[0], "Content-Range", "bytes */4");
        serve(206, "two\n".getBytes(StandardCharsets.UTF_8), "Content-Range", "bytes 4-7/8");

        assertThat(read(3)).containsExactly("one", "two");
        assertThat(farm.received())
                .extracting(FakeTestingFarm.Received::range)
                .endsWith("bytes=0-", "bytes=4-", "bytes=4-");
    }

    @Test
    void overlappingPieceIsNotReadTwice() throws Exception {
        serve(206, "one\n".getBytes(StandardCharsets.UTF_8), "Content-Range", "bytes 0-3/4");
        serve(206, "one\ntwo\n".getBytes(StandardCharsets.UTF_8), "Content-Range", "bytes 0-7/8");
        serve(206, "far\n".getBytes(StandardCharsets.UTF_8), "Content-Range", "bytes 900-903/904");

        assertThat(read(3)).containsExactly("one", "two");
    }

    @Test
    void shorterFileIsReadFromItsBeginning() throws Exception {
        serve(200, "a long line\nanother\n".getBytes(StandardCharsets.UTF_8));
        serve(200, "short\n".getBytes(StandardCharsets.UTF_8));
        serve(416, new byte[0], "Content-Range", "bytes */3");
        serve(206, "new\n".getBytes(StandardCharsets.UTF_8), "Content-Range", "bytes 0-3/4");

        assertThat(read(4)).containsExactly("a long line", "another", "short", "new");
    }

    @Test
    void redirectIsFollowedWithoutToken() throws Exception {
        serve(302, new byte[0], "Location", "/log2");
        serve(200, "there\n".getBytes(StandardCharsets.UTF_8));

        assertThat(log.next()).containsExactly("there");
        assertThat(farm.received()).extracting(FakeTestingFarm.Received::token).containsOnly("");
        assertThat(farm.received().getLast().path()).isEqualTo("/log2");
    }

    @Test
    void redirectLoopEnds() throws Exception {
        Stream.generate(() -> 302).limit(20).forEach(status -> serve(status, new byte[0], "Location", "/log"));

        assertThat(log.next()).isEmpty();
        assertThat(farm.received()).hasSize(4);
    }

    @Test
    void longLineIsSplit() throws Exception {
        serve(200, ("x".repeat(200_000) + "\nend\n").getBytes(StandardCharsets.UTF_8));

        List<String> lines = log.next();
        assertThat(lines).endsWith("end").allMatch(line -> line.length() <= 65_536);
        assertThat(String.join("", lines)).hasSize(200_003);
    }

    @Test
    void compressedFileIsDecompressed() throws Exception {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
            out.write("compressed\n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(PipelineLog.decompress(compressed.toByteArray())).asString().isEqualTo("compressed\n");
    }

    @Test
    void unreachableServerHasNoLines() throws Exception {
        PipelineLog nowhere = PipelineLog.of(api, URI.create("http://localhost:1/pipeline.log"));
        assertThat(nowhere.next()).isEmpty();
    }

    @Test
    void tailHasLastLinesOnly() throws Exception {
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= 100; i++) {
            text.append("line ").append(i).append('\n');
        }
        serve(200, (text + "open").getBytes(StandardCharsets.UTF_8));

        assertThat(log.next()).hasSize(100);
        assertThat(log.tail()).hasSize(21).startsWith("line 81").endsWith("line 100", "open");
    }
}
