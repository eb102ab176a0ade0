package org.atex.html;

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

    /** Writes a page on the given disk, and finally copies it to the working directory. */
    public static void main(String[] arguments) throws IOException {
        Path here = Path.of("");
        Path disk = Path.of(arguments[0]);
        Path page = disk.resolve("report.html");
        try (HtmlReport report = HtmlReport.open(page, HtmlOptions.defaults().withMaxFileBytes(50_000))) {
            ingest(report, "/before", TestArtifacts.below(here).artifacts());
            report.flush();
            OUT.println("full: " + SmallDisk.fill(disk).getMessage());
            Artifacts beside = output(here, "x".repeat(100_000));
            refused(report, "/beside", beside);
            Artifacts inside = output(here, "y".repeat(40_000));
            refused(report, "/inside", inside);
            OUT.println("page: " + Written.read(page).attempts());
            SampleRun run = new SampleRun(report, here);
            run.ready(1, SampleRun.system("alpha", "x86_64"), 1, 0);
            OUT.println("kept: " + (Files.size(beside.files().resolve("output.txt")) == 100_000));
            OUT.println("left: " + Files.exists(disk.resolve("report-files")));
            SmallDisk.makeRoom(disk);
            ingest(report, "/beside", beside);
            ingest(report, "/inside", inside);
            report.flush();
            Written written = Written.read(page);
            OUT.println("page: " + written.attempts());
            OUT.println("events: " + written.of("e").size());
        }
        OUT.println("done");
    }

    private static Artifacts output(Path here, String text) throws IOException {
        return TestArtifacts.below(here).file("output.txt", text).artifacts();
    }

    private static void ingest(HtmlReport report, String test, Artifacts artifacts) {
        report.ingest(TestRecord.of("here", test, TestEnd.exited(1)), artifacts);
    }

    private static void refused(HtmlReport report, String test, Artifacts artifacts) {
        try {
            ingest(report, test, artifacts);
            OUT.println("stored on a full disk: " + test);
        } catch (AggregationException e) {
            for (String word : List.of("report.html", test)) {
                if (!String.valueOf(e.getMessage()).contains(word)) {
                    OUT.println("does not name " + word + ": " + e);
                }
            }
            OUT.println("refused: " + (e.getCause() instanceof IOException cause ? cause.getMessage() : e));
        }
    }
}
