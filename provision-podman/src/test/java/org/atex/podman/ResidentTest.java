package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which processes are taken for those of a command, by their lines in {@code /proc/PID/stat}; grep says it. */
@Timeout(20)
class ResidentTest {
    private static boolean isOf(long process, String line) throws Exception {
        Process grep = new ProcessBuilder("grep", "-qE", "-e", Resident.sessions(List.of(77L, process))).start();
        grep.getOutputStream().write((line + "\n").getBytes(UTF_8));
        grep.getOutputStream().close();
        return grep.waitFor() == 0;
    }

    @Test
    void childrenGroupsAndSessionsAreOfIt() throws Exception {
        assertThat(isOf(312, "400 (sh) S 312 400 400 0 -1")).as("a child").isTrue();
        assertThat(isOf(312, "400 (sh) S 1 312 400 0 -1")).as("in its group").isTrue();
        assertThat(isOf(312, "312 (sh) R 1 312 312 0 -1")).as("in its session").isTrue();
        assertThat(isOf(312, "400 (a ) (b) S 312 400 400 0 -1"))
                .as("an odd name")
                .isTrue();
    }

    @Test
    void numbersThatOnlyHoldItsNumberAreNot() throws Exception {
        assertThat(isOf(312, "400 (sh) S 4312 4312 4312 0 -1"))
                .as("at their ends")
                .isFalse();
        assertThat(isOf(312, "400 (sh) S 3124 3124 3124 0 -1"))
                .as("at their beginnings")
                .isFalse();
        assertThat(isOf(1, "312 (sh) S 21 312 11 0 -1")).as("of one digit").isFalse();
    }

    @Test
    void othersAreNot() throws Exception {
        assertThat(isOf(312, "312 (sh) S 1 300 300 0 -1"))
                .as("what has its number now")
                .isFalse();
        assertThat(isOf(312, "400 (sh) S 1 400 400 312 312 312"))
                .as("a terminal")
                .isFalse();
        assertThat(isOf(312, "400 (sh) Z 312 312 312 0 -1")).as("what is dead").isFalse();
    }
}
