package org.atex.html;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;

/** The program that {@link CrashTest} runs in a JVM of its own: ingests tests until it is killed. */
final class IngestingProgram {
    private static final PrintStream OUT = System.out;

    private IngestingProgram() {}

    public static void main(String[] arguments) throws IOException {
        HtmlOptions options = HtmlOptions.defaults().withPause(Duration.ofMillis(100));
        try (HtmlReport report = HtmlReport.open(Path.of(arguments[0]), options)) {
            for (int i = 0; i < 1_000_000; i++) {
                report.ingest(
                        TestRecord.of("here", "/t/" + i, TestEnd.exited(i % 2)),
                        TestArtifacts.below(Path.of(""))
                                .file("output.txt", "x".repeat(5_000))
                                .artifacts());
                OUT.println(i);
                OUT.flush();
            }
        }
    }
}
