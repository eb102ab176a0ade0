package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.PodmanSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** Provisions containers that Testcontainers starts over the socket of podman. */
@Timeout(300)
class TestcontainersTest {
    @RegisterExtension
    final Lab lab = new Lab();

    private PodmanSocket socket;

    @BeforeEach
    void serve() throws Exception {
        socket = PodmanSocket.open();
    }

    @AfterEach
    void stop() throws Exception {
        socket.close();
    }

    @Test
    void runningContainerIsProvisioned() throws Exception {
        try (GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(LabImage.PLAIN.reference()))
                .withLabels(PodmanSocket.labels())
                .withEnv("FROM", "testcontainers")
                .withCommand("sleep", "infinity")) {
            container.start();

            try (RunningContainersProvisioner systems = RunningContainersProvisioner.of(container.getContainerId())) {
                systems.provision(1);
                Remote system = ((Offer.Ready) systems.take(Duration.ofSeconds(60))).remote();
                assertThat(system.labels()).containsEntry("distro", "debian-12");
                assertThat(system.connection().run(Command.bash("echo $FROM")).stdout())
                        .isEqualTo("testcontainers\n");
            }

            assertThat(container.isRunning())
                    .as("the provisioner does not stop the container")
                    .isTrue();
        }
    }
}
