package org.atex.html;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes a page in another JVM that is killed. */
@Timeout(300)
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
        Process process = ChildJvm.start(
                directory.resolve("scratch"), ChildJvm.command("64m", IngestingProgram.class, page.toString()));
        return ChildJvm.linesUntilKilled(process, after);
    }
}
