package org.atex.ctrf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Writes a report in another JVM that is killed, or has a small heap. */
@Timeout(500)
class CrashTest {
    @TempDir
    Path directory;

    private Process start(String... arguments) throws IOException {
        return ChildJvm.start(directory, ChildJvm.command("64m", IngestingProgram.class, arguments));
    }

    @Test
    void resultsIngestedBeforeAKillAreInTheCompletedFile() throws Exception {
        Random random = new Random(5);
        for (int run = 0; run < 3; run++) {
            Path report = directory.resolve("report" + run + ".json");
            int ingested = ChildJvm.linesUntilKilled(start("endless", report.toString()), 1 + random.nextInt(200));

            assertThat(Report.read(report)).as("the file after the crash").isNotNull();
            assertThat(CtrfAggregator.recover(report)).isTrue();
            Report.validate(report);
            assertThat(Report.read(report).tests().size()).isGreaterThanOrEqualTo(ingested);
            JsonNode last = Report.read(report).test("/t/" + (ingested - 1));
            Path file = directory.resolve(
                    last.path("attachments").get(0).path("path").asString(""));
            assertThat(Files.size(file)).isEqualTo(5_000);
        }
    }

    @Test
    void nextRunAfterAKillKeepsTheIngestedResults() throws Exception {
        Path report = directory.resolve("report.json");
        int ingested = ChildJvm.linesUntilKilled(start("endless", report.toString()), 20);

        CtrfAggregator.open(report).close();

        assertThat(Report.read(report).tests()).isEmpty();
        assertThat(Report.read(directory.resolve("report.json.1")).names()).contains("/t/0", "/t/" + (ingested - 1));
    }

    @Test
    void tenThousandTestsFitInASmallHeap() throws Exception {
        Path report = directory.resolve("report.json");
        Process process = start("tests", report.toString());
        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines()).containsExactly("done");
        }
        assertThat(process.waitFor()).isZero();
        Report.validate(report);
        assertThat(Report.read(report).tests()).hasSize(10_000);
    }
}
