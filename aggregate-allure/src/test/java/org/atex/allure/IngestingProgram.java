package org.atex.allure;

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
        Path results = Path.of(arguments[1]);
        if (arguments[0].equals("endless")) {
            endless(results);
        } else {
            attempts(results);
        }
    }

    /** Ingests tests until it is killed, and prints a line after each. */
    private static void endless(Path results) throws IOException {
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            for (int i = 0; i < 1_000_000; i++) {
                Artifacts artifacts = TestArtifacts.below(Path.of(""))
                        .file("output.txt", "x".repeat(5_000))
                        .file("other.txt", "y".repeat(5_000))
                        .artifacts();
                aggregator.ingest(TestRecord.of("here", "/t/" + i, TestEnd.exited(0)), artifacts);
                OUT.println(i);
                OUT.flush();
            }
        }
    }

    /** Ingests 15,000 tests of two attempts each. */
    private static void attempts(Path results) {
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            for (int i = 0; i < 15_000; i++) {
                TestRecord record =
                        TestRecord.of("here", "/some/rather/long/name/of/a/test/number/" + i, TestEnd.exited(i % 2));
                aggregator.ingest(record.withAttempt(1, false), Artifacts.none());
                aggregator.ingest(record.withAttempt(2, true), Artifacts.none());
            }
        }
        OUT.println("done");
    }
}
