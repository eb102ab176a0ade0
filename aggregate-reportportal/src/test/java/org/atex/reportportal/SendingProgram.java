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
        ReportPortalOptions options = options(URI.create(arguments[2]));
        switch (arguments[0]) {
            case "endless" -> endless(spool, options);
            case "large" -> large(spool, options);
            default -> {
                int unused = ReportPortalAggregator.resend(spool, options);
            }
        }
        OUT.println("done");
    }

    static ReportPortalOptions options(URI endpoint) {
        return ReportPortalOptions.of(endpoint, FakePortal.PROJECT, FakePortal.TOKEN)
                .withLimit(Duration.ofMinutes(2))
                .withTuning(Tuning.DEFAULT.withPauses(Duration.ofMillis(1), Duration.ofMillis(4)));
    }

    /** Runs tests until it is killed, and prints a line after each. */
    private static void endless(Path spool, ReportPortalOptions options) throws IOException {
        try (ReportPortalAggregator aggregator = ReportPortalAggregator.open(spool, options)) {
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
    private static void large(Path spool, ReportPortalOptions options) throws IOException {
        Artifacts artifacts = TestArtifacts.below(Path.of("")).file("output.txt", "x").artifacts();
        byte[] block = "0123456789abcde\n".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
        try (var out = Files.newOutputStream(artifacts.files().resolve("large.txt"))) {
            for (int i = 0; i < 200; i++) {
                out.write(block);
            }
        }
        try (ReportPortalAggregator aggregator =
                ReportPortalAggregator.open(spool, options.withAttachmentBytes(1L << 30))) {
            aggregator.ingest(record(1), artifacts);
        }
    }
}
