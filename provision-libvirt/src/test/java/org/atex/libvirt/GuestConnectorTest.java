package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.atex.api.Connection;
import org.atex.local.LocalConnection;
import org.atex.ssh.SshOptions;
import org.atex.testkit.Call;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.junit.jupiter.api.Test;

class GuestConnectorTest {
    private static final SshOptions OPTIONS = SshOptions.defaults().withoutConfig();

    private static Guest guest(Connection host, int port) {
        return new Guest(host, "machine", "127.0.0.1", port, "", false, Duration.ofSeconds(1));
    }

    @Test
    void addressOfAnotherMachineIsNotTakenForOneOfThisMachine() throws Exception {
        try (FakeProvisioner hosts = FakeProvisioner.of(FakeSystem.ready())) {
            hosts.provision(1);
            Connection host = hosts.take(Call.SOON).orThrow().connection();
            assertThatThrownBy(() -> GuestConnector.ssh(OPTIONS).connect(guest(host, 22)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("machine")
                    .hasMessageContaining(host.toString())
                    .hasMessageContaining("GuestConnector.ssh(jumpHosts, jumpOptions, options)");
        }
    }

    @Test
    void virtualMachineWithoutANetworkIsTold() throws Exception {
        try (LocalConnection host = LocalConnection.open()) {
            assertThatThrownBy(() -> GuestConnector.ssh(OPTIONS).connect(guest(host, 0)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("has no network for ssh");
        }
    }
}
