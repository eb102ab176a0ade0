package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.RunEvent;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the service gets. */
@Timeout(300)
class ReportPortalAggregatorTest {
    private static final Instant START = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final SystemInfo SYSTEM = new SystemInfo("vm-1", "lab", "host-7", Map.of());

    @TempDir
    Path directory;

    private FakePortal portal;

    @BeforeEach
    void startPortal() throws IOException {
        portal = new FakePortal();
    }

    @AfterEach
    void closePortal() {
        portal.close();
    }

    private ReportPortalAggregator open(ReportPortalOptions options) {
        return ReportPortalAggregator.open(directory.resolve("spool"), Portals.project(portal.endpoint()), options);
    }

    private ReportPortalOptions options() {
        return Portals.options();
    }

    private TestArtifacts artifacts() throws IOException {
        return TestArtifacts.below(directory);
    }

    private static TestRecord record(String test, TestEnd end) {
        return TestRecord.of("debian-12", test, end).withTimes(START, Duration.ofSeconds(10));
    }

    /** Sends one attempt. */
    private FakePortal.Item send(ReportPortalOptions options, TestRecord record, Artifacts artifacts) {
        try (ReportPortalAggregator aggregator = open(options)) {
            aggregator.ingest(record, artifacts);
        }
        assertThat(portal.violations()).isEmpty();
        return portal.tests().getLast();
    }

    private List<String> messages(FakePortal.Item item) {
        return portal.logs(item).stream()
                .map(log -> log.level() + " " + log.message())
                .toList();
    }

    private static List<String> attributes(JsonNode json) {
        return json.path("attributes").values().stream()
                .map(one ->
                        one.path("key").asString("") + "=" + one.path("value").asString(""))
                .toList();
    }

    @Test
    void launchHasNameDescriptionAndAttributes() {
        send(
                options()
                        .withLaunch("nightly")
                        .withDescription("of **today**")
                        .withAttributes(Map.of("build", "kernel-6.1"))
                        .withDebugMode(),
                record("/a", TestEnd.exited(0)),
                Artifacts.none());

        JsonNode start = portal.launches().getFirst().start;
        assertThat(start.path("name").asString("")).isEqualTo("nightly");
        assertThat(start.path("description").asString("")).isEqualTo("of **today**");
        assertThat(start.path("mode").asString("")).isEqualTo("DEBUG");
        assertThat(start.path("startTime").asLong(0)).isEqualTo(START.toEpochMilli());
        assertThat(attributes(start)).containsExactly("build=kernel-6.1");
        assertThat(directory.resolve("spool")).as("the spool after all is sent").isEmptyDirectory();
    }

    @Test
    void testHasASuiteTimesAndAttributes() {
        PlainTest test = TestCase.named("/net/dns")
                .withTags(Set.of("quick", "net"))
                .withComponents(Set.of("bind"))
                .withGroup("servers");
        TestRecord record = TestRecord.of("debian-12", test, TestEnd.exited(0))
                .withTimes(START, Duration.ofSeconds(10))
                .withSystem(SYSTEM, 1);

        FakePortal.Item item = send(options(), record, Artifacts.none());

        assertThat(attributes(item.start))
                .containsExactly(
                        "platform=debian-12",
                        "system=vm-1",
                        "host=host-7",
                        "tag=net",
                        "tag=quick",
                        "component=bind",
                        "group=servers");
        FakePortal.Item suite = portal.item("debian-12");
        assertThat(suite.start.path("type").asString("")).isEqualTo("SUITE");
        assertThat(item.parent).isEqualTo(suite.start.path("uuid").asString(""));
        assertThat(item.start.path("startTime").asLong(0)).isEqualTo(START.toEpochMilli());
        assertThat(item.finish.path("endTime").asLong(0))
                .isEqualTo(START.plusSeconds(10).toEpochMilli());
        assertThat(item.status()).isEqualTo("PASSED");
    }

    @Test
    void withoutSuitesTestsAreInTheLaunch() {
        assertThat(send(options().withoutSuites(), record("/a", TestEnd.exited(0)), Artifacts.none()).parent)
                .isNull();
    }

    @Test
    void outcomesBecomeStatuses() {
        Map<Outcome, String> expected = Map.of(
                Outcome.PASSED, "PASSED",
                Outcome.FAILED, "FAILED",
                Outcome.ERROR, "FAILED",
                Outcome.TIMED_OUT, "FAILED",
                Outcome.SKIPPED, "SKIPPED",
                Outcome.LOST, "INTERRUPTED",
                Outcome.SETUP_FAILED, "INTERRUPTED",
                Outcome.CANCELLED, "CANCELLED",
                Outcome.NOT_RUN, "SKIPPED");
        try (ReportPortalAggregator aggregator = open(options())) {
            for (Outcome outcome : Outcome.values()) {
                aggregator.ingest(record("/" + outcome, TestEnd.of(outcome, null)), Artifacts.none());
            }
        }
        assertThat(portal.violations()).isEmpty();
        for (Outcome outcome : Outcome.values()) {
            assertThat(portal.item("/" + outcome).status()).as("%s", outcome).isEqualTo(expected.get(outcome));
        }
        JsonNode lost = portal.item("/LOST").finish.path("issue");
        assertThat(lost.path("issueType").asString("")).as("from the settings").isEqualTo("si_own");
        assertThat(portal.item("/SKIPPED")
                        .finish
                        .path("issue")
                        .path("issueType")
                        .asString(""))
                .isEqualTo("NOT_ISSUE");
        assertThat(portal.requests().stream().filter(call -> call.endsWith("/settings")))
                .as("the settings are read once")
                .hasSize(1);
    }

    @Test
    void systemIssueCanBeGiven() {
        FakePortal.Item item = send(
                options().withSystemIssue("si_given"),
                record("/a", TestEnd.of(Outcome.LOST, "no route")),
                Artifacts.none());

        assertThat(item.finish.path("issue").path("issueType").asString("")).isEqualTo("si_given");
        assertThat(item.finish.path("issue").path("comment").asString("")).contains("no route");
        assertThat(portal.requests()).noneMatch(call -> call.contains("settings"));
    }

    @Test
    void testThatNeverStartedIsSkippedWithTheReason() {
        FakePortal.Item item = send(
                options(), TestRecord.notRun("debian-12", "/never", "no system has a tape drive"), Artifacts.none());

        assertThat(item.status()).isEqualTo("SKIPPED");
        assertThat(item.finish.path("description").asString("")).contains("no system has a tape drive");
        assertThat(messages(item)).singleElement().asString().contains("not run: no system has a tape drive");
    }

    @Test
    void attemptsBecomeRetriesInTheirOrder() {
        TestRecord first = record("/flaky", TestEnd.exited(1)).withAttempt(1, false);
        TestRecord second =
                record("/flaky", TestEnd.exited(0)).withAttempt(2, true).withCause(AttemptCause.RERUN);
        try (ReportPortalAggregator aggregator = open(options())) {
            aggregator.ingest(first, Artifacts.none());
            aggregator.ingest(second, Artifacts.none());
        }

        assertThat(portal.violations()).isEmpty();
        List<FakePortal.Item> tests = portal.tests();
        assertThat(tests).extracting(FakePortal.Item::status).containsExactly("FAILED", "PASSED");
        assertThat(tests.get(0).start.has("retry")).isFalse();
        assertThat(tests.get(1).start.path("retry").asBoolean(false)).isTrue();
        assertThat(tests.get(1).start.path("retryOf"))
                .isEqualTo(tests.get(0).start.path("uuid"));
        assertThat(tests.get(1).start.path("testCaseId"))
                .isEqualTo(tests.get(0).start.path("testCaseId"));
        assertThat(tests.get(1).finish.path("description").asString("")).isEqualTo("attempt 2 (RERUN)");
    }

    @Test
    void partsBecomeNestedSteps() throws IOException {
        Artifacts artifacts = artifacts()
                .results("""
                        {"status":"pass","name":"setup"}
                        {"status":"pass","name":"phase/one","note":"fine"}
                        {"status":"fail","name":"phase/two","note":"broken","files":["log.txt"]}
                        {"status":"warn","name":"phase"}
                        {"name":"deep"}
                        {"status":"skip","name":"deep/er"}
                        {"status":"fail","note":"one of 4"}
                        """)
                .file("phase/two/log.txt", "stack trace")
                .artifacts();

        FakePortal.Item test = send(options(), record("/parts", TestEnd.exited(1)), artifacts);

        assertThat(portal.item("setup").status()).isEqualTo("PASSED");
        assertThat(portal.item("one").status()).isEqualTo("PASSED");
        assertThat(portal.item("two").status()).isEqualTo("FAILED");
        assertThat(portal.item("phase").status())
                .as("its own result, reported last")
                .isEqualTo("WARN");
        assertThat(portal.item("er").status()).isEqualTo("SKIPPED");
        assertThat(portal.item("deep").status()).isEqualTo("INFO");
        assertThat(portal.item("two").parent)
                .isEqualTo(portal.item("phase").start.path("uuid").asString(""));
        assertThat(portal.item("er").parent)
                .isEqualTo(portal.item("deep").start.path("uuid").asString(""));
        assertThat(portal.item("setup").start.path("hasStats").asBoolean(true)).isFalse();
        assertThat(messages(portal.item("two"))).containsExactly("ERROR fail: broken", "ERROR log.txt:\nstack trace");
        assertThat(messages(test)).containsExactly("ERROR one of 4");
    }

    @Test
    void stepsAboveAResultHaveTheWorstStatus() throws IOException {
        Artifacts artifacts = artifacts().results("""
                        {"status":"pass","name":"a/b/c"}
                        {"status":"fail","name":"a/b/d"}
                        {"status":"pass","name":"a/e"}
                        """).artifacts();

        send(options(), record("/worst", TestEnd.exited(1)), artifacts);

        assertThat(portal.item("b").status()).isEqualTo("FAILED");
        assertThat(portal.item("a").status()).isEqualTo("FAILED");
        assertThat(portal.item("e").status()).isEqualTo("PASSED");
    }

    @Test
    void smallTextsAreShownAndOtherFilesAttached() throws IOException {
        Artifacts artifacts = artifacts()
                .results("{\"status\":\"fail\",\"files\":[\"output.txt\",\"big.txt\",\"core.bin\",\"none.txt\"]}\n")
                .file("output.txt", "\u001b[31mred\u001b[0m \u0007 bell")
                .file("big.txt", "x".repeat(100) + "\nlast line of many")
                .file("core.bin", new byte[200])
                .file("empty.txt", "")
                .artifacts();
        Files.createSymbolicLink(artifacts.files().resolve("link"), Path.of("/etc/passwd"));

        FakePortal.Item test = send(options().withInlineBytes(50), record("/files", TestEnd.exited(1)), artifacts);

        List<FakePortal.Log> logs = portal.logs(test);
        assertThat(messages(test))
                .containsExactly(
                        "ERROR output.txt:\nred \ufffd bell",
                        "INFO big.txt (118 bytes)",
                        "INFO core.bin (200 bytes)",
                        "INFO empty.txt: empty",
                        "WARN files not sent, as they are missing, unreadable or not regular files:\nnone.txt\nlink",
                        "ERROR exit code 1");
        assertThat(logs.get(1).fileBytes()).isEqualTo(118);
        assertThat(logs.get(1).fileStart()).endsWith("last line of many");
        assertThat(logs.get(2).fileBytes()).isEqualTo(200);
    }

    @Test
    void outputOfAFailureThatIsAttachedShowsItsLastLines() throws IOException {
        Artifacts artifacts = artifacts()
                .file("output.txt", "x".repeat(100) + "\nAssertionError: 1 is not 2")
                .artifacts();

        FakePortal.Item test = send(options().withInlineBytes(50), record("/long", TestEnd.exited(1)), artifacts);

        assertThat(messages(test).getFirst())
                .startsWith("ERROR output.txt (127 bytes); it ends with")
                .endsWith("AssertionError: 1 is not 2");
    }

    @Test
    void largerTextsAreCutInTheMiddleAndOtherFilesLeftOut() throws IOException {
        Artifacts artifacts = artifacts()
                .file("big.txt", "é".repeat(5_000))
                .file("core.bin", new byte[5_000])
                .artifacts();

        FakePortal.Item test = send(
                options().withInlineBytes(50).withAttachmentBytes(2_001),
                record("/large", TestEnd.exited(0)),
                artifacts);

        FakePortal.Log text = portal.logs(test).getFirst();
        assertThat(text.message()).isEqualTo("big.txt (10000 bytes, of which 8000 in the middle were not sent)");
        assertThat(text.fileStart())
                .startsWith("ééé")
                .endsWith("ééé")
                .contains("\n[8000 of 10000 bytes were left out here]\n")
                .doesNotContain("\ufffd");
        assertThat(messages(test))
                .contains("WARN core.bin: not sent, as its 5000 bytes are more than the limit of 2001");
    }

    @Test
    void hostileNamesAreCutAndCleaned() {
        String smile = "\ud83d\ude00";
        FakePortal.Item item =
                send(options(), record("\u0000/a\n" + smile.repeat(600), TestEnd.exited(0)), Artifacts.none());

        assertThat(item.name())
                .startsWith("\ufffd/a " + smile)
                .endsWith(smile + "…")
                .hasSizeLessThanOrEqualTo(1024);
        send(options(), record("\n", TestEnd.of(Outcome.FAILED, "half \ud83d of \u0000")), Artifacts.none());
        FakePortal.Item blank = portal.tests().getLast();
        assertThat(blank.name()).isEqualTo("(no name)");
        assertThat(messages(blank)).containsExactly("ERROR half \ufffd of \ufffd");
    }

    @Test
    void knownFailureIsAWarning() {
        KnownFailure known = KnownFailure.of("/known", "the network team", LocalDate.of(2030, 1, 1), "bug 4711");
        FakePortal.Item item =
                send(options(), record("/known", TestEnd.exited(1)).withKnown(known), Artifacts.none());

        assertThat(item.status()).isEqualTo("FAILED");
        assertThat(messages(item))
                .singleElement()
                .asString()
                .startsWith("WARN ")
                .contains("the network team");
    }

    @Test
    void itemsAppearWhenTheirTestsStart() throws Exception {
        SystemInfo system = SystemInfo.named("vm-1");
        PlainTest test = TestCase.named("/live");
        try (ReportPortalAggregator aggregator = open(options())) {
            aggregator.on(new RunEvent.RunStarted(stamp(1), List.of(test), "debian-12"));
            aggregator.on(RunEvent.TestStarted.of(stamp(2), test, system));
            portal.awaitTests(1);
            assertThat(portal.tests().getFirst().status()).isEqualTo("IN_PROGRESS");
            assertThat(portal.tests().getFirst().start.path("startTime").asLong(0))
                    .isEqualTo(START.plusSeconds(2).toEpochMilli());
            aggregator.ingest(record("/live", TestEnd.exited(0)).withSystem(system, 1), Artifacts.none());
            aggregator.flush();
            assertThat(portal.tests().getFirst().status()).isEqualTo("PASSED");
            aggregator.on(RunEvent.TestStarted.of(stamp(3), TestCase.named("/lost"), system));
            aggregator.on(RunEvent.TestStarted.of(stamp(4), test, system).withAttempt(1));
        }

        assertThat(portal.violations()).isEmpty();
        assertThat(portal.tests()).hasSize(2);
        assertThat(portal.item("/lost").status()).as("no result came").isEqualTo("INTERRUPTED");
    }

    private static RunEvent.Stamp stamp(long number) {
        return new RunEvent.Stamp("run-1", number, START.plusSeconds(number));
    }

    @Test
    void earlierAttemptWithoutResultsIsInterruptedBeforeTheNextOne() {
        PlainTest test = TestCase.named("/again");
        try (ReportPortalAggregator aggregator = open(options())) {
            aggregator.on(new RunEvent.RunStarted(stamp(1), List.of(test), "debian-12"));
            aggregator.on(RunEvent.TestStarted.of(stamp(2), test, SYSTEM));
            aggregator.on(RunEvent.TestStarted.of(stamp(3), test, SYSTEM).withAttempt(2));
            aggregator.ingest(record("/again", TestEnd.exited(0)).withAttempt(2, true), Artifacts.none());
            aggregator.flush();
            assertThat(portal.tests()).extracting(FakePortal.Item::status).containsExactly("INTERRUPTED", "PASSED");
        }
        assertThat(portal.violations()).isEmpty();
    }

    @Test
    void rerunNamesTheEarlierLaunch() {
        UUID earlier = UUID.randomUUID();
        send(options().withRerunOf(earlier), record("/a", TestEnd.exited(0)), Artifacts.none());

        JsonNode start = portal.launches().getFirst().start;
        assertThat(start.path("rerun").asBoolean(false)).isTrue();
        assertThat(start.path("rerunOf").asString("")).isEqualTo(earlier.toString());
    }

    @Test
    void itemsNeverStartBeforeTheLaunch() {
        try (ReportPortalAggregator aggregator = open(options())) {
            aggregator.on(new RunEvent.RunStarted(stamp(60), List.of(), "debian-12"));
            aggregator.ingest(record("/skewed", TestEnd.exited(0)), Artifacts.none());
        }

        assertThat(portal.violations()).isEmpty();
        assertThat(portal.item("/skewed").start.path("startTime").asLong(0))
                .isEqualTo(START.plusSeconds(60).toEpochMilli());
    }

    @Test
    void spoolHasOneAggregatorAtATime() {
        try (ReportPortalAggregator first = open(options())) {
            assertThat(first.launch()).isEmpty();
            assertThatThrownBy(() -> open(options()))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("spool");
        }
        assertThat(portal.requests()).as("calls without results").isEmpty();
    }
}
