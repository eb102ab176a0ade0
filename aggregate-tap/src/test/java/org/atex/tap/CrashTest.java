package org.atex.tap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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
        Random random = new Random(6);
        for (int run = 0; run < 2; run++) {
            Path report = directory.resolve("report" + run + ".tap");
            int ingested = ChildJvm.linesUntilKilled(start("endless", report.toString()), 1 + random.nextInt(200));

            assertThat(Parsed.read(report).problems())
                    .as("the file after the crash")
                    .isEmpty();
            assertThat(TapAggregator.recover(report)).isTrue();
            Parsed parsed = Parsed.read(report);
            assertThat(parsed.problems()).isEmpty();
            assertThat(parsed.points().size()).isGreaterThanOrEqualTo(ingested);
            assertThat(parsed.results().path("bailout").asString(""))
                    .isEqualTo("the program that ran the tests ended before the report was closed");
        }
    }

    @Test
    void tenThousandTestsFitInASmallHeap() throws Exception {
        Path report = directory.resolve("report.tap");
        Process process = start("tests", report.toString());
        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines()).containsExactly("done");
        }
        assertThat(process.waitFor()).isZero();
        assertThat(Parsed.read(report).points()).hasSize(10_000);
    }
}
