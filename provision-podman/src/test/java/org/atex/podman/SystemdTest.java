package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Containers booted with systemd. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class SystemdTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    // Prints the start time of the first process, which a reboot changes. The boot_id of the kernel is that of this
    // machine.
    private static final Command BOOT_TIME = Command.bash("cut -d ' ' -f 22 /proc/1/stat");

    @RegisterExtension
    final Lab lab = new Lab();

    @AfterEach
    void containersAreRemoved() throws Exception {
        PodmanCli.assertNoContainersLeft();
    }

    private static PodmanProvisioner.Builder booting() {
        return PodmanProvisioner.builder(LabImage.SYSTEMD.reference())
                .pull(PullPolicy.NEVER)
                .systemd();
    }

    private static Remote taken(Provisioner provisioner) throws Exception {
        provisioner.provision(1);
        return ((Offer.Ready) provisioner.take(LONG)).remote();
    }

    @Test
    void systemIsOfferedAfterItHasBooted() throws Exception {
        try (Provisioner provisioner = booting().build();
                Remote system = taken(provisioner)) {
            assertThat(system.connection()
                            .run(Command.of("systemctl", "is-system-running"))
                            .stdout())
                    .isIn("running\n", "degraded\n");
            assertThat(system.connection()
                            .run(Command.of("systemctl", "is-active", "ssh"))
                            .stdout())
                    .isEqualTo("active\n");
            assertThat(system.labels()).containsEntry("distro", "debian-12").containsEntry("os", "linux");
        }
    }

    @Test
    void rebootInsideRestartsTheContainer() throws Exception {
        try (Provisioner provisioner = booting().build();
                Remote system = taken(provisioner)) {
            Connection connection = system.connection();
            String before = connection.run(BOOT_TIME).orThrow().stdout();
            connection.run(Command.bash("echo kept > /var/tmp/kept")).orThrow();
            try (RunningCommand lost = connection.start(Command.of("sleep", "1000"))) {
                connection.start(Command.of("systemctl", "reboot")).close();
                connection.run(Command.of("systemctl", "reboot"));
                assertThatThrownBy(lost::await).isInstanceOfAny(ConnectionLostException.class);
            } catch (ConnectionLostException e) {
                // The reboot was faster than the commands.
            }

            connection.reconnect(LONG);

            assertThat(connection.run(BOOT_TIME).orThrow().stdout()).isNotEqualTo(before);
            assertThat(connection.run(Command.of("cat", "/var/tmp/kept")).stdout())
                    .isEqualTo("kept\n");
            assertThat(connection
                            .run(Command.of("systemctl", "is-system-running"))
                            .stdout())
                    .isIn("running\n", "degraded\n");
            assertThat(connection.run(Command.of("false")).end()).isEqualTo(new CommandEnd.Exited(1));
        }
    }

    @Test
    void failedUnitsAreReportedIfBootTimesOut() throws Exception {
        String unit = "[Unit]\\nDefaultDependencies=no\\n[Service]\\nType=oneshot\\nTimeoutStartSec=infinity\\n"
                + "ExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n";
        String broken = "[Service]\\nType=oneshot\\nExecStart=/bin/false\\n[Install]\\nWantedBy=multi-user.target\\n";
        String made = PodmanImage.from(LabImage.SYSTEMD.reference())
                .line("RUN printf '" + unit + "' > /etc/systemd/system/stuck.service && printf '" + broken
                        + "' > /etc/systemd/system/broken.service && systemctl enable stuck broken")
                .build();
        try (Provisioner provisioner = PodmanProvisioner.builder(made)
                .pull(PullPolicy.NEVER)
                .systemd()
                .startWithin(Duration.ofSeconds(8))
                .build()) {
            provisioner.provision(1);
            Offer offer = provisioner.take(LONG);
            assertThat(offer).isInstanceOf(Offer.Failed.class);
            ProvisioningException cause = ((Offer.Failed) offer).cause();
            assertThat(cause).hasMessageContaining("broken.service").hasMessageContaining(made);
        } finally {
            PodmanImage.remove(made);
        }
    }
}
