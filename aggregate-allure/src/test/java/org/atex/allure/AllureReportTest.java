package org.atex.allure;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Generates reports with Allure 2, and compares their data with the results. */
@Timeout(300)
class AllureReportTest {
    private static final Instant START = Instant.parse("2026-05-04T10:00:00Z");

    @TempDir
    Path directory;

    private Path results;
    private AllureAggregator aggregator;

    @BeforeEach
    void open() {
        results = directory.resolve("allure-results");
        aggregator = AllureAggregator.open(
                results, AllureOptions.defaults().withEnvironment(Map.of("build", "4711 äöü", "a key", "=\n#")));
    }

    private Report report() throws Exception {
        aggregator.close();
        return Report.generate(results, directory.resolve("report"));
    }

    private static TestRecord record(String test, TestEnd end) {
        return TestRecord.of("debian-12", test, end).withTimes(START, Duration.ofSeconds(3));
    }

    private static TestRecord attempt(int number, boolean last, TestEnd end) {
        return record("/net/dns", end)
                .withAttempt(number, last)
                .withTimes(START.plusSeconds(10L * number), Duration.ofSeconds(1));
    }

    private TestArtifacts artifacts() throws Exception {
        return TestArtifacts.below(directory);
    }

    private static String status(JsonNode node) {
        return Results.text(node, "status");
    }

    @Test
    void flakyTestIsShownAsFlakyWithItsRetries() throws Exception {
        aggregator.ingest(
                attempt(1, false, TestEnd.exited(1)),
                artifacts().file("output.txt", "first\n").artifacts());
        aggregator.ingest(
                attempt(2, false, TestEnd.of(Outcome.LOST, "no answer for 60 s"))
                        .withCause(AttemptCause.RERUN),
                Artifacts.none());
        aggregator.ingest(
                attempt(3, true, TestEnd.exited(0)).withCause(AttemptCause.RERUN),
                artifacts().file("output.txt", "third\n").artifacts());
        Report report = report();

        JsonNode shown = report.shown("/net/dns");
        assertThat(status(shown)).isEqualTo("passed");
        assertThat(shown.path("flaky").asBoolean()).isTrue();
        assertThat(Results.text(shown, "statusMessage")).isEqualTo("flaky, failed in attempt 1");
        assertThat(report.content(shown.path("testStage"), "output.txt")).isEqualTo("third\n");
        assertThat(report.retries("/net/dns"))
                .containsExactly("broken: infrastructure: no answer for 60 s", "failed: exit code 1");
        assertThat(report.cases()).hasSize(3);
        assertThat(report.widget("summary").path("statistic").path("total").asInt())
                .isEqualTo(1);
    }

    @Test
    void attemptsOfTheSameMillisecondKeepTheirOrder() throws Exception {
        for (int i = 1; i <= 5; i++) {
            TestRecord record =
                    attempt(i, i == 5, TestEnd.exited(i == 5 ? 0 : i)).withTimes(START, Duration.ZERO);
            aggregator.ingest(record, Artifacts.none());
        }
        Report report = report();

        assertThat(status(report.shown("/net/dns"))).isEqualTo("passed");
        assertThat(report.retries("/net/dns"))
                .containsExactly(
                        "failed: exit code 4", "failed: exit code 3", "failed: exit code 2", "failed: exit code 1");
    }

    @Test
    void outcomesAreShownWithTheirReasons() throws Exception {
        Map<Outcome, String> expected = Map.of(
                Outcome.PASSED, "passed: why",
                Outcome.FAILED, "failed: why",
                Outcome.ERROR, "broken: why",
                Outcome.TIMED_OUT, "broken: time limit: why",
                Outcome.SKIPPED, "skipped: why",
                Outcome.LOST, "broken: infrastructure: why",
                Outcome.SETUP_FAILED, "broken: infrastructure: why",
                Outcome.CANCELLED, "skipped: cancelled: why",
                Outcome.NOT_RUN, "skipped: not run: why");
        for (Outcome outcome : Outcome.values()) {
            TestRecord record = record("/" + outcome, TestEnd.of(outcome, "why"));
            aggregator.ingest(outcome == Outcome.NOT_RUN ? record.withAttempt(0, true) : record, Artifacts.none());
        }
        Report report = report();

        for (Outcome outcome : Outcome.values()) {
            JsonNode shown = report.shown("/" + outcome);
            assertThat(status(shown) + ": " + Results.text(shown, "statusMessage"))
                    .as("%s", outcome)
                    .isEqualTo(expected.get(outcome));
        }
        assertThat(categories(report))
                .containsExactlyInAnyOrder(
                        "Infrastructure: 2", "Time limits: 1", "Not run: 2", "Product defects: 1", "Test defects: 1");
        JsonNode statistic = report.widget("summary").path("statistic");
        assertThat(statistic.path("broken").asInt()).isEqualTo(4);
        assertThat(statistic.path("skipped").asInt()).isEqualTo(3);
    }

    private static List<String> categories(Report report) throws Exception {
        return report.widget("categories")
                .path("items")
                .valueStream()
                .map(item -> {
                    JsonNode statistic = item.path("statistic");
                    return Results.text(item, "name") + ": "
                            + statistic.path("total").asInt();
                })
                .toList();
    }

    @Test
    void knownFailureIsMutedWithItsOwnerAndDate() throws Exception {
        KnownFailure known = KnownFailure.of("/net/*", "the network team", LocalDate.of(2027, 1, 31), "issue 4711");
        aggregator.ingest(record("/net/dns", TestEnd.exited(1)).withKnown(known), Artifacts.none());
        JsonNode result = Results.one(results);
        Report report = report();

        assertThat(result.path("statusDetails").path("known").asBoolean()).isTrue();
        assertThat(result.path("statusDetails").path("muted").asBoolean()).isTrue();
        assertThat(Results.text(report.shown("/net/dns"), "statusMessage"))
                .isEqualTo("known failure until 2027-01-31, owner: the network team: issue 4711; exit code 1");
        assertThat(categories(report)).containsExactly("Known failures: 1");
    }

    @Test
    void subtestsAreStepsWithTheirAttachments() throws Exception {
        Artifacts left = artifacts()
                .results("""
                        {"status": "pass", "name": "part/one", "note": "fine", "files": ["log"]}
                        {"status": "fail", "name": "two", "note": "1 is not 2", "files": ["shot.png", "deep/er.json"]}
                        {"status": "warn", "name": "three"}
                        {"status": "skip", "name": "four", "note": "no tape"}
                        {"status": "strange", "name": "five"}
                        {"name": "six"}
                        {"status": "info", "note": "half-way"}
                        {"status": "fail", "note": "3 of 6", "files": ["output.txt"]}
                        """)
                .file("part/one/log", "all is well\n")
                .file("two/shot.png", new byte[] {(byte) 0x89, 'P', 'N', 'G', 0})
                .file("two/deep/er.json", "{}")
                .file("output.txt", "the output\n")
                .file("unlisted/core", new byte[] {0x7f, 'E', 'L', 'F', 0})
                .artifacts();
        aggregator.ingest(record("/net/dns", TestEnd.exited(1)), left);
        Report report = report();

        JsonNode shown = report.shown("/net/dns");
        JsonNode stage = shown.path("testStage");
        JsonNode steps = stage.path("steps");
        assertThat(steps.valueStream()
                        .map(step -> status(step) + " " + Results.text(step, "name") + ": "
                                + Results.text(step, "statusMessage")))
                .containsExactly(
                        "passed part/one: fine",
                        "failed two: 1 is not 2",
                        "failed three: warn",
                        "skipped four: no tape",
                        "broken five: strange",
                        "unknown six: ",
                        "passed /net/dns: info: half-way");
        assertThat(report.content(steps.path(0), "log")).isEqualTo("all is well\n");
        assertThat(types(steps.path(1))).containsExactly("shot.png: image/png", "deep/er.json: application/json");
        assertThat(report.content(stage, "output.txt")).isEqualTo("the output\n");
        assertThat(types(stage)).containsExactly("output.txt: text/plain", "unlisted/core: application/octet-stream");
        assertThat(Results.text(shown, "statusMessage")).isEqualTo("3 of 6");
        assertThat(Results.text(shown, "statusTrace")).isEqualTo("fail two: 1 is not 2\nwarn three\nstrange five");
        assertThat(left.directory()).doesNotExist();
    }

    private static List<String> types(JsonNode node) {
        return node.path("attachments")
                .valueStream()
                .map(attachment -> Results.text(attachment, "name") + ": " + Results.text(attachment, "type"))
                .toList();
    }

    @Test
    void propertiesOfTestAndSystemAreShown() throws Exception {
        TestCase test = TestCase.named("/net/ip/v6")
                .withTags(Set.of("slow", "net"))
                .withComponents(Set.of("kernel"))
                .withGroup("nightly")
                .withSource(new TestSource("net/main.fmf", 12));
        TestRecord record = TestRecord.of("debian-12", test, TestEnd.exited(0))
                .withTimes(START, Duration.ofMillis(1234))
                .withSystem(new SystemInfo("vm-1", "lab", "host.example", Map.of()), 2);
        aggregator.ingest(record, Artifacts.none());
        Report report = report();

        JsonNode shown = report.shown("/net/ip/v6");
        assertThat(Results.text(shown, "fullName")).isEqualTo("debian-12:/net/ip/v6");
        assertThat(shown.path("time").path("start").asLong()).isEqualTo(START.toEpochMilli());
        assertThat(shown.path("time").path("duration").asLong()).isEqualTo(1234);
        assertThat(Results.pairs(shown.path("labels")))
                .contains(
                        "framework=atex",
                        "parentSuite=debian-12",
                        "suite=net/ip",
                        "host=vm-1",
                        "thread=slot 2",
                        "tag=net",
                        "tag=slow",
                        "feature=kernel",
                        "epic=nightly");
        assertThat(Results.pairs(shown.path("parameters")))
                .contains(
                        "platform=debian-12",
                        "system=vm-1",
                        "host=host.example",
                        "attempt=1",
                        "source=net/main.fmf:12");
        assertThat(report.widget("environment")
                        .valueStream()
                        .map(one -> Results.text(one, "name") + "="
                                + one.path("values").path(0).asString()))
                .containsExactlyInAnyOrder("build=4711 äöü", "a key==\n#");
        JsonNode suites = report.data("suites");
        assertThat(Results.text(suites.path("children").path(0), "name")).isEqualTo("debian-12");
        assertThat(Results.text(suites.path("children").path(0).path("children").path(0), "name"))
                .isEqualTo("net/ip");
    }

    @Test
    void testsOfSeveralPlatformsAreKeptApart() throws Exception {
        aggregator.ingest(TestRecord.of("a", "/same", TestEnd.exited(0)), Artifacts.none());
        aggregator.ingest(TestRecord.of("b", "/same", TestEnd.exited(1)), Artifacts.none());
        Report report = report();

        assertThat(report.widget("summary").path("statistic").path("total").asInt())
                .isEqualTo(2);
    }

    @Test
    void secondRunThatDidNotStartATestKeepsItsResult() throws Exception {
        aggregator.ingest(record("/a", TestEnd.exited(0)), Artifacts.none());
        aggregator.ingest(record("/b", TestEnd.exited(1)), Artifacts.none());
        aggregator.close();
        aggregator = AllureAggregator.open(results, AllureOptions.defaults().withResume());
        aggregator.ingest(TestRecord.notRun("debian-12", "/a", "it is late"), Artifacts.none());
        aggregator.ingest(
                record("/b", TestEnd.exited(0)).withTimes(START.plusSeconds(60), Duration.ZERO), Artifacts.none());
        Report report = report();

        assertThat(status(report.shown("/a"))).isEqualTo("passed");
        assertThat(report.retries("/a")).containsExactly("skipped: not run: it is late");
        assertThat(status(report.shown("/b"))).isEqualTo("passed");
        assertThat(report.retries("/b")).containsExactly("failed: exit code 1");
    }

    @Test
    void hostileTextIsShownAsItIs() throws Exception {
        String note =
                "\u0000\u0001\u001b[31mred\u001b[0m </script><script>alert(1)</script> \ufffe \ud83d\ude00 \r\n\t\"\\";
        aggregator.ingest(record("/esc\u001b[1m/\u0007", TestEnd.of(Outcome.FAILED, note)), Artifacts.none());
        aggregator.ingest(record("/half", TestEnd.of(Outcome.FAILED, "a \ud800 b \udc00")), Artifacts.none());
        Report report = report();

        assertThat(Results.text(report.shown("/esc\u001b[1m/\u0007"), "statusMessage"))
                .isEqualTo(note);
        assertThat(Results.text(report.shown("/half"), "statusMessage")).isEqualTo("a \ufffd b \ufffd");
    }
}
