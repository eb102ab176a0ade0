package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.PlainTest;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.reportportal.FakePortal.Fault;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs, with an orchestrator. */
@Timeout(300)
class WholeRunTest {
    @TempDir
    Path directory;

    private RunSummary run(ReportPortalAggregator aggregator) throws Exception {
        FakeExecutors executors = FakeExecutors.running(Map.of("/bad", FakeRun.failing(Duration.ZERO)));
        List<TestCase> tests = List.of(TestCase.named("/good"), TestCase.named("/bad"), TestCase.named("/fine"));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(aggregator)
                        .listener(aggregator)
                        .reruns(RerunPolicy.maxReruns(1))
                        .build()) {
            return run.run();
        }
    }

    @Test
    void runIsSentWithItsReruns() throws Exception {
        try (FakePortal portal = new FakePortal()) {
            RunSummary summary;
            try (var aggregator = ReportPortalAggregator.open(
                    directory.resolve("spool"), Portals.project(portal.endpoint()), Portals.options())) {
                summary = run(aggregator);
            }

            assertThat(summary.problems()).isEmpty();
            assertThat(portal.violations()).isEmpty();
            assertThat(portal.repeated()).as("repeated calls").isZero();
            assertThat(portal.tests())
                    .extracting(FakePortal.Item::name)
                    .containsExactlyInAnyOrder("/good", "/bad", "/bad", "/fine");
            List<FakePortal.Item> bad = portal.tests().stream()
                    .filter(item -> item.name().equals("/bad"))
                    .toList();
            assertThat(bad).extracting(FakePortal.Item::status).containsOnly("FAILED");
            assertThat(bad.get(1).start.path("retryOf"))
                    .isEqualTo(bad.get(0).start.path("uuid"));
        }
    }

    @Test
    void attemptThatStartsWhileTheOneBeforeIsIngestedIsItsRetry() throws Exception {
        try (FakePortal portal = new FakePortal();
                ExecutorService threads = Executors.newSingleThreadExecutor()) {
            try (var aggregator = ReportPortalAggregator.open(
                    directory.resolve("spool"), Portals.project(portal.endpoint()), Portals.options())) {
                RunEvent.Stamp stamp = new RunEvent.Stamp("run", 1, Instant.now());
                aggregator.on(new RunEvent.RunStarted(stamp, List.of(), "p"));
                for (int i = 0; i < 200; i++) {
                    PlainTest test = TestCase.named("/t" + i);
                    RunEvent.TestStarted start = RunEvent.TestStarted.of(stamp, test, SystemInfo.named("s"));
                    TestRecord first = TestRecord.of("p", test, TestEnd.exited(1));
                    CyclicBarrier both = new CyclicBarrier(2);
                    Future<?> events = threads.submit(() -> {
                        both.await();
                        aggregator.on(start);
                        aggregator.on(start.withAttempt(2));
                        return null;
                    });
                    both.await();
                    aggregator.ingest(first.withAttempt(1, false), Artifacts.none());
                    events.get();
                    aggregator.ingest(first.withAttempt(2, true), Artifacts.none());
                }
            }
            assertThat(portal.violations()).isEmpty();
            assertThat(portal.tests()).hasSize(400);
            assertThat(portal.tests().stream()
                            .filter(item -> item.start.path("retry").asBoolean(false))
                            .map(item -> item.start.path("retryOf").asString("")))
                    .as("the attempts before the second ones")
                    .hasSize(200)
                    .doesNotContain("");
        }
    }

    @Test
    void serviceThatRefusesTheTokenIsAProblemOfTheRunOnly() throws Exception {
        try (FakePortal portal = new FakePortal()) {
            portal.fail(request -> Fault.UNAUTHORIZED);
            Path spool = directory.resolve("spool");
            RunSummary summary;
            try (var aggregator =
                    ReportPortalAggregator.open(spool, Portals.project(portal.endpoint()), Portals.options())) {
                summary = run(aggregator);
                assertThat(summary.problems())
                        .anySatisfy(problem -> assertThat(problem.toString())
                                .contains("create a new API key")
                                .doesNotContain(FakePortal.TOKEN));
                portal.fail(request -> Fault.NONE);
            } catch (AggregationException e) {
                assertThat(e).hasMessageContaining("create a new API key");
            }
            int unused = ReportPortalAggregator.resend(spool, Portals.project(portal.endpoint()), Portals.options());

            assertThat(portal.violations()).isEmpty();
            assertThat(portal.tests()).hasSize(4);
        }
    }
}
