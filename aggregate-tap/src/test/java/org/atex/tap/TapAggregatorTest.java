package org.atex.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(500)
class TapAggregatorTest {
    private static final Instant START = Instant.parse("2026-05-04T10:00:00Z");

    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("results.tap");
    }

    private TestArtifacts artifacts() throws Exception {
        return TestArtifacts.below(directory);
    }

    private static TestRecord record(String test, TestEnd end) {
        return TestRecord.of("debian-12", test, end).withTimes(START, Duration.ofMillis(1500));
    }

    private static String text(JsonNode node, String key) {
        return node.path(key).asString("");
    }

    private static List<String> texts(JsonNode list) {
        return list.valueStream().map(node -> node.asString("")).toList();
    }

    @Test
    void failedTestHasItsPartsAndDiagnostic() throws Exception {
        TestCase test = TestCase.named("/net/dns")
                .withTags(Set.of("slow", "net"))
                .withSource(new TestSource("net/dns.fmf", 12));
        try (TapAggregator aggregator =
                TapAggregator.open(file(), TapOptions.defaults().withSources("tests"))) {
            aggregator.ingest(
                    TestRecord.of("debian-12", test, TestEnd.exited(3))
                            .withTimes(START, Duration.ofMillis(1500))
                            .withSystem(new SystemInfo("vm-1", "pool", "10.0.0.1", Map.of()), 2),
                    artifacts()
                            .results("""
                            {"name":"lookup","status":"fail","note":"no \\"answer\\" \\\\ # TODO"}
                            {"name":"cache","status":"pass"}
                            {"name":"ipv6","status":"skip","note":"no ipv6"}
                            """)
                            .file("output.txt", "\u001b[31mred\u001b[0m line\nlast: line\n")
                            .artifacts());
        }
        Parsed parsed = Parsed.read(file());
        JsonNode diagnostic = parsed.point("debian-12: /net/dns").path("diag");

        assertThat(parsed.problems()).isEmpty();
        assertThat(parsed.isAccepted()).isFalse();
        assertThat(parsed.point("debian-12: /net/dns").path("ok").asBoolean()).isFalse();
        assertThat(text(diagnostic, "message")).isEqualTo("exit code 3");
        assertThat(parsed.point("debian-12: /net/dns").path("time").asInt()).isEqualTo(1500);
        assertThat(text(diagnostic.path("at"), "file")).isEqualTo("tests/net/dns.fmf");
        assertThat(diagnostic.path("at").path("line").asInt()).isEqualTo(12);
        assertThat(text(diagnostic, "system")).isEqualTo("vm-1");
        assertThat(texts(diagnostic.path("tags"))).containsExactly("net", "slow");
        assertThat(texts(diagnostic.path("details"))).containsExactly("fail lookup: no \"answer\" \\ # TODO");
        assertThat(texts(diagnostic.path("output"))).containsExactly("red line", "last: line");
        List<JsonNode> parts = parsed.parts("debian-12: /net/dns");
        assertThat(parts).extracting(part -> text(part, "name")).containsExactly("lookup", "cache", "ipv6");
        assertThat(parts).extracting(part -> part.path("ok").asBoolean()).containsExactly(false, true, true);
        assertThat(text(parts.getFirst().path("diag"), "message")).isEqualTo("no \"answer\" \\ # TODO");
        assertThat(text(parts.getLast(), "skip")).isEqualTo("no ipv6");
    }

    @Test
    void outcomesAreUnderstood() throws Exception {
        KnownFailure known = KnownFailure.of("/known", "team", LocalDate.of(2030, 1, 1), "issue #1");
        try (TapAggregator aggregator = TapAggregator.open(file())) {
            for (Outcome outcome : Outcome.values()) {
                TestRecord record = record("/" + outcome, TestEnd.of(outcome, "why #5"));
                aggregator.ingest(outcome == Outcome.NOT_RUN ? record.withAttempt(0, true) : record, Artifacts.none());
            }
            aggregator.ingest(
                    record("/known", TestEnd.exited(1)).withKnown(known),
                    artifacts()
                            .results("{\"name\":\"part\",\"status\":\"fail\"}\n")
                            .artifacts());
        }
        Parsed parsed = Parsed.read(file());

        assertThat(parsed.problems()).isEmpty();
        for (Outcome outcome : Outcome.values()) {
            JsonNode point = parsed.point("debian-12: /" + outcome);
            assertThat(point.path("ok").asBoolean())
                    .as("%s", outcome)
                    .isEqualTo(outcome == Outcome.PASSED || outcome == Outcome.SKIPPED);
        }
        assertThat(text(parsed.point("debian-12: /SKIPPED"), "skip")).isEqualTo("why #5");
        assertThat(text(parsed.point("debian-12: /known"), "todo"))
                .isEqualTo("known failure until 2030-01-01, owner: team: issue #1");
        assertThat(parsed.results().path("count").asInt()).isEqualTo(10);
        assertThat(parsed.results().path("fail").asInt()).isEqualTo(8);
        assertThat(parsed.results().path("todo").asInt()).isEqualTo(1);
        assertThat(parsed.results().path("skip").asInt()).isEqualTo(1);
    }

    @Test
    void knownFailureAndFailedPartOfAPassedTestAreAccepted() throws Exception {
        KnownFailure known = KnownFailure.of("/known", "team", LocalDate.of(2030, 1, 1), "");
        try (TapAggregator aggregator = TapAggregator.open(file())) {
            String failed = "{\"name\":\"part\",\"status\":\"fail\"}\n{\"name\":\"ok\",\"status\":\"pass\"}\n";
            aggregator.ingest(
                    record("/known", TestEnd.exited(1)).withKnown(known),
                    artifacts().results(failed).artifacts());
            aggregator.ingest(
                    record("/passed", TestEnd.exited(0)),
                    artifacts().results(failed).artifacts());
            aggregator.ingest(record("/flaky", TestEnd.exited(1)).withAttempt(1, false), Artifacts.none());
            aggregator.ingest(
                    record("/flaky", TestEnd.exited(0)).withAttempt(2, true).withCause(AttemptCause.RERUN),
                    Artifacts.none());
        }
        Parsed parsed = Parsed.read(file());

        assertThat(parsed.problems()).isEmpty();
        assertThat(parsed.isAccepted()).as(Files.readString(file())).isTrue();
        JsonNode flaky = parsed.point("debian-12: /flaky").path("diag");
        assertThat(flaky.path("flaky").asBoolean()).isTrue();
        assertThat(texts(flaky.path("earlier_attempts"))).containsExactly("attempt 1, failed: exit code 1");
    }

    @Test
    void hostileTextsAreRead() throws Exception {
        String huge = "/huge/" + "x".repeat(1 << 20);
        List<String> names = List.of(
                "\ud800 lone",
                "a\u0000\u0007b\u001b[31m\n]]>",
                " ",
                "ok 1 # SKIP",
                "1..0",
                "Bail out!",
                "back\\slash \\# hash",
                "...",
                "--- {",
                huge);
        try (TapAggregator aggregator = TapAggregator.open(file())) {
            for (String name : names) {
                byte[] output = "  ...\nok 7 \u00ff\u00fe\u0080 no UTF-8\n1..0\nBail out!\n---\n"
                        .getBytes(StandardCharsets.ISO_8859_1);
                aggregator.ingest(
                        record(name, TestEnd.of(Outcome.FAILED, name + " failed")),
                        artifacts()
                                .results(
                                        "{\"name\":\"]]>\\ud800\\u0000\\n1..1\",\"status\":\"a word\",\"note\":\"...\"}\n")
                                .file("output.txt", output)
                                .artifacts());
            }
        }
        Parsed parsed = Parsed.read(file());

        assertThat(parsed.problems()).isEmpty();
        assertThat(parsed.points())
                .extracting(point -> text(point, "name"))
                .containsExactly(
                        "debian-12: \ufffd lone",
                        "debian-12: a\ufffd\ufffdb ]]>",
                        "debian-12:",
                        "debian-12: ok 1 # SKIP",
                        "debian-12: 1..0",
                        "debian-12: Bail out!",
                        "debian-12: back\\slash \\# hash",
                        "debian-12: ...",
                        "debian-12: --- {.",
                        "debian-12: " + huge);
        assertThat(parsed.points())
                .allSatisfy(point -> assertThat(texts(point.path("diag").path("output")))
                        .containsExactly("  ...", "ok 7 \ufffd\ufffd\ufffd no UTF-8", "1..0", "Bail out!", "---"));
        assertThat(parsed.results().path("fail").asInt()).isEqualTo(names.size());
    }

    @Test
    void perlReadsTheFile() throws Exception {
        TapOptions options = TapOptions.defaults().withVersion(13);
        try (TapAggregator aggregator = TapAggregator.open(file(), options)) {
            aggregator.ingest(
                    record("/a # b \\", TestEnd.exited(0)),
                    artifacts()
                            .results("{\"name\":\"part\",\"status\":\"pass\"}\n")
                            .artifacts());
            aggregator.ingest(record("/skipped", TestEnd.of(Outcome.SKIPPED, "why")), Artifacts.none());
            aggregator.ingest(
                    record("/failed", TestEnd.exited(1)),
                    artifacts().file("output.txt", "a \"line\" \\ \t\n...\n").artifacts());
        }
        Path output = directory.resolve("output");
        String script = """
                use TAP::Parser; binmode STDOUT, ':utf8';
                my $parser = TAP::Parser->new({source => $ARGV[0]});
                while (my $result = $parser->next) {
                    print join('|', $result->number, $result->is_ok ? 'ok' : 'not ok', $result->description,
                        $result->directive), "\\n" if $result->is_test;
                    print 'message: ', $result->data->{message}, "\\n" if $result->is_yaml && $result->data->{message};
                    print 'output: ', join('|', @{$result->data->{output}}), "\\n"
                        if $result->is_yaml && $result->data->{output};
                }
                print 'errors: ', join(', ', $parser->parse_errors), "\\n";
                """;
        Process process = new ProcessBuilder("perl", "-e", script, file().toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();

        assertThat(process.waitFor()).as(Files.readString(output)).isZero();
        assertThat(Files.readAllLines(output))
                .containsExactly(
                        "1|ok|- debian-12: /a \\# b \\\\|",
                        "2|ok|- debian-12: /skipped|SKIP",
                        "message: why",
                        "3|not ok|- debian-12: /failed|",
                        "message: exit code 1",
                        "output: a \"line\" \\|...",
                        "errors: ");
    }

    @Test
    void streamIsWrittenAsTestsEnd() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TapAggregator aggregator = TapAggregator.to(out);
        aggregator.ingest(record("/a", TestEnd.exited(1)).withAttempt(1, false), Artifacts.none());
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("TAP version 14\n# debian-12: /a, attempt 1, failed: exit code 1; it runs again\n");
        aggregator.ingest(
                record("/a", TestEnd.exited(0)).withAttempt(2, true).withCause(AttemptCause.RERUN), Artifacts.none());
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("\nok 1 - debian-12: /a\n")
                .doesNotContain("1..1");
        aggregator.close();
        Files.write(file(), out.toByteArray());

        Parsed parsed = Parsed.read(file());
        assertThat(parsed.problems()).isEmpty();
        assertThat(parsed.isAccepted()).isTrue();
        assertThat(parsed.point("debian-12: /a").path("diag").path("flaky").asBoolean())
                .isTrue();
    }

    @Test
    void streamThatFailsIsReported() throws Exception {
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        TapAggregator aggregator = TapAggregator.to(broken);
        Artifacts artifacts = artifacts().artifacts();

        assertThatThrownBy(() -> aggregator.ingest(record("/a", TestEnd.exited(0)), artifacts))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("/a")
                .hasMessageContaining("Broken pipe");
        assertThat(artifacts.directory()).exists();
        assertThatThrownBy(aggregator::close)
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("Broken pipe");
    }

    @Test
    void runThatDoesNotEndBailsOut() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        RunEvent.Stamp stamp = new RunEvent.Stamp("run", 1, START);
        RunEvent started = new RunEvent.RunStarted(stamp, List.of(), "debian-12");
        try (TapAggregator aggregator = TapAggregator.open(file());
                TapAggregator stream = TapAggregator.to(out)) {
            aggregator.on(started);
            stream.on(started);
            aggregator.ingest(record("/a", TestEnd.exited(0)), Artifacts.none());
            stream.ingest(record("/a", TestEnd.exited(0)), Artifacts.none());
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("\nBail out! the run has not come to its end\n");
        Parsed parsed = Parsed.read(file());
        assertThat(parsed.isAccepted()).isFalse();
        assertThat(text(parsed.results(), "bailout")).isEqualTo("the run has not come to its end");

        Path other = directory.resolve("other.tap");
        try (TapAggregator aggregator = TapAggregator.open(other)) {
            aggregator.on(started);
            aggregator.on(new RunEvent.RunEnded(stamp, new RunSummary(List.of(), List.of(), Duration.ZERO)));
        }
        assertThat(Parsed.read(other).isAccepted()).isTrue();
    }

    @Test
    void secondWriterIsRefused() {
        try (TapAggregator first = TapAggregator.open(file())) {
            assertThatThrownBy(() -> TapAggregator.open(file()))
                    .as("a second writer beside %s", first)
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining(file().toString())
                    .hasMessageContaining("wait until it ends, or choose another file");
        }
    }

    @Test
    void emptyReportIsAccepted() throws Exception {
        TapAggregator.open(file()).close();

        assertThat(file()).hasContent("TAP version 14\n1..0 # SKIP no tests\n");
        assertThat(Parsed.read(file()).isAccepted()).isTrue();
    }

    @Test
    void invalidOptionsAreRefused() {
        TapOptions options = TapOptions.defaults();

        assertThatThrownBy(() -> options.withVersion(12))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the version of TAP must be 13 or 14, not 12");
        assertThatThrownBy(() -> options.withLastLines(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
