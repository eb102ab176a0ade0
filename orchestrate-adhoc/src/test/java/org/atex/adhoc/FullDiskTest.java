package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.testkit.SmallDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class FullDiskTest {
    @TempDir
    private Path directory;

    @Test
    void fullDiskPausesTheRunUntilThereIsSpaceAgain() throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        assumeTrue(SmallDisk.isPossible(disk), "this user cannot mount a small disk");

        Process run = SmallDisk.run(disk, directory, FullDiskRun.class);
        String told = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(run.waitFor()).as(told).isZero();
        assertThat(told)
                .contains(
                        "paused: ",
                        "No space left on device",
                        "goes on",
                        "PASSED {PASSED=24}",
                        "no disk space for artifacts",
                        "stored 24");
        assertThat(told).as("no system was replaced because of it").contains("systems 4");
    }
}
