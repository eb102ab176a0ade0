package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.Libvirt;
import org.atex.lab.OpenSsh;
import org.atex.local.LocalConnection;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Virtual machines of a host that is reached over ssh, as one that was reserved elsewhere. */
@Timeout(400)
class SshHostTest {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @TempDir
    private Path directory;

    private OpenSsh server;
    private SshConnection host;

    @BeforeEach
    void connect() throws Exception {
        server = OpenSsh.start(directory);
        host = SshConnection.open(server.destination(), hostOptions());
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        host.close();
        server.close();
        Guests.assertNothingLeft(LAB);
    }

    private SshOptions hostOptions() {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withKey(directory.resolve("id"))
                .withHostKeys(HostKeys.knownHosts(directory.resolve("known_hosts")));
    }

    private LibvirtProvisioner provisioner(GuestTemplate options) throws InterruptedException {
        return LibvirtProvisioner.builder(host, options).maxSystems(2).build();
    }

    @Test
    void systemsAreForkedAndResetThroughTheirSerialPorts() throws Exception {
        GuestTemplate options = Guests.serial(LAB)
                .withPreparation(guest ->
                        guest.run(Command.bash("echo prepared >/etc/prepared")).orThrow());
        List<Remote> systems = new ArrayList<>();
        try (LibvirtProvisioner provisioner = provisioner(options)) {
            provisioner.provision(2);
            for (int i = 0; i < 2; i++) {
                systems.add(provisioner.take(Guests.LONG).orThrow());
            }
            for (Remote system : systems) {
                Guests.run(system, "echo of " + system + " >>/etc/prepared");
            }
            for (Remote system : systems) {
                assertThat(Guests.run(system, "cat /etc/prepared")).isEqualTo("prepared\nof " + system);
            }
            Remote first = systems.getFirst();
            assertThat(first.reset()).isTrue();
            assertThat(Guests.run(first, "cat /etc/prepared")).isEqualTo("prepared");

            assertThatThrownBy(() -> Guests.run(first, "sync; echo b >/proc/sysrq-trigger; sleep 1000"))
                    .isInstanceOf(ConnectionLostException.class);
            first.connection().reconnect(Guests.LONG);
            assertThat(Guests.run(first, "cat /etc/prepared")).isEqualTo("prepared");
        } finally {
            systems.forEach(Remote::close);
        }
    }

    @Test
    void systemIsReachedThroughItsHost() throws Exception {
        GuestTemplate options = Guests.options(LAB)
                .withConnector(GuestConnector.ssh(server.destination(), hostOptions(), Guests.ssh(LAB.key())));
        try (LibvirtProvisioner provisioner = provisioner(options);
                Remote system = Guests.ready(provisioner)) {
            assertThat(Guests.run(system, "echo works")).isEqualTo("works");
        }
    }

    @Test
    void systemIsLostWithItsHostAndSweptLater() throws Exception {
        LibvirtProvisioner provisioner = provisioner(Guests.serial(LAB));
        Remote system = Guests.ready(provisioner);
        try (RunningCommand command = system.connection().start(Command.of("sleep", "600"))) {
            server.kill();

            assertThatThrownBy(command::await).isInstanceOf(ConnectionLostException.class);
            assertThat(Guests.failure(system)).contains("127.0.0.1");
        }
        system.close();
        provisioner.close();
        assertThat(LAB.processes())
                .as("the virtual machine, which nobody could remove")
                .hasSize(1);

        try (LocalConnection local = LocalConnection.open()) {
            LibvirtProvisioner.sweep(local, Guests.options(LAB), provisioner.run());
        }
        assertThat(LAB.processes()).isEmpty();
    }
}
