package org.atex.jsonl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.atex.testkit.SmallDisk;
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
        assumeTrue(SmallDisk.isPossible(disk), "this user cannot mount a file system in a namespace of its own");
        Process process = SmallDisk.run(disk, directory, FullDiskProgram.class);

        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines())
                    .containsExactly(
                            "full: No space left on device", "refused: No space left on device", "kept: true", "done");
        }
        assertThat(process.waitFor()).isZero();
        try (Stream<String> lines = Files.lines(directory.resolve("results"))) {
            assertThat(lines.map(line -> line.split(",", -1)[2]).distinct())
                    .containsExactly("\"/before\"", "\"/big\"", "\"/after\"");
        }
    }
}
