package org.atex.tap;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;

/** The program that {@link CrashTest} runs in a JVM of its own. */
final class IngestingProgram {
    private static final PrintStream OUT = System.out;

    private IngestingProgram() {}

    public static void main(String[] arguments) throws IOException {
        Path report = Path.of(arguments[1]);
        if (arguments[0].equals("endless")) {
            endless(report);
        } else {
            tests(report);
        }
    }

    /** Ingests tests until it is killed, and prints a line after each. */
    private static void endless(Path report) throws IOException {
        try (TapAggregator aggregator = TapAggregator.open(report)) {
            for (int i = 0; i < 1_000_000; i++) {
                Artifacts artifacts = TestArtifacts.below(Path.of(""))
                        .file("output.txt", "x".repeat(5_000))
                        .artifacts();
                aggregator.ingest(TestRecord.of("here", "/t/" + i, TestEnd.exited(1)), artifacts);
                OUT.println(i);
                OUT.flush();
            }
        }
    }

    private static void tests(Path report) throws IOException {
        String output = "a line of output\n".repeat(1_000);
        try (TapAggregator aggregator = TapAggregator.open(report)) {
            for (int i = 0; i < 10_000; i++) {
                Artifacts artifacts = TestArtifacts.below(Path.of(""))
                        .file("output.txt", output)
                        .artifacts();
                String test = "/some/rather/long/name/of/a/test/number/" + i;
                aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(i % 2)), artifacts);
            }
        }
        OUT.println("done");
    }
}
