package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;

/** Podman itself, as tests use it. */
final class Podmans {
    private Podmans() {}

    static String run(String... arguments) throws Exception {
        return new Podman(List.of("podman")).run(Duration.ofSeconds(60), arguments);
    }

    static void assertNothingOfOursIsLeft() throws Exception {
        String filter = "--filter=label=" + Owner.LABEL + "=" + Owner.me();
        assertThat(run("ps", "--all", filter, "--format={{.Names}} {{.Status}}"))
                .as("containers that are left")
                .isEmpty();
    }
}
