package org.atex.reportportal;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.RunEvent;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;

/** The program that {@link CrashTest} runs in a JVM of its own. */
final class SendingProgram {
    private static final PrintStream OUT = System.out;
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private SendingProgram() {}

    public static void main(String[] arguments) throws IOException {
        Path spool = Path.of(arguments[1]);
        ReportPortalProject project = Portals.project(URI.create(arguments[2]));
        switch (arguments[0]) {
            case "endless" -> endless(spool, project);
            case "large" -> large(spool, project);
            default -> {
                int unused = ReportPortalAggregator.resend(spool, project, Portals.options());
            }
        }
        OUT.println("done");
    }

    /** Runs tests until it is killed, and prints a line after each. */
    private static void endless(Path spool, ReportPortalProject project) throws IOException {
        try (ReportPortalAggregator aggregator = ReportPortalAggregator.open(spool, project, Portals.options())) {
            aggregator.on(new RunEvent.RunStarted(new RunEvent.Stamp("run-1", 1, START), List.of(), "here"));
            for (int i = 0; i < 1_000_000; i++) {
                var test = TestCase.named("/t/" + i);
                aggregator.on(RunEvent.TestStarted.of(
                        new RunEvent.Stamp("run-1", 2 + i, START), test, SystemInfo.named("vm")));
                aggregator.ingest(record(i), artifacts(Path.of("")));
                OUT.println(i);
                OUT.flush();
            }
        }
    }

    static TestRecord record(int number) {
        return TestRecord.of("here", "/t/" + number, TestEnd.exited(0)).withTimes(START, Duration.ofSeconds(1));
    }

    static Artifacts artifacts(Path parent) throws IOException {
        return TestArtifacts.below(parent)
                .results("{\"status\":\"pass\",\"name\":\"part\"}\n")
                .file("output.txt", "some output")
                .file("other.bin", new byte[2_000])
                .artifacts();
    }

    /** Sends a file that is larger than the heap. */
    private static void large(Path spool, ReportPortalProject project) throws IOException {
        Artifacts artifacts =
                TestArtifacts.below(Path.of("")).file("output.txt", "x").artifacts();
        byte[] block = "0123456789abcde\n".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
        try (var out = Files.newOutputStream(artifacts.files().resolve("large.txt"))) {
            for (int i = 0; i < 200; i++) {
                out.write(block);
            }
        }
        try (ReportPortalAggregator aggregator =
                ReportPortalAggregator.open(spool, project, Portals.options().withAttachmentBytes(1L << 30))) {
            aggregator.ingest(record(1), artifacts);
        }
    }
}
