package org.atex.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.After;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.ReportedResult;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.Status;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The SDK of OpenTelemetry receives the spans and metrics of a run. */
@Timeout(180)
class TelemetryListenerTest {
    private static final Instant BEGIN = Instant.parse("2026-01-02T03:04:05Z");
    private static final SystemInfo SYSTEM = new SystemInfo("one", "lab", "host-1", Map.of("arch", "s390x"));

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final InMemoryMetricReader reader = InMemoryMetricReader.create();
    private final OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                    .build())
            .setMeterProvider(
                    SdkMeterProvider.builder().registerMetricReader(reader).build())
            .build();
    private final TelemetryListener listener = TelemetryListener.of(sdk, "nightly");
    private int events;

    @AfterEach
    void close() {
        sdk.close();
    }

    private RunEvent.Stamp at(int second) {
        return new RunEvent.Stamp("run-1", ++events, BEGIN.plusSeconds(second));
    }

    private SpanData span(String name) {
        return exporter.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no span " + name + " in " + exporter.getFinishedSpanItems()));
    }

    private MetricData metric(String name) {
        return reader.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static String text(SpanData span, String key) {
        return span.getAttributes().get(AttributeKey.stringKey(key));
    }

    private static Instant time(long nanos) {
        return Instant.ofEpochSecond(0, nanos);
    }

    private static TestRecord record(int attempt, boolean last, TestEnd end) {
        return TestRecord.of("fedora", TestCase.named("/net/ping"), end)
                .withTimes(BEGIN.plusSeconds(30), Duration.ofSeconds(12))
                .withAttempt(attempt, last)
                .withSystem(SYSTEM, 1);
    }

    private void begin() {
        listener.on(new RunEvent.RunStarted(at(0), List.of(TestCase.named("/net/ping")), "fedora"));
        listener.on(new RunEvent.SystemReady(at(20), SYSTEM, Duration.ofSeconds(18), Duration.ofSeconds(3)));
        listener.on(RunEvent.TestStarted.of(at(30), TestCase.named("/net/ping"), SYSTEM));
    }

    private void end(RunSummary summary) {
        listener.on(new RunEvent.SystemGone(at(50), SYSTEM, "nothing is left to do"));
        listener.on(new RunEvent.RunEnded(at(60), summary));
    }

    @Test
    void spansHaveTheTimesAndNamesOfTheRun() {
        begin();
        Excerpt excerpt = new Excerpt(
                List.of(ReportedResult.of(Status.FAIL, "no answer", List.of()).withName("/ipv6")), List.of());
        listener.on(new RunEvent.TestFinished(at(42), record(1, true, TestEnd.exited(1)), excerpt));
        end(new RunSummary(List.of(), List.of(), Duration.ofSeconds(60)));

        SpanData run = span("RUN nightly");
        assertThat(run.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(time(run.getStartEpochNanos())).isEqualTo(BEGIN);
        assertThat(time(run.getEndEpochNanos())).isEqualTo(BEGIN.plusSeconds(60));
        assertThat(text(run, "cicd.pipeline.run.id")).isEqualTo("run-1");
        assertThat(text(run, "cicd.pipeline.result")).isEqualTo("success");
        assertThat(text(run, "test.suite.run.status")).isEqualTo("success");

        SpanData system = span("one");
        assertThat(system.getParentSpanId()).isEqualTo(run.getSpanId());
        assertThat(time(system.getStartEpochNanos()))
                .as("since it was asked for")
                .isEqualTo(BEGIN.plusSeconds(2));
        assertThat(time(system.getEndEpochNanos())).isEqualTo(BEGIN.plusSeconds(50));
        assertThat(text(system, "host.name")).isEqualTo("host-1");
        assertThat(text(system, "atex.label.arch")).isEqualTo("s390x");
        assertThat(time(span("provision one").getEndEpochNanos())).isEqualTo(BEGIN.plusSeconds(20));

        SpanData test = span("/net/ping");
        assertThat(test.getParentSpanId()).isEqualTo(system.getSpanId());
        assertThat(time(test.getStartEpochNanos())).isEqualTo(BEGIN.plusSeconds(30));
        assertThat(time(test.getEndEpochNanos())).isEqualTo(BEGIN.plusSeconds(42));
        assertThat(text(test, "test.case.name")).isEqualTo("/net/ping");
        assertThat(text(test, "test.case.result.status")).isEqualTo("fail");
        assertThat(text(test, "cicd.pipeline.task.run.result")).isEqualTo("failure");
        assertThat(text(test, "cicd.worker.name")).isEqualTo("one");
        assertThat(test.getAttributes().get(AttributeKey.longKey("process.exit.code")))
                .isEqualTo(1);
        assertThat(test.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(test.getStatus().getDescription()).isEqualTo("exit code 1");
        assertThat(test.getEvents()).singleElement().satisfies(event -> {
            assertThat(event.getName()).isEqualTo("failed part");
            assertThat(event.getAttributes().get(AttributeKey.stringKey("atex.part.name")))
                    .isEqualTo("/ipv6");
            assertThat(event.getAttributes().get(AttributeKey.stringKey("message")))
                    .isEqualTo("no answer");
        });
    }

    @Test
    void eventThatIsSentAgainIsNoFurtherAttempt() {
        begin();
        listener.on(new RunEvent.TestFinished(at(42), record(1, false, TestEnd.exited(1)), Excerpt.none()));
        listener.on(new RunEvent.TestFinished(at(43), record(1, true, TestEnd.exited(1)), Excerpt.none()));
        end(new RunSummary(List.of(), List.of(), Duration.ofSeconds(60)));
        assertThat(exporter.getFinishedSpanItems())
                .filteredOn(span -> span.getName().equals("/net/ping"))
                .hasSize(1);
    }

    @Test
    void metricsTellDurationsAndBusySystems() {
        begin();
        assertThat(workers("busy")).isEqualTo(1);
        assertThat(workers("available")).isZero();
        listener.on(new RunEvent.TestFinished(at(42), record(1, true, TestEnd.exited(0)), Excerpt.none()));
        assertThat(workers("busy")).isZero();
        assertThat(workers("available")).isEqualTo(1);
        end(new RunSummary(List.of(), List.of(), Duration.ofSeconds(60)));
        assertThat(workers("available")).isZero();
        assertThat(sum("cicd.pipeline.run.duration")).isEqualTo(60);
        assertThat(sum("atex.test.duration")).isEqualTo(12);
        assertThat(sum("atex.system.ready.duration")).isEqualTo(18);
    }

    private long workers(String state) {
        return metric("cicd.worker.count").getLongSumData().getPoints().stream()
                .filter(point -> state.equals(point.getAttributes().get(AttributeKey.stringKey("cicd.worker.state"))))
                .mapToLong(point -> point.getValue())
                .sum();
    }

    private double sum(String name) {
        return metric(name).getHistogramData().getPoints().stream()
                .mapToDouble(point -> point.getSum())
                .sum();
    }

    @Test
    void runOfTheOrchestratorIsOneTraceBelowTheCurrentSpan() throws Exception {
        AtomicInteger flaky = new AtomicInteger();
        FakeExecutors executors = FakeExecutors.running(test -> switch (test.name()) {
            case "/fails" -> FakeRun.failing(Duration.ZERO);
            case "/flaky" ->
                flaky.incrementAndGet() == 1 ? FakeRun.failing(Duration.ZERO) : FakeRun.passing(Duration.ZERO);
            default -> FakeRun.passing(Duration.ZERO);
        });
        List<PlainTest> tests = List.of(
                TestCase.named("/passes"),
                TestCase.named("/fails"),
                TestCase.named("/flaky"),
                TestCase.named("/needs").withAfter(After.passOf("/fails")));
        var outer = sdk.getTracer("test").spanBuilder("outer").startSpan();
        try (Scope scope = outer.makeCurrent();
                FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(2);
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(RecordingAggregator.create())
                        .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED))
                        .listener(TelemetryListener.of(sdk, "suite"))
                        .build()) {
            assertThat(run.run().exitCode()).isEqualTo(1);
        } finally {
            outer.end();
        }
        List<SpanData> spans = exporter.getFinishedSpanItems();
        assertThat(spans)
                .extracting(SpanData::getTraceId)
                .containsOnly(span("outer").getTraceId());
        assertThat(span("RUN suite").getParentSpanId()).isEqualTo(span("outer").getSpanId());
        assertThat(text(span("RUN suite"), "cicd.pipeline.result")).isEqualTo("failure");
        assertThat(spans)
                .filteredOn(span -> span.getName().startsWith("/"))
                .extracting(span -> span.getName() + " " + text(span, "cicd.pipeline.task.run.result"))
                .containsExactlyInAnyOrder(
                        "/passes success",
                        "/fails failure",
                        "/fails failure",
                        "/flaky failure",
                        "/flaky success",
                        "/needs skip");
        assertThat(span("/needs").getParentSpanId()).isEqualTo(span("RUN suite").getSpanId());
    }

    @Test
    void sdkThatDoesNothingIsFine() {
        TelemetryListener silent = TelemetryListener.of(OpenTelemetry.noop(), "suite");
        silent.on(new RunEvent.RunStarted(at(0), List.of(), "fedora"));
        silent.on(new RunEvent.SystemReady(at(1), SYSTEM, Duration.ZERO, Duration.ZERO));
        silent.on(new RunEvent.RunEnded(at(2), new RunSummary(List.of(), List.of(), Duration.ZERO)));
    }

    @Test
    void suiteNeedsAName() {
        assertThatThrownBy(() -> TelemetryListener.of(OpenTelemetry.noop(), " "))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must not be blank");
    }
}
