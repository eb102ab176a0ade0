package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.ResultWriter;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;

/** Measures a pool of 1,000 fake systems with a real engine, artifacts and aggregator; the tests only wait. */
final class ThousandSystems implements Scenario {
    private static final int SYSTEMS = 1000;
    private static final int TESTS = 5000;
    private static final Duration EACH = Duration.ofSeconds(1);
    private static final double IDEAL = (double) TESTS / SYSTEMS;

    @Override
    public String name() {
        return "thousand";
    }

    @Override
    public String about() {
        return "1,000 fake systems, 5,000 tests of 1 s, against 5 s plus the time for writing the results";
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        List<TestCase> tests = Runs.tests(TESTS);
        double alone = writingAlone(tests);
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(SYSTEMS)) {
            return new Sample(Runs.run(tests, systems, connection -> new WaitingExecutor(EACH)), IDEAL + alone);
        }
    }

    private static double writingAlone(List<TestCase> tests) throws Exception {
        Path directory = Files.createTempDirectory("atex-alone-");
        try (Aggregator aggregator =
                JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("FILES"))) {
            return Runs.seconds(() -> {
                for (TestCase test : tests) {
                    Artifacts artifacts = Artifacts.at(
                            Files.createDirectory(directory.resolve(test.name().substring(1))));
                    write(artifacts);
                    aggregator.ingest(TestRecord.of("default", test.name(), TestEnd.exited(0)), artifacts);
                }
                return null;
            });
        } finally {
            Runs.delete(directory);
        }
    }

    static void write(Artifacts artifacts) throws IOException {
        Files.createDirectory(artifacts.files());
        Files.writeString(artifacts.files().resolve("output.txt"), "nothing to say\n");
        try (ResultWriter writer = ResultWriter.append(artifacts.results())) {
            writer.write(ReportedResult.of(Status.PASS, null, List.of("output.txt")));
        }
    }

    @Override
    public String describe(Sample median) {
        Runtime runtime = Runtime.getRuntime();
        return String.format(
                Locale.ROOT,
                "%.2f s, ideal plus writing %.2f s, ratio %.2f (goal: at most 1.15), heap limit %d MiB",
                median.seconds(),
                median.baseline(),
                median.ratio(),
                runtime.maxMemory() >> 20);
    }
}
