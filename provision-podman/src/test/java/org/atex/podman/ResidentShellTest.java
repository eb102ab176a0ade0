package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Selects the processes of a command by their lines in {@code /proc/PID/stat}, with grep as in {@code resident.sh}. */
@Timeout(120)
class ResidentShellTest {
    private static boolean matches(long process, String line) throws Exception {
        Process grep =
                new ProcessBuilder("grep", "-qE", "-e", ResidentShell.statPattern(List.of(77L, process))).start();
        grep.getOutputStream().write((line + "\n").getBytes(UTF_8));
        grep.getOutputStream().close();
        return grep.waitFor() == 0;
    }

    @Test
    void childrenProcessGroupAndSessionMatch() throws Exception {
        assertThat(matches(312, "400 (sh) S 312 400 400 0 -1"))
                .as("a child process")
                .isTrue();
        assertThat(matches(312, "400 (sh) S 1 312 400 0 -1"))
                .as("in its process group")
                .isTrue();
        assertThat(matches(312, "312 (sh) R 1 312 312 0 -1"))
                .as("in its session")
                .isTrue();
        assertThat(matches(312, "400 (a ) (b) S 312 400 400 0 -1"))
                .as("a name with parentheses and a space")
                .isTrue();
    }

    @Test
    void idsThatContainTheIdDoNotMatch() throws Exception {
        assertThat(matches(312, "400 (sh) S 4312 4312 4312 0 -1"))
                .as("as a suffix")
                .isFalse();
        assertThat(matches(312, "400 (sh) S 3124 3124 3124 0 -1"))
                .as("as a prefix")
                .isFalse();
        assertThat(matches(1, "312 (sh) S 21 312 11 0 -1"))
                .as("an id of one digit")
                .isFalse();
    }

    @Test
    void unrelatedProcessesDoNotMatch() throws Exception {
        assertThat(matches(312, "312 (sh) S 1 300 300 0 -1"))
                .as("a process with the same id")
                .isFalse();
        assertThat(matches(312, "400 (sh) S 1 400 400 312 312 312"))
                .as("other fields of the line")
                .isFalse();
        assertThat(matches(312, "400 (sh) Z 312 312 312 0 -1")).as("a zombie").isFalse();
    }
}
