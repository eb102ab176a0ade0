package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk without room, really: a small one in memory, which only a process of its own sees. */
@Timeout(120)
class FullDiskTest {
    private static final String MOUNT = "mount -t tmpfs -o size=8m tmpfs \"$1\" && cd \"$2\" && exec \"${@:3}\"";

    @TempDir
    Path directory;

    @TempDir
    Path disk;

    @Test
    void nothingIsLostAndItGoesOnWhenThereIsRoomAgain() throws Exception {
        assumeTrue(canMount(), "this user may not mount a file system, not even one of its own");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");

        Process process = start(java, "-Xmx64m", "-cp", classes, FullDisk.class.getName(), disk.toString());

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

    private boolean canMount() throws InterruptedException {
        try {
            return start("true").waitFor() == 0;
        } catch (IOException e) {
            return false; // there is no unshare here
        }
    }

    /** Runs something with the small disk. */
    private Process start(String... command) throws IOException {
        // A name space of its own for mounts; whoever is not root has them in one of users too.
        boolean root = "root".equals(System.getProperty("user.name"));
        List<String> all = new ArrayList<>(root ? List.of("unshare", "--mount") : List.of("unshare", "-rm"));
        all.addAll(List.of("bash", "-c", MOUNT, "bash", disk.toString(), directory.toString()));
        all.addAll(List.of(command));
        return new ProcessBuilder(all)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
