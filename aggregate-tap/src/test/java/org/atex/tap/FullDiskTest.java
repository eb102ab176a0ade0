package org.atex.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import org.atex.testkit.SmallDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Fills a real disk: a small file system in memory, mounted for a process of its own. */
@Timeout(120)
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
                            "full: No space left on device",
                            "refused: No space left on device",
                            "kept: true",
                            "full: No space left on device",
                            "refused: No space left on device",
                            "done");
        }
        assertThat(process.waitFor()).isZero();
        assertThat(directory.resolve("report"))
                .content()
                .contains("\nok 1 - here: /before\n", "\nok 2 - here: /big\n", "\nok 3 - here: /after\n");
    }
}
