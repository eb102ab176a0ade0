package org.atex.reportportal;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
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

    /** Stores results in a spool on the given disk, and sends them. */
    public static void main(String[] arguments) throws IOException {
        Path here = Path.of("");
        Path disk = Path.of(arguments[0]);
        Path spool = disk.resolve("spool");
        URI endpoint = URI.create(Files.readString(here.resolve("endpoint")));
        try (var aggregator = ReportPortalAggregator.open(spool, Portals.project(endpoint), Portals.options())) {
            ingest(aggregator, "/before", TestArtifacts.below(here).artifacts());
            aggregator.flush();
            OUT.println("full: " + SmallDisk.fill(disk).getMessage());
            Artifacts files = TestArtifacts.below(here)
                    .file("output.bin", new byte[100_000])
                    .artifacts();
            refused(aggregator, "/files", files);
            String lines = "{\"name\":\"" + "s".repeat(100) + "\",\"status\":\"fail\"}\n";
            Artifacts many =
                    TestArtifacts.below(here).results(lines.repeat(300)).artifacts();
            refused(aggregator, "/many", many);
            OUT.println("kept: "
                    + (Files.size(files.files().resolve("output.bin")) == 100_000
                            && Files.size(many.results()) == 300L * lines.length()));
            try (Stream<Path> all = Files.walk(spool)) {
                OUT.println("partial: " + all.anyMatch(path -> path.toString().contains(Item.CALLS)));
            }
            SmallDisk.makeRoom(disk);
            ingest(aggregator, "/files", files);
            ingest(aggregator, "/many", many);
        }
        OUT.println("done");
    }

    private static void ingest(ReportPortalAggregator aggregator, String test, Artifacts artifacts) {
        aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(0)), artifacts);
    }

    private static void refused(ReportPortalAggregator aggregator, String test, Artifacts artifacts) {
        try {
            ingest(aggregator, test, artifacts);
            OUT.println("stored on a full disk: " + test);
        } catch (AggregationException e) {
            for (String word : List.of("spool", test)) {
                if (!String.valueOf(e.getMessage()).contains(word)) {
                    OUT.println("does not name " + word + ": " + e);
                }
            }
            OUT.println("refused: " + (e.getCause() instanceof IOException cause ? cause.getMessage() : e));
        }
    }
}
