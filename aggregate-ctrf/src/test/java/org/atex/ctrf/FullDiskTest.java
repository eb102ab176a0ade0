package org.atex.ctrf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.atex.lab.ReportProgram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Fills a real disk: a small file system in memory, mounted for a process of its own. */
@Timeout(300)
class FullDiskTest {
    @TempDir
    Path directory;

    @TempDir
    Path disk;

    @Test
    void resultsAreKeptOnAFullDiskAndStoredWhenThereIsSpaceAgain() throws Exception {
        Path report = ReportProgram.onFullDisk(disk, directory, IngestingProgram.class);
        assertThat(Report.read(report).names()).containsExactly("/before", "/big", "/after");
    }
}
