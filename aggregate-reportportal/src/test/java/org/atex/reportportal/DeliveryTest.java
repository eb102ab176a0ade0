package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.reportportal.FakePortal.Fault;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ManualClock;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** How calls are repeated, given up, and sent later. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class DeliveryTest {
    @TempDir
    Path directory;

    private FakePortal portal;

    @BeforeAll
    static void warmUp(@TempDir Path scratch) throws Exception {
        FakePortal.warmUp(scratch);
    }

    @BeforeEach
    void startPortal() throws IOException {
        portal = new FakePortal();
    }

    @AfterEach
    void closePortal() {
        portal.close();
    }

    private Path spool() {
        return directory.resolve("spool");
    }

    private ReportPortalOptions options() {
        return Portals.options();
    }

    private ReportPortalProject project() {
        return Portals.project(portal.endpoint());
    }

    private static TestRecord record(String test) {
        return TestRecord.of("debian-12", test, TestEnd.exited(1));
    }

    private Artifacts artifacts() throws IOException {
        return TestArtifacts.below(directory)
                .results("{\"status\":\"pass\",\"name\":\"a/b\"}\n{\"status\":\"fail\",\"name\":\"a\"}\n")
                .file("output.txt", "some output")
                .file("more.bin", new byte[70_000])
                .artifacts();
    }

    private void ingest(ReportPortalAggregator aggregator, int tests) throws IOException {
        for (int i = 0; i < tests; i++) {
            aggregator.ingest(record("/t/" + i), artifacts());
        }
    }

    private void assertComplete(int tests) {
        assertThat(portal.violations()).isEmpty();
        assertThat(portal.tests())
                .hasSize(tests)
                .extracting(FakePortal.Item::name)
                .doesNotHaveDuplicates();
        for (FakePortal.Item test : portal.tests()) {
            assertThat(portal.logs(test))
                    .extracting(FakePortal.Log::message)
                    .containsExactly("more.bin (70000 bytes)", "output.txt:\nsome output", "exit code 1");
        }
    }

    private void assertSpoolEmpty() throws IOException {
        try (Stream<Path> entries = Files.list(spool())) {
            assertThat(entries).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void everythingArrivesOnceInSpiteOfFailures(long seed) throws IOException {
        Random random = new Random(seed);
        List<Fault> passing = List.of(
                Fault.TOO_MANY,
                Fault.BROKEN,
                Fault.UNAVAILABLE,
                Fault.EARLY,
                Fault.GARBAGE,
                Fault.CUT_BEFORE,
                Fault.CUT_AFTER,
                Fault.CUT_INSIDE);
        portal.fail(request -> {
            synchronized (random) {
                return random.nextInt(3) > 0 ? Fault.NONE : passing.get(random.nextInt(passing.size()));
            }
        });
        try (var aggregator = ReportPortalAggregator.open(spool(), project(), options())) {
            ingest(aggregator, 12);
        }

        assertComplete(12);
        assertThat(portal.repeated()).as("calls whose answers were lost").isPositive();
        assertSpoolEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"120", "Thu, 01 Jan 2026 00:02:00 GMT"})
    void pauseThatTheServiceAsksForIsKept(String header) throws Exception {
        ManualClock clock = ManualClock.at(Instant.parse("2026-01-01T00:00:00Z"));
        portal.askForPause(header);
        portal.fail(request -> request.number() == 1 ? Fault.TOO_MANY : Fault.NONE);
        ReportPortalOptions options = options().withTuning(options().tuning().withSleeper(clock, clock::sleep));
        try (var aggregator = ReportPortalAggregator.open(spool(), project(), options)) {
            aggregator.ingest(record("/a"), Artifacts.none());
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(119));
            assertThat(portal.requests()).as("calls during the pause").hasSize(1);
            clock.advance(Duration.ofSeconds(1));
            portal.awaitTests(1);
        }
        assertThat(portal.violations()).isEmpty();
    }

    @Test
    void pausesGrowAndAreLimited() throws Exception {
        ManualClock clock = ManualClock.at(Instant.EPOCH);
        List<Duration> pauses = new ArrayList<>();
        Tuning tuning = Tuning.DEFAULT.withSleeper(clock, pause -> {
            pauses.add(pause);
            if (pauses.size() == 9) {
                throw new InterruptedException();
            }
        });
        Courier courier = new Courier(tuning);
        assertThatThrownBy(() -> courier.deliver("call", () -> new Answer.Later("busy", Duration.ZERO)))
                .isInstanceOf(InterruptedException.class);

        for (int i = 0; i < pauses.size(); i++) {
            Duration full = Duration.ofSeconds(Math.min(60, 1L << i));
            assertThat(pauses.get(i)).as("pause %s", i).isBetween(full.dividedBy(2), full);
        }
        assertThat(courier.lastFailure()).isEqualTo("busy");
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"UNAUTHORIZED", "FORBIDDEN", "NO_PROJECT", "REDIRECT"})
    void serviceThatRefusesAllCallsIsNotCalledFurther(Fault fault) throws IOException {
        portal.fail(request -> fault);
        var aggregator = ReportPortalAggregator.open(spool(), project(), options());
        ingest(aggregator, 3);

        assertThatThrownBy(aggregator::flush)
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("could not send the results of 3 attempts")
                .hasMessageContaining("project " + FakePortal.PROJECT + " at " + portal.endpoint())
                .hasMessageContaining("resend")
                .hasMessageNotContaining(FakePortal.TOKEN);
        int calls = portal.requests().size();
        aggregator.ingest(record("/later"), artifacts());
        assertThatThrownBy(aggregator::close).isInstanceOf(AggregationException.class);
        assertThat(portal.requests()).as("calls after the refusal").hasSize(calls);

        portal.fail(request -> Fault.NONE);
        assertThat(ReportPortalAggregator.resend(spool(), project(), options())).isEqualTo(1);
        assertThat(portal.violations()).isEmpty();
        assertThat(portal.tests()).hasSize(4);
        assertSpoolEmpty();
    }

    @Test
    void closeEndsAtItsLimitAndTheRestIsSentLater() throws IOException {
        portal.fail(request -> request.call().startsWith("PUT") ? Fault.UNAVAILABLE : Fault.NONE);
        ReportPortalOptions impatient = options().withLimit(Duration.ofMillis(200));
        var aggregator = ReportPortalAggregator.open(spool(), project(), impatient);
        ingest(aggregator, 3);
        assertThatThrownBy(aggregator::close)
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("not within 0.2s, the last failure was: status 503");
        assertThatThrownBy(() -> ReportPortalAggregator.resend(spool(), project(), impatient))
                .isInstanceOf(AggregationException.class);

        portal.fail(request -> Fault.NONE);
        ReportPortalAggregator.resend(spool(), project(), options());
        assertComplete(3);
        assertSpoolEmpty();
    }

    @Test
    void closeDoesNotWaitForACallThatHangs() throws Exception {
        portal.fail(request -> Fault.HANG);
        var aggregator =
                ReportPortalAggregator.open(spool(), project(), options().withLimit(Duration.ZERO));
        aggregator.ingest(record("/a"), artifacts());
        portal.awaitRequests(1);
        assertThatThrownBy(aggregator::close).isInstanceOf(AggregationException.class);

        portal.fail(request -> Fault.NONE);
        ReportPortalAggregator.resend(spool(), project(), options());
        assertThat(portal.violations()).isEmpty();
    }

    @Test
    void callThatHangsIsRepeated() throws IOException {
        portal.fail(request -> request.number() % 5 == 0 ? Fault.HANG : Fault.NONE);
        ReportPortalOptions options = options().withTuning(options().tuning().withCallWithin(Duration.ofMillis(300)));
        try (var aggregator = ReportPortalAggregator.open(spool(), project(), options)) {
            ingest(aggregator, 2);
        }
        assertComplete(2);
    }

    @Test
    void ingestDoesNotWaitForTheService() throws IOException {
        portal.fail(request -> Fault.HANG);
        var aggregator =
                ReportPortalAggregator.open(spool(), project(), options().withLimit(Duration.ZERO));
        ingest(aggregator, 50);
        assertThat(portal.tests()).isEmpty();
        assertThatThrownBy(aggregator::close).isInstanceOf(AggregationException.class);

        portal.fail(request -> Fault.NONE);
        ReportPortalAggregator.resend(spool(), project(), options());
        assertComplete(50);
    }

    @Test
    void filesThatAreTooLargeBecomeExcerpts() throws IOException {
        portal.fail(request -> request.bytes() > 20_000 ? Fault.TOO_LARGE : Fault.NONE);
        Artifacts artifacts = TestArtifacts.below(directory)
                .file("output.txt", "first\n" + "x".repeat(50_000) + "\nlast")
                .file("core.bin", new byte[50_000])
                .artifacts();
        try (var aggregator = ReportPortalAggregator.open(spool(), project(), options())) {
            aggregator.ingest(record("/a"), artifacts);
        }

        assertThat(portal.violations()).isEmpty();
        List<FakePortal.Log> logs = portal.logs(portal.item("/a"));
        assertThat(logs.get(0).message())
                .isEqualTo("core.bin (50000 bytes)\nReportPortal refused the file: status 413");
        assertThat(logs.get(1).message())
                .contains("ReportPortal refused the file: status 413\nfirst\n")
                .contains(" of 50011 bytes were left out here")
                .endsWith("\nlast");
    }

    @Test
    void groupOfLogsThatIsTooLargeIsSplit() throws IOException {
        portal.fail(request -> request.bytes() > 40_000 ? Fault.TOO_LARGE : Fault.NONE);
        TestArtifacts artifacts = TestArtifacts.below(directory);
        for (int i = 0; i < 10; i++) {
            artifacts.file("log-" + i, "x".repeat(30_000));
        }
        try (var aggregator = ReportPortalAggregator.open(spool(), project(), options())) {
            aggregator.ingest(record("/a"), artifacts.artifacts());
        }

        assertThat(portal.violations()).isEmpty();
        assertThat(portal.logs(portal.item("/a")))
                .filteredOn(log -> log.message().length() > 30_000)
                .as("logs that were sent as they are")
                .hasSize(10);
    }

    @Test
    void refusedItemIsKeptAndReported() throws IOException {
        var aggregator =
                ReportPortalAggregator.open(spool(), project(), options().withoutSuites());
        aggregator.ingest(record("/good"), artifacts());
        aggregator.flush();
        portal.fail(request -> request.call().equals("POST v2/item") ? Fault.BAD_REQUEST : Fault.NONE);
        aggregator.ingest(record("/bad"), artifacts());

        assertThatThrownBy(aggregator::close)
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("1 refusal, the first one: ")
                .hasMessageContaining("/bad")
                .hasMessageContaining("error 4001")
                .hasMessageContaining("refused");
        assertThat(portal.violations()).isEmpty();
        assertThat(portal.tests()).hasSize(1);
        try (Stream<Path> kept = Files.walk(spool().resolve("refused"))) {
            assertThat(kept.map(path -> path.getFileName().toString())).contains("why.json", "calls.jsonl", "files");
        }
    }

    @Test
    void callsThatCannotBeReadDoNotHoldOthers() throws IOException {
        portal.fail(request -> Fault.HANG);
        var aggregator =
                ReportPortalAggregator.open(spool(), project(), options().withLimit(Duration.ZERO));
        ingest(aggregator, 2);
        assertThatThrownBy(aggregator::close).isInstanceOf(AggregationException.class);
        try (Stream<Path> files = Files.walk(spool())) {
            Path broken = files.filter(file -> file.endsWith("calls.jsonl"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
            Files.writeString(broken, "no JSON\n");
        }
        portal.fail(request -> Fault.NONE);

        assertThatThrownBy(() -> ReportPortalAggregator.resend(spool(), project(), options()))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("/t/0")
                .hasMessageContaining("its calls could not be read: it is not JSON");
        assertThat(portal.item("/t/1").status()).isEqualTo("FAILED");
        assertThat(ReportPortalAggregator.resend(spool(), project(), options()))
                .as("the launch is finished")
                .isZero();
    }

    @Test
    void launchOfAnotherProjectIsNotSent() throws IOException {
        portal.fail(request -> Fault.UNAUTHORIZED);
        var aggregator = ReportPortalAggregator.open(spool(), project(), options());
        ingest(aggregator, 1);
        assertThatThrownBy(aggregator::close).isInstanceOf(AggregationException.class);

        ReportPortalProject other = ReportPortalProject.of(portal.endpoint(), "other", FakePortal.TOKEN);
        assertThatThrownBy(() -> ReportPortalAggregator.resend(spool(), other, options()))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("belongs to project " + FakePortal.PROJECT)
                .hasMessageContaining("not to project other");
    }

    @Test
    void tokenIsInNoLogOfAnyLevel() throws IOException {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Level level = root.getLevel();
        ListAppender<ILoggingEvent> events = new ListAppender<>();
        events.start();
        root.addAppender(events);
        root.setLevel(Level.TRACE);
        try {
            portal.fail(request -> request.number() > 9 ? Fault.UNAUTHORIZED : Fault.NONE);
            var aggregator = ReportPortalAggregator.open(spool(), project(), options());
            ingest(aggregator, 3);
            assertThatThrownBy(aggregator::close).isInstanceOf(AggregationException.class);
        } finally {
            root.setLevel(level);
            root.detachAppender(events);
        }
        assertThat(List.copyOf(events.list))
                .as("the HTTP client logs as well")
                .anyMatch(event -> event.getLoggerName().startsWith("org.apache.hc"))
                .allSatisfy(event -> assertThat(event.getFormattedMessage() + event.getThrowableProxy())
                        .doesNotContain(FakePortal.TOKEN));
    }

    @Test
    void tokenIsInNoFileOfTheSpool() throws IOException {
        portal.fail(request -> Fault.UNAUTHORIZED);
        var aggregator = ReportPortalAggregator.open(spool(), project(), options());
        ingest(aggregator, 2);
        assertThatThrownBy(aggregator::close).isInstanceOf(AggregationException.class);

        assertThat(aggregator.toString() + project()).doesNotContain(FakePortal.TOKEN);
        try (Stream<Path> files = Files.walk(spool())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1)).doesNotContain(FakePortal.TOKEN);
            }
        }
    }
}
