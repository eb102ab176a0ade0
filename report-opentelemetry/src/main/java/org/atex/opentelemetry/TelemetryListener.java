package org.atex.opentelemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.AttemptMessage;
import org.jspecify.annotations.Nullable;

/**
 * Sends a run, its systems and its tests as spans and metrics of OpenTelemetry. Names are those of its semantic conventions
 * for tests and CI/CD; other names begin with {@code atex.}.
 *
 * {@snippet :
 * var run = AdHocOrchestrator.builder(tests)
 *         .on(systems)
 *         .with(executors)
 *         .into(results)
 *         .listener(TelemetryListener.of(GlobalOpenTelemetry.get(), "nightly"))
 *         .build();
 * }
 *
 * <p>The span of the run contains those of the systems, from the request until the system is given back. The span of a
 * system contains those of its tests. A test that never started has a span without duration in that of the run. If a span
 * is current when this listener is made, the run belongs to its trace.
 *
 * <p>The SDK of the program sends the spans and metrics, and decides what it does if that fails; a run does not wait for
 * it. The program closes the SDK after the run.
 *
 * <p>Lifecycle: for one run. Systems of a run that ends without giving them back end with the run.
 *
 * <p>Thread safety: receives one event at a time, as a {@link RunListener} does.
 */
public final class TelemetryListener implements RunListener {
    private static final String SCOPE = "org.atex";

    private static final AttributeKey<String> PIPELINE = AttributeKey.stringKey("cicd.pipeline.name");
    private static final AttributeKey<String> RUN_ID = AttributeKey.stringKey("cicd.pipeline.run.id");
    private static final AttributeKey<String> RESULT = AttributeKey.stringKey("cicd.pipeline.result");
    private static final AttributeKey<String> STATE = AttributeKey.stringKey("cicd.pipeline.run.state");
    private static final AttributeKey<String> TASK = AttributeKey.stringKey("cicd.pipeline.task.name");
    private static final AttributeKey<String> TASK_ID = AttributeKey.stringKey("cicd.pipeline.task.run.id");
    private static final AttributeKey<String> TASK_RESULT = AttributeKey.stringKey("cicd.pipeline.task.run.result");
    private static final AttributeKey<String> TASK_TYPE = AttributeKey.stringKey("cicd.pipeline.task.type");
    private static final AttributeKey<String> WORKER = AttributeKey.stringKey("cicd.worker.name");
    private static final AttributeKey<String> WORKER_STATE = AttributeKey.stringKey("cicd.worker.state");
    private static final AttributeKey<String> HOST = AttributeKey.stringKey("host.name");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
    private static final AttributeKey<Long> EXIT_CODE = AttributeKey.longKey("process.exit.code");
    private static final AttributeKey<String> SUITE = AttributeKey.stringKey("test.suite.name");
    private static final AttributeKey<String> SUITE_STATUS = AttributeKey.stringKey("test.suite.run.status");
    private static final AttributeKey<String> CASE = AttributeKey.stringKey("test.case.name");
    private static final AttributeKey<String> CASE_STATUS = AttributeKey.stringKey("test.case.result.status");
    private static final AttributeKey<String> PLATFORM = AttributeKey.stringKey("atex.platform");
    private static final AttributeKey<String> PROVISIONER = AttributeKey.stringKey("atex.provisioner");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("atex.outcome");
    private static final AttributeKey<String> CAUSE = AttributeKey.stringKey("atex.attempt.cause");
    private static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("atex.attempt");
    private static final AttributeKey<Double> SETUP = AttributeKey.doubleKey("atex.system.setup.duration");
    private static final AttributeKey<String> PART = AttributeKey.stringKey("atex.part.name");
    private static final AttributeKey<String> PART_STATUS = AttributeKey.stringKey("atex.part.status");
    private static final AttributeKey<String> MESSAGE = AttributeKey.stringKey("message");

    /** A system that is in the run. */
    private static final class OpenSystem {
        final Span span;
        int running;

        OpenSystem(Span span) {
            this.span = span;
        }
    }

    private final Tracer tracer;
    private final String suite;
    private final Context parent = Context.current();
    private final DoubleHistogram runDuration;
    private final DoubleHistogram testDuration;
    private final DoubleHistogram systemDuration;
    private final LongUpDownCounter workers;
    private final Map<SystemInfo, OpenSystem> systems = new HashMap<>();
    /** The latest attempt of each test that has a span. An event is sent again if a planned attempt is dropped. */
    private final Map<String, Integer> attempts = new HashMap<>();

    private @Nullable Span run;
    private String runId = "";
    private Instant started = Instant.EPOCH;

    private TelemetryListener(OpenTelemetry telemetry, String suite) {
        this.tracer = telemetry.getTracer(SCOPE);
        this.suite = suite;
        Meter meter = telemetry.getMeter(SCOPE);
        this.runDuration = seconds(meter, "cicd.pipeline.run.duration", "Duration of runs by result");
        this.testDuration = seconds(meter, "atex.test.duration", "Duration of attempts at tests by outcome");
        this.systemDuration =
                seconds(meter, "atex.system.ready.duration", "Time from the request of a system until it is ready");
        this.workers = meter.upDownCounterBuilder("cicd.worker.count")
                .setUnit("{count}")
                .setDescription("Number of systems by state")
                .build();
    }

    private static DoubleHistogram seconds(Meter meter, String name, String about) {
        return meter.histogramBuilder(name)
                .setUnit("s")
                .setDescription(about)
                .setExplicitBucketBoundariesAdvice(
                        List.of(0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0))
                .build();
    }

    /**
     * {@return a listener for one run}
     *
     * @param telemetry the API of the SDK that sends the spans and metrics
     * @param suite the name of the suite, which further runs share
     * @throws IllegalArgumentException if the name is blank
     */
    public static TelemetryListener of(OpenTelemetry telemetry, String suite) {
        if (suite.isBlank()) {
            throw new IllegalArgumentException("the name of the suite must not be blank");
        }
        return new TelemetryListener(telemetry, suite);
    }

    @Override
    public void on(RunEvent event) {
        switch (event) {
            case RunEvent.RunStarted begin -> begin(begin);
            case RunEvent.SystemReady ready -> ready(ready);
            case RunEvent.TestStarted test -> move(test.system(), 1);
            case RunEvent.TestFinished finished -> finished(finished);
            case RunEvent.SetupFailed failed -> note("setup failed", failed, failed.system() + ": " + failed.why());
            case RunEvent.HostQuarantined host -> note("host quarantined", host, host.host() + ": " + host.why());
            case RunEvent.Paused paused -> note(paused.why().isEmpty() ? "continued" : "paused", paused, paused.why());
            case RunEvent.Abandoned call -> note("abandoned", call, call.call());
            case RunEvent.SystemGone gone -> gone(gone.system(), gone.at(), gone.why());
            case RunEvent.RunEnded end -> end(end);
            default -> {}
        }
    }

    private void begin(RunEvent.RunStarted begin) {
        started = begin.at();
        runId = begin.stamp().run();
        run = tracer.spanBuilder("RUN " + suite)
                .setParent(parent)
                .setSpanKind(SpanKind.SERVER)
                .setStartTimestamp(started)
                .setAttribute(PIPELINE, suite)
                .setAttribute(RUN_ID, runId)
                .setAttribute(SUITE, suite)
                .setAttribute(PLATFORM, begin.platform())
                .startSpan();
    }

    private Context within(@Nullable Span span) {
        return span == null ? parent : parent.with(span);
    }

    private void note(String name, RunEvent event, String message) {
        if (run != null) {
            run.addEvent(name, Attributes.of(MESSAGE, message), event.at());
        }
    }

    private void ready(RunEvent.SystemReady ready) {
        SystemInfo system = ready.system();
        Instant asked = ready.at().minus(ready.sinceAsked());
        Span span = tracer.spanBuilder(system.name())
                .setParent(within(run))
                .setStartTimestamp(asked)
                .setAttribute(WORKER, system.name())
                .setAttribute(HOST, system.host())
                .setAttribute(PROVISIONER, system.provisioner())
                .setAttribute(SETUP, inSeconds(ready.setup()))
                .startSpan();
        system.labels().forEach((key, value) -> span.setAttribute("atex.label." + key, value));
        Span provisioning = tracer.spanBuilder("provision " + system.name())
                .setParent(within(span))
                .setStartTimestamp(asked)
                .startSpan();
        provisioning.end(ready.at());
        systems.put(system, new OpenSystem(span));
        systemDuration.record(
                inSeconds(ready.sinceAsked()), Attributes.of(PIPELINE, suite, PROVISIONER, system.provisioner()));
        workers.add(1, worker("available"));
    }

    private Attributes worker(String state) {
        return Attributes.of(PIPELINE, suite, WORKER_STATE, state);
    }

    /** Counts the tests that run on a system: it is busy while there is one. */
    private void move(SystemInfo where, int by) {
        OpenSystem system = systems.get(where);
        if (system == null) {
            return;
        }
        boolean wasBusy = system.running > 0;
        system.running += by;
        if (wasBusy != system.running > 0) {
            workers.add(1, worker(wasBusy ? "available" : "busy"));
            workers.add(-1, worker(wasBusy ? "busy" : "available"));
        }
    }

    private void finished(RunEvent.TestFinished finished) {
        TestRecord record = finished.record();
        if (Integer.valueOf(record.attempt()).equals(attempts.put(record.name(), record.attempt()))) {
            return;
        }
        SystemInfo where = record.system();
        OpenSystem system = where == null ? null : systems.get(where);
        Outcome outcome = record.end().outcome();
        boolean isStarted = where != null;
        Instant begin = isStarted ? record.started() : finished.at();
        Span span = tracer.spanBuilder(record.name())
                .setParent(within(system == null ? run : system.span))
                .setStartTimestamp(begin)
                .setAllAttributes(attributes(record))
                .startSpan();
        for (ReportedResult part : finished.excerpt().parts()) {
            AttributesBuilder attributes = Attributes.builder()
                    .put(PART, part.name())
                    .put(
                            PART_STATUS,
                            part.status() == null ? null : part.status().word())
                    .put(MESSAGE, part.note());
            span.addEvent("failed part", attributes.build(), finished.at());
        }
        if (outcome != Outcome.PASSED && outcome != Outcome.SKIPPED) {
            span.setStatus(
                    StatusCode.ERROR,
                    AttemptMessage.of(record, null, finished.excerpt().parts().size()));
        }
        span.end(isStarted ? begin.plus(record.took()) : begin);
        if (where != null) {
            move(where, -1);
            testDuration.record(inSeconds(record.took()), Attributes.of(PIPELINE, suite, OUTCOME, word(outcome)));
        }
    }

    private Attributes attributes(TestRecord record) {
        Outcome outcome = record.end().outcome();
        AttributesBuilder attributes = Attributes.builder()
                .put(CASE, record.name())
                .put(CASE_STATUS, caseStatus(outcome))
                .put(SUITE, suite)
                .put(TASK, record.name())
                .put(TASK_ID, runId + ":" + record.name() + ":" + record.attempt())
                .put(TASK_TYPE, "test")
                .put(TASK_RESULT, result(outcome))
                .put(PLATFORM, record.platform())
                .put(OUTCOME, word(outcome))
                .put(ATTEMPT, record.attempt())
                .put(CAUSE, word(record.cause()));
        SystemInfo system = record.system();
        if (system != null) {
            attributes.put(WORKER, system.name()).put(HOST, system.host());
        }
        Integer exitCode = record.end().exitCode();
        if (exitCode != null) {
            attributes.put(EXIT_CODE, exitCode.longValue());
        }
        if (outcome != Outcome.PASSED && outcome != Outcome.SKIPPED) {
            attributes.put(ERROR, word(outcome));
        }
        return attributes.build();
    }

    private void gone(SystemInfo where, Instant at, String why) {
        OpenSystem system = systems.remove(where);
        if (system != null) {
            workers.add(-1, worker(system.running > 0 ? "busy" : "available"));
            system.span.addEvent("given back", Attributes.of(MESSAGE, why), at);
            system.span.end(at);
        }
    }

    private void end(RunEvent.RunEnded end) {
        for (SystemInfo left : List.copyOf(systems.keySet())) {
            gone(left, end.at(), "the run ended");
        }
        Verdict verdict = end.summary().verdict();
        Attributes result = Attributes.of(PIPELINE, suite, STATE, "executing", RESULT, result(verdict));
        if (verdict != Verdict.PASSED) {
            result = result.toBuilder().put(ERROR, word(verdict)).build();
        }
        runDuration.record(inSeconds(Duration.between(started, end.at())), result);
        if (run == null) {
            return;
        }
        for (Problem problem : end.summary().problems()) {
            note("problem", end, problem.message());
        }
        run.setAttribute(RESULT, result(verdict));
        run.setAttribute(SUITE_STATUS, suiteStatus(verdict));
        if (verdict != Verdict.PASSED) {
            run.setAttribute(ERROR, word(verdict));
            run.setStatus(StatusCode.ERROR, word(verdict));
        }
        run.end(end.at());
    }

    private static double inSeconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static String caseStatus(Outcome outcome) {
        return switch (outcome) {
            case PASSED -> "pass";
            case FAILED, ERROR, TIMED_OUT -> "fail";
            case SKIPPED, LOST, SETUP_FAILED, CANCELLED, NOT_RUN -> word(outcome);
        };
    }

    private static String result(Outcome outcome) {
        return switch (outcome) {
            case PASSED -> "success";
            case FAILED -> "failure";
            case TIMED_OUT -> "timeout";
            case SKIPPED, NOT_RUN -> "skip";
            case CANCELLED -> "cancellation";
            case ERROR, LOST, SETUP_FAILED -> "error";
        };
    }

    private static String result(Verdict verdict) {
        return switch (verdict) {
            case PASSED -> "success";
            case FAILED -> "failure";
            case INCOMPLETE -> "cancellation";
            case INFRASTRUCTURE, NOT_STORED -> "error";
        };
    }

    private static String suiteStatus(Verdict verdict) {
        return switch (verdict) {
            case PASSED -> "success";
            case INCOMPLETE -> "aborted";
            case FAILED, INFRASTRUCTURE, NOT_STORED -> "failure";
        };
    }
}
