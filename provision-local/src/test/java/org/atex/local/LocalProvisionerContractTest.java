package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.atex.api.Provisioner;
import org.atex.provision.SystemLabels;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class LocalProvisionerContractTest extends ProvisionerContract {
    @Override
    protected Provisioner open() {
        return LocalProvisioner.withMaxSystems(3);
    }

    @Override
    protected int maxSystems() {
        return 3;
    }

    @Test
    void capBelowOneIsRefused() {
        assertThatThrownBy(() -> LocalProvisioner.withMaxSystems(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 1");
    }

    /** Failures are counted by host, and all systems are the same machine. */
    @Test
    void allSystemsHaveOneHost() throws Exception {
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(2)) {
            provisioner.provision(2);
            for (int i = 0; i < 2; i++) {
                assertThat(provisioner.take(Duration.ofSeconds(30)).orThrow().host())
                        .isEqualTo("localhost");
            }
        }
    }

    @Test
    void labelsAreThoseThatASystemReportsItself() throws Exception {
        try (LocalConnection connection = LocalConnection.open();
                LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(1)) {
            assertThat(provisioner.labels()).containsAllEntriesOf(SystemLabels.of(connection));
        }
    }

    @Test
    void labelsComeFromOsRelease() {
        List<String> release = List.of("NAME=\"Some Linux\"", "# a comment", "", "ID=some", "VERSION_ID=\"12\"");

        assertThat(MachineLabels.of("Linux", "amd64", release))
                .isEqualTo(Map.of("os", "linux", "arch", "x86_64", "distro", "some-12", "distro-version", "12"));
        assertThat(MachineLabels.of("Linux", "aarch64", List.of("ID='rolling'")))
                .isEqualTo(Map.of("os", "linux", "arch", "aarch64", "distro", "rolling"));
        assertThat(MachineLabels.of("Mac OS X", "aarch64", List.of())).doesNotContainKey("distro");
    }
}
