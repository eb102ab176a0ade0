package org.atex.junitxml;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
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
        switch (arguments[0]) {
            case "endless" -> endless(report);
            case "output" -> output(report);
            case "exit" -> exit(report);
            default -> cases(report);
        }
    }

    /** Ingests tests until it is killed, and prints a line after each. */
    private static void endless(Path report) throws IOException {
        JUnitXmlOptions options = JUnitXmlOptions.defaults().withProfile(Profile.RICH);
        try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(report, options)) {
            for (int i = 0; i < 1_000_000; i++) {
                Artifacts artifacts = TestArtifacts.below(Path.of(""))
                        .file("output.txt", "x".repeat(5_000))
                        .artifacts();
                aggregator.ingest(TestRecord.of("here", "/t/" + i, TestEnd.exited(0)), artifacts);
                OUT.println(i);
                OUT.flush();
            }
        }
    }

    private static void exit(Path report) {
        try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(report)) {
            aggregator.ingest(TestRecord.of("here", "/a", TestEnd.exited(0)), Artifacts.none());
            aggregator.flush();
            OUT.println("flushed");
            System.exit(7);
        }
    }

    private static void output(Path report) throws IOException {
        JUnitXmlOptions options =
                JUnitXmlOptions.defaults().withProfile(Profile.RICH).withOutput(Integer.MAX_VALUE, 0);
        try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(report, options)) {
            Artifacts artifacts =
                    TestArtifacts.below(Path.of("")).file("output.txt", "").artifacts();
            try (BufferedWriter writer =
                    Files.newBufferedWriter(artifacts.files().resolve("output.txt"))) {
                for (int i = 0; i < (200 << 20) / 32; i++) {
                    writer.write("\u001b[1m a line of <32> bytes, \u00fc \n");
                }
            }
            aggregator.ingest(TestRecord.of("here", "/big", TestEnd.exited(0)), artifacts);
        }
        OUT.println("done");
    }

    private static void cases(Path report) throws IOException {
        try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(report)) {
            for (int i = 0; i < 100_000; i++) {
                String test = "/some/rather/long/name/of/a/test/number/" + i;
                aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(i % 2)), Artifacts.none());
            }
        }
        OUT.println("done");
    }
}
