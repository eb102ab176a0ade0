package org.atex.allure;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.SmallDisk;
import org.atex.testkit.TestArtifacts;

/**
 * The program of {@link FullDiskTest}. It runs in a JVM of its own, as the small disk is mounted for one process only.
 */
final class FullDiskProgram {
    private static final PrintStream OUT = System.out;

    private FullDiskProgram() {}

    /** Stores results on the given disk, and finally copies them to the working directory. */
    public static void main(String[] arguments) throws IOException {
        Path here = Path.of("");
        Path disk = Path.of(arguments[0]);
        Path results = disk.resolve("allure-results");
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            ingest(aggregator, "/before", TestArtifacts.below(here).artifacts());
            List<String> before = Results.files(results);
            OUT.println("full: " + SmallDisk.fill(disk).getMessage());
            Artifacts files = TestArtifacts.below(here)
                    .file("output.txt", "x".repeat(100_000))
                    .artifacts();
            refused(aggregator, "/files", files, results);
            String lines = "{\"name\":\"" + "s".repeat(100) + "\",\"status\":\"fail\"}\n";
            Artifacts many =
                    TestArtifacts.below(here).results(lines.repeat(10_000)).artifacts();
            refused(aggregator, "/many", many, results);
            refused(aggregator, "/nothing", TestArtifacts.below(here).artifacts(), results);
            OUT.println("kept: "
                    + (Files.size(files.files().resolve("output.txt")) == 100_000
                            && Files.size(many.results()) == 10_000L * lines.length()));
            OUT.println("partial: " + !Results.files(results).equals(before));
            SmallDisk.makeRoom(disk);
            ingest(aggregator, "/files", files);
            ingest(aggregator, "/many", many);
        }
        for (String name : Results.files(results)) {
            Files.copy(results.resolve(name), here.resolve(name));
        }
        OUT.println("done");
    }

    private static void ingest(AllureAggregator aggregator, String test, Artifacts artifacts) {
        aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(0)), artifacts);
    }

    private static void refused(AllureAggregator aggregator, String test, Artifacts artifacts, Path results) {
        try {
            ingest(aggregator, test, artifacts);
            OUT.println("stored on a full disk: " + test);
        } catch (AggregationException e) {
            for (String word : List.of(results.toString(), test)) {
                if (!String.valueOf(e.getMessage()).contains(word)) {
                    OUT.println("does not name " + word + ": " + e);
                }
            }
            OUT.println("refused: " + (e.getCause() instanceof IOException cause ? cause.getMessage() : e));
        }
    }
}
