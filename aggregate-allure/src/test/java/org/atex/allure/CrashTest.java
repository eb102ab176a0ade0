package org.atex.allure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Writes results in another JVM that is killed, or has a small heap. */
@Timeout(600)
class CrashTest {
    @TempDir
    Path directory;

    @Test
    void resultsIngestedBeforeAKillAreComplete() throws Exception {
        Random random = new Random(3);
        for (int run = 0; run < 2; run++) {
            Path results = directory.resolve("results" + run);
            int ingested = ingestUntilKilled(results, 1 + random.nextInt(200));
            assertComplete(results, ingested);

            try (AllureAggregator aggregator =
                    AllureAggregator.open(results, AllureOptions.defaults().withResume())) {
                aggregator.ingest(TestRecord.of("here", "/last", TestEnd.exited(0)), Artifacts.none());
            }
            assertComplete(results, ingested + 1);
            int attempts = Results.names(results).size();
            // Two attachments for each attempt but the last one, and categories.json: nothing incomplete is left.
            assertThat(Results.files(results)).hasSize(1 + 3 * (attempts - 1) + 1);
            Report report = Report.generate(results, directory.resolve("report" + run));
            assertThat(report.cases()).hasSize(attempts);
        }
    }

    @Test
    void nextRunAfterAKillKeepsTheResults() throws Exception {
        Path results = directory.resolve("results");
        int first = ingestUntilKilled(results, 5);
        int second = ingestUntilKilled(results, 7);
        AllureAggregator.open(results).close();

        assertComplete(directory.resolve("results.1"), first);
        assertComplete(directory.resolve("results.2"), second);
        assertThat(Results.files(results)).containsExactly("categories.json");
    }

    @Test
    void memoryDoesNotGrowWithTheNumberOfAttempts() throws Exception {
        Path results = directory.resolve("results");
        Process process = start("16m", "attempts", results.toString());
        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines()).containsExactly("done");
        }
        assertThat(process.waitFor()).isZero();
        assertThat(Results.files(results)).hasSize(30_001);
    }

    private static void assertComplete(Path results, int atLeast) throws IOException {
        List<JsonNode> all = Results.read(results);
        assertThat(all).hasSizeGreaterThanOrEqualTo(atLeast);
        for (JsonNode result : all) {
            assertThat(Results.text(result, "stage")).isEqualTo("finished");
            for (JsonNode attachment : result.path("attachments")) {
                assertThat(results.resolve(Results.text(attachment, "source"))).hasSize(5_000);
            }
        }
    }

    private int ingestUntilKilled(Path results, int after) throws IOException, InterruptedException {
        Process process = start("64m", "endless", results.toString());
        return ChildJvm.linesUntilKilled(process, after);
    }

    private Process start(String heap, String program, String results) throws IOException {
        return ChildJvm.start(
                directory.resolve("scratch"), ChildJvm.command(heap, IngestingProgram.class, program, results));
    }
}
