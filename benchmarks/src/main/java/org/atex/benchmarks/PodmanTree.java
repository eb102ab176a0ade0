package org.atex.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.RunSummary;
import org.atex.api.TestRecord;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.lab.LabImage;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;

/**
 * Measures the example tests on four containers, from the start of the first test to the end of the last one, compared
 * to the lower bound of any schedule.
 */
final class PodmanTree implements Scenario {
    private static final int SYSTEMS = 4;
    private static final Path TREE = Path.of("examples/tests");

    @Override
    public String name() {
        return "podman-tree";
    }

    @Override
    public String about() {
        return "the example tests on " + SYSTEMS + " containers, against the lower bound of any schedule";
    }

    @Override
    public String missing() {
        return Files.isDirectory(TREE) ? Containers.missing() : "the example tests in " + TREE.toAbsolutePath();
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        Path results = Files.createTempDirectory("atex-podman-tree-");
        FmfTests tests = FmfTests.from(TREE).plan("/plans/all").discover();
        try (var systems = PodmanProvisioner.builder(LabImage.PLAIN.reference())
                        .pull(PullPolicy.NEVER)
                        .maxSystems(SYSTEMS)
                        .build();
                var lines = JsonLinesAggregator.open(results.resolve("results.jsonl"), results.resolve("files"));
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FmfExecutor.factory(tests))
                        .into(lines)
                        .build()) {
            return sample(run.run());
        } finally {
            Runs.delete(results);
        }
    }

    private static Sample sample(RunSummary summary) {
        List<TestRecord> attempts = summary.tests().stream()
                .flatMap(test -> test.attempts().stream())
                .toList();
        Instant first = attempts.stream()
                .map(TestRecord::started)
                .min(Instant::compareTo)
                .orElseThrow();
        Instant last = attempts.stream()
                .map(attempt -> attempt.started().plus(attempt.took()))
                .max(Instant::compareTo)
                .orElseThrow();
        double sum = attempts.stream()
                .mapToDouble(attempt -> attempt.took().toNanos())
                .sum();
        double longest = attempts.stream()
                .mapToDouble(attempt -> attempt.took().toNanos())
                .max()
                .orElseThrow();
        // No schedule is faster than an even distribution of all tests, or than the longest test.
        return new Sample(Duration.between(first, last).toNanos() / 1e9, Math.max(sum / SYSTEMS, longest) / 1e9);
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, lower bound %.2f s: %.2f x as long (goal: at most 1.1)",
                median.seconds(),
                median.baseline(),
                median.ratio());
    }
}
