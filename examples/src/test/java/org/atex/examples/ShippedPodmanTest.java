package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atex.lab.Lab;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the published podman modules work with their declared dependencies only. */
@Timeout(500)
class ShippedPodmanTest {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    @Test
    void worksInAContainer() throws Exception {
        Map<String, String> properties =
                Map.of("podman.container", lab.container().id());
        assertThat(new Shipped(directory, properties)
                        .examples("Podman")
                        .module("all", List.of(), "Podman")
                        .module("provision-podman", List.of(), "Podman")
                        .tests())
                .allSatisfy(test -> test.getExecutable().execute());
    }
}
