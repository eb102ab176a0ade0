package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import org.atex.testkit.SmallDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk without room, really: a small one in memory, which only a process of its own sees. */
@Timeout(120)
class FullDiskTest {
    @TempDir
    Path directory;

    @TempDir
    Path disk;

    @Test
    void nothingIsLostAndItGoesOnWhenThereIsRoomAgain() throws Exception {
        assumeTrue(SmallDisk.isPossible(disk), "this user may not mount a file system, not even one of its own");
        Process process = SmallDisk.run(disk, directory, FullDisk.class);

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
        assertThat(Parsed.read(directory.resolve("report")).cases()).containsKeys("/before", "/big", "/after");
    }
}
