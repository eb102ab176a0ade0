package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** Containers that Testcontainers describes and starts, over podman's socket, are systems too. */
@Timeout(120)
class TestcontainersTest {
    private static final Path SOCKET = Path.of(System.getenv("DOCKER_HOST").replaceFirst("unix://", ""));

    @RegisterExtension
    final Lab lab = new Lab();

    private Process service;

    @BeforeEach
    void serve() throws Exception {
        Files.deleteIfExists(SOCKET);
        service = new ProcessBuilder("podman", "system", "service", "--time=0", "unix://" + SOCKET)
                .inheritIO()
                .start();
        while (!answers()) {
            assertThat(service.isAlive()).as("podman's service runs").isTrue();
            TimeUnit.MILLISECONDS.sleep(20); // nobody tells when it listens
        }
    }

    private static boolean answers() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(SOCKET));
        } catch (java.io.IOException e) {
            return false;
        }
    }

    @AfterEach
    void stop() throws Exception {
        service.destroy();
        assertThat(service.waitFor(10, TimeUnit.SECONDS)).isTrue();
        Files.deleteIfExists(SOCKET);
    }

    @Test
    void startedContainerIsASystem() throws Exception {
        try (GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(LabImage.PLAIN.reference()))
                .withEnv("FROM", "testcontainers")
                .withCommand("sleep", "infinity")) {
            container.start();

            try (RunningContainers systems = RunningContainers.of(container.getContainerId())) {
                systems.provision(1);
                Remote system = ((Offer.Ready) systems.take(Duration.ofSeconds(60))).remote();
                assertThat(system.labels()).containsEntry("distro", "debian-12");
                assertThat(system.connection().run(Command.bash("echo $FROM")).stdout())
                        .isEqualTo("testcontainers\n");
            }

            assertThat(container.isRunning()).as("it is left to who started it").isTrue();
        }
    }
}
