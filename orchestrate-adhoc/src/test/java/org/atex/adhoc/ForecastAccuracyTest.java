package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.atex.adhoc.Forecast.Assumptions;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.api.TestRecord;
import org.atex.artifacts.History;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** After two recorded runs, a forecast says when the third one ends, although no test takes the same time twice. */
@Timeout(600)
class ForecastAccuracyTest {
    /** The number of suites; -Datex.forecasts=200 for a thorough test. */
    private static final int RUNS = Integer.getInteger("atex.forecasts", 60);

    private static final double NOISE = 0.3;
    private static final double TOLERANCE = 0.1;
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path directory;

    /** A suite of tests whose durations differ widely, on a number of systems. */
    private final class Suite {
        private final Random random;
        private final Path history;
        private final List<PlainTest> tests = new ArrayList<>();
        private final Map<String, Duration> typical = new HashMap<>();
        private final int systems;
        private final Duration setUp;

        Suite(int seed) {
            random = new Random(seed);
            history = directory.resolve("history-" + seed + ".jsonl");
            systems = 4 + random.nextInt(9);
            setUp = Duration.ofSeconds(30 + random.nextInt(600));
            int count = 15 * systems + random.nextInt(200);
            for (int i = 0; i < count; i++) {
                PlainTest test = TestCase.named("/t" + i);
                tests.add(i % 40 == 7 ? test.withLock(TestLock.exclusive("database")) : test);
                typical.put(test.name(), Duration.ofMillis((long) (60_000 * Math.exp(random.nextGaussian()))));
            }
            // If one test took as long as the run, nothing could predict the run better than that test.
            Duration share = typical.values().stream()
                    .reduce(Duration.ZERO, Duration::plus)
                    .dividedBy(2L * systems);
            typical.replaceAll((test, time) -> time.compareTo(share) > 0 ? share : time);
        }

        Duration noisy(Duration time) {
            return Duration.ofMillis((long) (time.toMillis() * (1 - NOISE + 2 * NOISE * random.nextDouble())));
        }

        AdHocOrchestrator.Builder builder(FakeProvisioner provisioner, RecordingAggregator results) {
            return AdHocOrchestrator.builder(tests)
                    .on("lab", provisioner)
                    .with(FakeExecutors.passing(Duration.ZERO))
                    .into(results)
                    .maxSystems(systems)
                    .history(history);
        }

        /** {@return a run in which each test takes a time of its own} */
        Forecast run(AdHocOrchestrator.Builder builder, Duration ready) {
            return new Forecaster(
                            builder.plan(),
                            Assumptions.defaults().withSetUp(ready),
                            test -> noisy(Objects.requireNonNull(typical.get(test.name()))))
                    .forecast();
        }

        void record(int number, Forecast run, Duration ready) throws IOException, InterruptedException {
            String id = "run-" + number;
            Instant begin = BEGIN.plus(Duration.ofDays(number));
            List<TestRecord> records = run.timeline().stream()
                    .map(entry -> TestRecord.of("lab", TestCase.named(entry.test()), TestEnd.exited(0))
                            .withTimes(begin.plus(entry.start()), entry.end().minus(entry.start())))
                    .toList();
            History all = History.of(id, records);
            for (int i = 0; i < run.systems(); i++) {
                all = all.withReady(id, new SystemInfo("s" + i, "lab", "s" + i, Map.of()), begin.plus(ready), ready);
            }
            History.add(history, all);
        }
    }

    @Test
    void predictsTheEndOfRunsAfterTwoRecordedOnes() throws Exception {
        List<Double> errors = new ArrayList<>();
        try (FakeProvisioner provisioner = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create()) {
            for (int seed = 0; seed < RUNS; seed++) {
                Suite suite = new Suite(seed);
                AdHocOrchestrator.Builder builder = suite.builder(provisioner, results);
                for (int number = 1; number <= 2; number++) {
                    Duration ready = suite.noisy(suite.setUp);
                    suite.record(number, suite.run(builder, ready), ready);
                }
                Forecast forecast = builder.forecast(Assumptions.defaults());
                Duration real = suite.run(builder, suite.noisy(suite.setUp)).end();
                errors.add(Math.abs((double) forecast.end().toMillis() / real.toMillis() - 1));
            }
        }
        assertThat(IntStream.range(0, RUNS).filter(seed -> errors.get(seed) > TOLERANCE))
                .as("the runs whose end differs from the predicted one by more than 10 %%, errors %s", errors)
                .isEmpty();
    }
}
