package org.atex.benchmarks;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.jsonl.JsonLinesAggregator;

/**
 * Measures storing results as JSON Lines in a process with 64 MiB of heap, compared to copying the same results and
 * moving the files with the JDK only.
 */
final class StoredResults implements Scenario {
    private final String name;
    private final int tests;
    private final int results;
    private final int files;
    private final double goal;
    private final double reference;

    /**
     * Creates a scenario.
     *
     * @param tests the number of tests
     * @param results the number of results per test
     * @param files the number of files per test
     * @param reference the seconds of the reference implementation, measured on a similar machine
     * @param goal the required speedup over the reference
     */
    StoredResults(String name, int tests, int results, int files, double reference, double goal) {
        this.name = name;
        this.tests = tests;
        this.results = results;
        this.files = files;
        this.reference = reference;
        this.goal = goal;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        return String.format(
                Locale.ROOT,
                "%,d tests x (%,d results + %d files) as JSON Lines in a heap of 64 MiB, against plain copying",
                tests,
                results,
                files);
    }

    @Override
    public int samples() {
        return tests == 1 ? 3 : 1; // creating the tests takes longer than the measurement
    }

    @Override
    public Sample measure() throws Exception {
        Path directory = Files.createTempDirectory("atex-results-");
        try {
            double ours = Runs.child(StoredResults.class, "store", make(directory.resolve("ours")));
            return new Sample(ours, Runs.child(StoredResults.class, "copy", make(directory.resolve("bare"))));
        } finally {
            Runs.delete(directory);
        }
    }

    private Path make(Path to) throws IOException {
        Files.createDirectories(to.resolve("in"));
        for (int i = 0; i < tests; i++) {
            Path test = Files.createDirectories(to.resolve("in/" + i + "/files"));
            try (BufferedWriter out = Files.newBufferedWriter(test.resolveSibling("results"))) {
                for (int k = 0; k < results; k++) {
                    out.write("{\"status\":\"pass\",\"name\":\"part/" + k + "\",\"note\":\"all is well\"}\n");
                }
            }
            for (int k = 0; k < files; k++) {
                Files.writeString(test.resolve("file" + k), "a line of a log\n");
            }
        }
        return to;
    }

    /**
     * Main method of the measured process: prints the seconds.
     *
     * @param args the operation and the directory
     */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[1]);
        int count;
        try (var tests = Files.list(directory.resolve("in"))) {
            count = (int) tests.count();
        }
        System.out.println(Runs.seconds(() -> {
            if (args[0].equals("store")) {
                store(directory, count);
            } else {
                copy(directory, count);
            }
            return null;
        }));
    }

    private static void store(Path directory, int count) throws IOException {
        TestEnd end = TestEnd.of(Outcome.PASSED, null);
        try (Aggregator aggregator =
                JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"))) {
            for (int i = 0; i < count; i++) {
                TestRecord record = TestRecord.of("bench", "/test/" + i, end)
                        .withTimes(Instant.now(), Duration.ofSeconds(1))
                        .withSystem(SystemInfo.named("system"), 1);
                aggregator.ingest(record, Artifacts.at(directory.resolve("in/" + i)));
            }
        }
    }

    /** The baseline: appends all results to one file, moves all files, and deletes the rest. */
    private static void copy(Path directory, int count) throws IOException {
        Files.createDirectories(directory.resolve("files"));
        try (var all = Files.newOutputStream(directory.resolve("results.jsonl"))) {
            for (int i = 0; i < count; i++) {
                Path test = directory.resolve("in/" + i);
                Files.copy(test.resolve("results"), all);
                Files.move(test.resolve("files"), directory.resolve("files/" + i));
                for (Path left : List.of(test.resolve("results"), test)) {
                    Files.delete(left);
                }
            }
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, plain copying %.2f s, ratio %.1f; the reference %.1f s elsewhere, %.1f x (goal: at least %.0f)",
                median.seconds(),
                median.baseline(),
                median.ratio(),
                reference,
                reference / median.seconds(),
                goal);
    }
}
