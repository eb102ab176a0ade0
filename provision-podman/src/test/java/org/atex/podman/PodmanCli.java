package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.atex.support.ProcessIdentity;
import org.atex.support.SystemOwner;

/** Runs podman for tests. */
final class PodmanCli {
    private PodmanCli() {}

    static String run(String... arguments) throws Exception {
        return new Podman(List.of("podman")).run(Duration.ofSeconds(60), arguments);
    }

    static void assertNoContainersLeft() throws Exception {
        for (String owner : List.of(ProcessIdentity.current().toString(), SystemOwner.current())) {
            String filter = "--filter=label=" + Lease.OWNER + "=" + owner;
            assertThat(run("ps", "--all", filter, "--format={{.Names}} {{.Status}}"))
                    .as("containers that were not removed")
                    .isEmpty();
        }
    }
}
