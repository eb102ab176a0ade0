package org.atex.jsonl;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;

/** The program that {@link CrashTest} runs in a JVM of its own. */
final class IngestingProgram {
    private static final PrintStream OUT = System.out;

    private IngestingProgram() {}

    public static void main(String[] arguments) throws IOException {
        JsonLinesOptions options = JsonLinesOptions.defaults().withCompression(Compression.valueOf(arguments[1]));
        try (JsonLinesAggregator aggregator = JsonLinesAggregator.open(Path.of("results"), Path.of("FILES"), options)) {
            switch (arguments[0]) {
                case "million" -> million(aggregator);
                case "full" -> full(aggregator);
                case "exit" -> exit(aggregator);
                default -> endless(aggregator);
            }
        }
    }

    /** Ingests tests until it is killed, and prints a line after each. */
    private static void endless(JsonLinesAggregator aggregator) throws IOException {
        String lines = "{\"status\":\"pass\",\"name\":\"s\"}\n".repeat(20) + "{\"status\":\"pass\"}\n";
        for (int i = 0; i < 1_000_000; i++) {
            Artifacts artifacts = TestArtifacts.below(Path.of(""))
                    .results(lines)
                    .file("log", "log " + i)
                    .artifacts();
            aggregator.ingest(TestRecord.of("here", "/t/" + i, TestEnd.exited(0)), artifacts);
            OUT.println(i);
            OUT.flush();
        }
    }

    private static void exit(JsonLinesAggregator aggregator) throws IOException {
        aggregator.ingest(
                TestRecord.of("here", "/a", TestEnd.exited(0)),
                TestArtifacts.below(Path.of("")).artifacts());
        aggregator.flush();
        OUT.println("flushed");
        System.exit(7);
    }

    private static void million(JsonLinesAggregator aggregator) throws IOException {
        Artifacts artifacts = TestArtifacts.below(Path.of("")).artifacts();
        try (BufferedWriter writer = Files.newBufferedWriter(artifacts.results())) {
            for (int i = 0; i < 1_000_000; i++) {
                writer.write("{\"status\":\"pass\",\"name\":\"subtest/" + i + "\"}\n");
            }
        }
        aggregator.ingest(TestRecord.of("here", "/many", TestEnd.exited(0)), artifacts);
        OUT.println("done");
    }

    private static void full(JsonLinesAggregator aggregator) throws IOException {
        Path here = Path.of("");
        aggregator.ingest(
                TestRecord.of("here", "/before", TestEnd.exited(0)),
                TestArtifacts.below(here).artifacts());
        String lines = "{\"name\":\"" + "s".repeat(100) + "\"}\n";
        Artifacts big = TestArtifacts.below(here)
                .results(lines.repeat(450))
                .file("log", "log")
                .artifacts();
        try {
            aggregator.ingest(TestRecord.of("here-where-the-lines-get-longer", "/big", TestEnd.exited(0)), big);
        } catch (AggregationException e) {
            boolean back =
                    Files.exists(big.results()) && Files.exists(big.files().resolve("log"));
            OUT.println(
                    back && e.getCause() != null ? "refused: " + e.getCause().getMessage() : e.toString());
        }
        aggregator.ingest(
                TestRecord.of("here", "/after", TestEnd.exited(0)),
                TestArtifacts.below(here).artifacts());
        OUT.println("done");
    }
}
