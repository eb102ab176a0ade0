package org.atex.ctrf;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
        Path report = disk.resolve("report");
        try (CtrfAggregator aggregator = CtrfAggregator.open(report, CtrfOptions.defaults())) {
            ingest(aggregator, "/before", TestArtifacts.below(here).artifacts());
            OUT.println("full: " + SmallDisk.fill(disk).getMessage());
            String lines = "{\"name\":\"" + "s".repeat(100) + "\",\"status\":\"fail\"}\n";
            Artifacts big =
                    TestArtifacts.below(here).results(lines.repeat(10_000)).artifacts();
            try {
                ingest(aggregator, "/big", big);
                OUT.println("stored on a full disk");
            } catch (AggregationException e) {
                print(e, report.toString(), "/big");
            }
            OUT.println("kept: " + (Files.size(big.results()) == 10_000L * lines.length()));
            SmallDisk.makeRoom(disk);
            ingest(aggregator, "/big", big);
            ingest(aggregator, "/after", TestArtifacts.below(here).artifacts());
            OUT.println("full: " + SmallDisk.fill(disk).getMessage());
            try {
                aggregator.close();
                OUT.println("closed on a full disk");
            } catch (AggregationException e) {
                print(e, report.toString());
            }
            SmallDisk.makeRoom(disk);
            CtrfAggregator.recover(report);
        }
        Files.copy(report, here.resolve("report"));
        OUT.println("done");
    }

    private static void ingest(CtrfAggregator aggregator, String test, Artifacts artifacts) {
        aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(0)), artifacts);
    }

    private static void print(AggregationException e, String... named) {
        for (String word : named) {
            if (!String.valueOf(e.getMessage()).contains(word)) {
                OUT.println("does not name " + word + ": " + e);
            }
        }
        OUT.println("refused: " + (e.getCause() == null ? null : e.getCause().getMessage()));
    }
}
