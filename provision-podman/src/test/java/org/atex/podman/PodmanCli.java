package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;

/** Runs podman for tests. */
final class PodmanCli {
    private PodmanCli() {}

    static String run(String... arguments) throws Exception {
        return new Podman(List.of("podman")).run(Duration.ofSeconds(60), arguments);
    }

    static void assertNoContainersLeft() throws Exception {
        String filter = "--filter=label=" + ContainerOwner.LABEL + "=" + ContainerOwner.current();
        assertThat(run("ps", "--all", filter, "--format={{.Names}} {{.Status}}"))
                .as("containers that were not removed")
                .isEmpty();
    }
}
