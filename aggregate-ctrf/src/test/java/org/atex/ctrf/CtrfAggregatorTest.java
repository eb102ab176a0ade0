package org.atex.ctrf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
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
class CtrfAggregatorTest {
    private static final Instant START = Instant.parse("2026-05-04T10:00:00Z");

    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("ctrf.json");
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
    void failedTestHasAllItsData() throws Exception {
        TestCase test = TestCase.named("/net/dns/resolve")
                .withTags(Set.of("slow", "net"))
                .withComponents(Set.of("bind"))
                .withGroup("dns")
                .withSource(new TestSource("net/dns.fmf", 12));
        TestRecord record = TestRecord.of("debian-12", test, TestEnd.exited(3))
                .withTimes(START, Duration.ofMillis(1500))
                .withSystem(new SystemInfo("vm-1", "pool", "10.0.0.1", Map.of()), 2);
        try (CtrfAggregator aggregator = CtrfAggregator.open(
                file(),
                CtrfOptions.defaults()
                        .withSources("tests")
                        .withEnvironment(Map.of("appVersion", "1.2", "buildNumber", "7", "kernel", "6.1")))) {
            aggregator.ingest(
                    record,
                    artifacts()
                            .results("""
                            {"name":"lookup","status":"fail","note":"no answer","files":["dump.pcap"]}
                            {"name":"cache","status":"pass"}
                            {"status":"fail","files":["output.txt"]}
                            """)
                            .file("lookup/dump.pcap", new byte[] {0, 1})
                            .file("output.txt", "\u001b[31mred\u001b[0m line\nlast line\n")
                            .file("core.html", "<script>")
                            .artifacts());
        }
        Report.validate(file());
        Report report = Report.read(file());
        JsonNode shown = report.test("/net/dns/resolve");

        assertThat(text(shown, "status")).isEqualTo("failed");
        assertThat(shown.path("duration").asLong()).isEqualTo(1500);
        assertThat(shown.path("start").asLong()).isEqualTo(START.toEpochMilli());
        assertThat(shown.path("stop").asLong()).isEqualTo(START.toEpochMilli() + 1500);
        assertThat(text(shown, "message")).isEqualTo("exit code 3");
        assertThat(text(shown, "trace")).isEqualTo("fail lookup: no answer\nred line\nlast line");
        assertThat(texts(shown.path("stdout"))).containsExactly("red line", "last line");
        assertThat(texts(shown.path("suite"))).containsExactly("debian-12", "net", "dns");
        assertThat(texts(shown.path("tags"))).containsExactly("net", "slow");
        assertThat(text(shown, "filePath")).isEqualTo("tests/net/dns.fmf");
        assertThat(shown.path("line").asInt()).isEqualTo(12);
        assertThat(text(shown, "threadId")).isEqualTo("vm-1, slot 2");
        assertThat(text(shown.path("extra"), "host")).isEqualTo("10.0.0.1");
        assertThat(shown.path("steps").valueStream().map(step -> text(step, "name") + " " + text(step, "status")))
                .containsExactly("lookup failed", "cache passed");
        assertThat(shown.path("attachments").valueStream().map(one -> text(one, "name") + " " + text(one, "path")))
                .containsExactly(
                        "lookup/dump.pcap ctrf-files/1/1-lookup_dump.pcap.bin",
                        "output.txt ctrf-files/1/2-output.txt",
                        "core.html ctrf-files/1/3-core.html.txt");
        assertThat(directory.resolve("ctrf-files/1/2-output.txt")).content().contains("last line");
        assertThat(text(report.environment(), "appVersion")).isEqualTo("1.2");
        assertThat(report.environment().path("buildNumber").asInt()).isEqualTo(7);
        assertThat(text(report.environment().path("extra"), "kernel")).isEqualTo("6.1");
    }

    @Test
    void flakyTestHasItsRetries() throws Exception {
        try (CtrfAggregator aggregator = CtrfAggregator.open(file())) {
            aggregator.ingest(
                    record("/flaky", TestEnd.exited(1)).withAttempt(1, false),
                    artifacts().file("output.txt", "first try\n").artifacts());
            aggregator.ingest(
                    record("/flaky", TestEnd.exited(0)).withAttempt(2, true).withCause(AttemptCause.RERUN),
                    Artifacts.none());
            aggregator.ingest(record("/bad-host", TestEnd.exited(1)).withAttempt(1, false), Artifacts.none());
            aggregator.ingest(
                    record("/bad-host", TestEnd.exited(0))
                            .withAttempt(2, true)
                            .withCause(AttemptCause.HOST_QUARANTINED),
                    Artifacts.none());
        }
        Report.validate(file());
        Report report = Report.read(file());
        JsonNode flaky = report.test("/flaky");

        assertThat(text(flaky, "status")).isEqualTo("passed");
        assertThat(flaky.path("flaky").asBoolean()).isTrue();
        assertThat(flaky.path("retries").asInt()).isEqualTo(1);
        JsonNode first = flaky.path("retryAttempts").get(0);
        assertThat(first.path("attempt").asInt()).isEqualTo(1);
        assertThat(text(first, "status")).isEqualTo("failed");
        assertThat(text(first, "message")).isEqualTo("exit code 1");
        assertThat(texts(first.path("stdout"))).containsExactly("first try");
        assertThat(report.test("/bad-host").path("flaky").asBoolean())
                .as("the failure says nothing about the test")
                .isFalse();
        assertThat(report.summary().path("tests").asInt()).isEqualTo(2);
        assertThat(report.summary().path("flaky").asInt()).isEqualTo(1);
    }

    @Test
    void outcomesAreCounted() throws Exception {
        Map<Outcome, String> expected = new EnumMap<>(Map.of(
                Outcome.PASSED, "passed",
                Outcome.FAILED, "failed",
                Outcome.ERROR, "failed",
                Outcome.TIMED_OUT, "failed",
                Outcome.SKIPPED, "skipped",
                Outcome.LOST, "failed",
                Outcome.SETUP_FAILED, "failed",
                Outcome.CANCELLED, "other",
                Outcome.NOT_RUN, "pending"));
        KnownFailure known = KnownFailure.of("/known", "team", LocalDate.of(2030, 1, 1), "issue 1");
        try (CtrfAggregator aggregator = CtrfAggregator.open(file())) {
            for (Outcome outcome : Outcome.values()) {
                TestRecord record = record("/" + outcome, TestEnd.of(outcome, "why"));
                aggregator.ingest(outcome == Outcome.NOT_RUN ? record.withAttempt(0, true) : record, Artifacts.none());
            }
            aggregator.ingest(record("/known", TestEnd.exited(1)).withKnown(known), Artifacts.none());
        }
        Report.validate(file());
        Report report = Report.read(file());

        expected.forEach((outcome, status) -> assertThat(text(report.test("/" + outcome), "status"))
                .as("%s", outcome)
                .isEqualTo(status));
        assertThat(text(report.test("/known"), "status")).isEqualTo("other");
        assertThat(text(report.test("/known"), "rawStatus")).isEqualTo("failed");
        assertThat(text(report.test("/known"), "message"))
                .isEqualTo("known failure until 2030-01-01, owner: team: issue 1; exit code 1");
        JsonNode summary = report.summary();
        assertThat(List.of("tests", "passed", "failed", "skipped", "pending", "other"))
                .extracting(key -> summary.path(key).asInt())
                .containsExactly(10, 1, 5, 1, 1, 2);
        assertThat(summary.path("start").asLong()).isEqualTo(START.toEpochMilli());
        assertThat(summary.path("stop").asLong()).isEqualTo(START.toEpochMilli() + 1500);
    }

    @Test
    void hostileTextsAreValid() throws Exception {
        String huge = "/huge/" + "x".repeat(1 << 20);
        List<String> names = List.of("\ud800 lone", "a\u0000\u0007b\u001b[31m\n]]>", " ", "ok 1 # SKIP", huge);
        try (CtrfAggregator aggregator = CtrfAggregator.open(file())) {
            for (String name : names) {
                byte[] output = "bytes \u00ff\u00fe\u0080 that are no UTF-8\n".getBytes(StandardCharsets.ISO_8859_1);
                aggregator.ingest(
                        record(name, TestEnd.of(Outcome.FAILED, name + " failed")),
                        artifacts()
                                .results(
                                        "{\"name\":\"]]>\\ud800\\u0000\",\"status\":\"a word\",\"files\":[\"../x\"]}\n")
                                .file("output.txt", output)
                                .artifacts());
            }
        }
        Report.validate(file());
        Report report = Report.read(file());

        assertThat(report.names()).containsExactly("\ufffd lone", names.get(1), " ", "ok 1 # SKIP", huge);
        for (JsonNode test : report.tests()) {
            assertThat(text(test, "message").length()).isLessThanOrEqualTo(1000);
            assertThat(text(test, "trace"))
                    .contains(
                            "a word ]]>\ufffd\ufffd", "file not stored", "bytes \ufffd\ufffd\ufffd that are no UTF-8");
        }
    }

    @Test
    void emptyReportIsValid() throws Exception {
        CtrfAggregator.open(file()).close();

        Report.validate(file());
        assertThat(Report.read(file()).tests()).isEmpty();
    }

    @Test
    void fileIsCompleteBeforeTheEnd() throws Exception {
        try (CtrfAggregator aggregator = CtrfAggregator.open(file())) {
            aggregator.ingest(record("/a", TestEnd.exited(0)), Artifacts.none());
            aggregator.flush();
            assertThat(Report.read(file()).names()).containsExactly("/a");
        }
    }

    @Test
    void secondWriterIsRefused() {
        try (CtrfAggregator first = CtrfAggregator.open(file())) {
            assertThatThrownBy(() -> CtrfAggregator.open(file()))
                    .as("a second writer beside %s", first)
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining(file().toString())
                    .hasMessageContaining("wait until it ends, or choose another file");
        }
    }

    @Test
    void otherFileIsRefused() throws Exception {
        Files.writeString(file(), "{}");

        assertThatThrownBy(() -> CtrfAggregator.open(file()))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("it is not empty");
        assertThat(file()).hasContent("{}");
    }

    @Test
    void resumedRunAddsAttempts() throws Exception {
        CtrfAggregator killed = CtrfAggregator.open(file());
        killed.ingest(
                record("/a", TestEnd.exited(1)).withAttempt(1, false),
                artifacts().file("output.txt", "one").artifacts());
        assertThat(Files.copy(file().resolveSibling("ctrf.json.journal"), directory.resolve("journal")))
                .exists();
        killed.close();
        Files.delete(file());
        Files.move(directory.resolve("journal"), file().resolveSibling("ctrf.json.journal"));

        assertThat(CtrfAggregator.recover(file())).isTrue();
        assertThat(Report.read(file()).names()).containsExactly("/a");
        try (CtrfAggregator next =
                CtrfAggregator.open(file(), CtrfOptions.defaults().withResume())) {
            next.ingest(
                    record("/a", TestEnd.exited(0)).withAttempt(1, true),
                    artifacts().file("output.txt", "two").artifacts());
        }
        Report.validate(file());
        JsonNode test = Report.read(file()).test("/a");
        assertThat(test.path("flaky").asBoolean()).isTrue();
        assertThat(text(test.path("attachments").get(0), "path")).isEqualTo("ctrf-files/2/1-output.txt");
        assertThat(directory.resolve("ctrf-files/2/1-output.txt")).hasContent("two");
        assertThat(CtrfAggregator.recover(file())).as("the file is closed").isFalse();
    }

    @Test
    void filesAreLeftOutOnRequest() throws Exception {
        try (CtrfAggregator aggregator = CtrfAggregator.open(
                file(), CtrfOptions.defaults().withoutFiles().withLastLines(0))) {
            aggregator.ingest(
                    record("/a", TestEnd.exited(1)),
                    artifacts().file("output.txt", "text\n").artifacts());
        }
        JsonNode test = Report.read(file()).test("/a");
        assertThat(test.has("attachments")).isFalse();
        assertThat(test.has("stdout")).isFalse();
        assertThat(directory.resolve("ctrf-files")).doesNotExist();
    }

    @Test
    void invalidEnvironmentIsRefused() {
        CtrfOptions options = CtrfOptions.defaults();

        assertThatThrownBy(() -> options.withEnvironment(Map.of("buildNumber", "7a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the property buildNumber of the environment must be an integer, not '7a'; use buildName"
                        + " for other values");
        assertThatThrownBy(() -> options.withEnvironment(Map.of("healthy", "yes")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("true or false, not 'yes'");
        assertThatThrownBy(() -> options.withLastLines(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }
}
