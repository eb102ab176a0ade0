package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
@ExtendWith(LeakCheck.class)
class ResetTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    @RegisterExtension
    final Lab lab = new Lab();

    @AfterEach
    void containersAreRemoved() throws Exception {
        PodmanCli.assertNoContainersLeft();
    }

    private static Remote ready(PodmanProvisioner provisioner) throws Exception {
        provisioner.provision(1);
        return provisioner.take(LONG).orThrow();
    }

    private static PodmanProvisioner.Builder builder(String kind) {
        PodmanProvisioner.Builder builder = PodmanProvisioner.builder(
                        (kind.equals("systemd") ? LabImage.SYSTEMD : LabImage.PLAIN).reference())
                .pull(PullPolicy.NEVER);
        return switch (kind) {
            case "plain" -> builder;
            case "port" -> builder.runOptions("--publish=127.0.0.1::8080", "--volume=/data");
            case "systemd" -> builder.systemd();
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** The reset must undo whatever a test has done: files, processes, the first process, memory in /dev/shm. */
    @ParameterizedTest
    @ValueSource(strings = {"plain", "port", "systemd"})
    void resetSystemIsFreshAndKeepsItsNameAndConnection(String kind) throws Exception {
        try (PodmanProvisioner provisioner = builder(kind).build();
                Remote system = ready(provisioner)) {
            Connection connection = system.connection();
            String name = system.name();
            String state =
                    "ls -A /root /dev/shm /data /var/tmp 2>&1 | grep -v 'atex\\|systemd-private'; pgrep -c sleep";
            String before = connection.run(Command.bash(state)).stdout();
            for (int round = 1; round <= 2; round++) {
                connection.run(Command.bash("touch /root/a /dev/shm/b /data/c /var/tmp/d; rm -rf /usr/bin/apt"));
                RunningCommand running = connection.start(Command.bash("setsid sleep 600 & sleep 600"));

                assertThat(system.reset()).isTrue();

                assertThatThrownBy(running::await).isInstanceOf(ConnectionLostException.class);
                running.close();
                assertThat(system.connection()).isSameAs(connection);
                assertThat(system.name()).isEqualTo(name);
                assertThat(connection.run(Command.bash(state)).stdout()).isEqualTo(before);
                assertThat(connection
                                .run(Command.of("test", "-e", "/usr/bin/apt"))
                                .end())
                        .isEqualTo(new CommandEnd.Exited(0));
            }
        }
    }

    @Test
    void lostSystemIsUsableAfterAReset() throws Exception {
        try (PodmanProvisioner provisioner = builder("plain").build();
                Remote system = ready(provisioner)) {
            PodmanCli.run("kill", system.name());
            Call.eventually("the connection is lost", () -> isLost(system.connection()));

            assertThat(system.reset()).isTrue();

            assertThat(system.connection().run(Command.of("true")).succeeded()).isTrue();
        }
    }

    private static boolean isLost(Connection connection) {
        try {
            connection.run(Command.of("true"));
            return false;
        } catch (ConnectionLostException e) {
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void failedResetIsReported() throws Exception {
        String image = "localhost/atex-reset-test";
        PodmanCli.run("tag", LabImage.PLAIN.reference(), image);
        try (PodmanProvisioner provisioner =
                        PodmanProvisioner.builder(image).pull(PullPolicy.NEVER).build();
                Remote system = ready(provisioner)) {
            PodmanCli.run("untag", LabImage.PLAIN.reference(), image);
            assertThatThrownBy(system::reset)
                    .isInstanceOf(ProvisioningException.class)
                    .hasMessageContaining("could not replace the container of " + system.name())
                    .hasMessageContaining("image not known");
            assertThat(isLost(system.connection())).isTrue();
        }
    }

    /** Closes or interrupts at random moments; no container and no thread is left. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void resetCanBeStoppedAtAnyMoment(long seed) throws Exception {
        Random random = new Random(seed);
        try (PodmanProvisioner provisioner = builder("plain").build()) {
            Remote system = ready(provisioner);
            Call<Boolean> reset = Call.of(system::reset);
            Thread.sleep(random.nextInt(250)); // the moment is random, and nothing depends on it
            if (random.nextBoolean()) {
                reset.interrupt();
                awaitEnd(reset);
            }
            system.close();
            awaitEnd(reset);
        }
    }

    private static void awaitEnd(Call<Boolean> reset) throws Exception {
        try {
            reset.result(LONG);
        } catch (InterruptedException | ProvisioningException | ConnectionLostException | IllegalStateException e) {
            // Which of them depends on the moment.
        }
    }
}
