package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;

/** Measures a pool of 10,000 fake systems, with a real engine and journal; the tests only wait. */
final class HundredThousandTests implements Scenario {
    private static final int SYSTEMS = 10_000;
    private static final int TESTS = 100_000;
    private static final Duration EACH = Duration.ofSeconds(1);

    @Override
    public String name() {
        return "hundred-k";
    }

    @Override
    public String about() {
        return "100,000 tests of 1 s on 10,000 fake systems, with an aggregator that keeps nothing, against 10 s";
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        List<TestCase> tests = Runs.tests(TESTS);
        Path directory = Files.createTempDirectory("atex-bench-");
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                Aggregator nothing = new Deleting();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FakeExecutors.passing(EACH))
                        .into(nothing)
                        .maxSystems(SYSTEMS)
                        .workDirectory(directory)
                        .build()) {
            double seconds = Runs.seconds(() -> {
                RunSummary summary = run.run();
                if (summary.counts().getOrDefault(Outcome.PASSED, 0) != TESTS) {
                    throw new IllegalStateException("not all tests passed: " + summary.counts());
                }
                return summary;
            });
            return new Sample(seconds, EACH.multipliedBy(TESTS / SYSTEMS).toSeconds());
        } finally {
            Runs.delete(directory);
        }
    }

    private static final class Deleting implements Aggregator {
        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            try {
                artifacts.delete();
            } catch (IOException e) {
                throw new AggregationException("could not delete " + artifacts, e);
            }
        }

        @Override
        public void close() {}
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, ideal %.0f s, ratio %.2f (goal: at most 1.25), heap limit %d MiB (goal: 512)",
                median.seconds(),
                median.baseline(),
                median.ratio(),
                Runtime.getRuntime().maxMemory() >> 20);
    }
}
