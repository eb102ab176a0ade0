package org.atex.html;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes a page in another JVM that is killed. */
@Timeout(120)
class CrashTest {
    @TempDir
    Path directory;

    @Test
    void resultsIngestedBeforeAKillAreInTheRecoveredPage() throws Exception {
        Path page = directory.resolve("report.html");
        for (int kills = 1; kills <= 3; kills++) {
            int ingested = ingestUntilKilled(page, 40 * kills);
            assertThat(Written.read(page).now().has("l"))
                    .as("the page that the killed program left is whole")
                    .isTrue();

            assertThat(HtmlReport.recover(page)).isTrue();
            Written written = Written.read(page);
            assertThat(written.attempts()).hasSizeGreaterThanOrEqualTo(ingested).doesNotHaveDuplicates();
            assertThat(written.now().has("l")).isFalse();
        }
        assertThat(directory.resolve("report.2.html")).exists();
    }

    private int ingestUntilKilled(Path page, int after) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        // Without Logback, which would write log lines to the standard output that the test reads.
        String classes = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.contains("logback"))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(List.of(
                        java,
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-cp",
                        classes,
                        IngestingProgram.class.getName(),
                        page.toString()))
                .directory(Files.createDirectories(directory.resolve("scratch")).toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int ingested = 0;
        try (BufferedReader lines = process.inputReader()) {
            while (ingested < after && lines.readLine() != null) {
                ingested++;
            }
            // Not process.destroyForcibly(): it closes the stream, which may still hold the last lines.
            process.toHandle().destroyForcibly();
            while (lines.readLine() != null) {
                ingested++;
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        return ingested;
    }
}
