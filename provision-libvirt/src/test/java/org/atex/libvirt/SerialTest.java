package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Connections through the serial port of virtual machines. */
@Timeout(400)
class SerialTest {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @TempDir
    Path directory;

    private final LocalConnection host = LocalConnection.open();

    @AfterEach
    void nothingIsLeft() throws Exception {
        host.close();
        Guests.assertNothingLeft(LAB);
    }

    private LibvirtProvisioner.Builder builder(GuestTemplate options) {
        return LibvirtProvisioner.builder(host, options).maxSystems(2);
    }

    @Test
    void connectionSurvivesEveryBreakageOfTheSystem() throws Exception {
        // With a network and a server that a test can break.
        GuestTemplate options = Guests.serial(LAB).withNetwork(GuestNetwork.ISOLATED);
        try (LibvirtProvisioner provisioner = builder(options).build();
                Remote system = Guests.ready(provisioner)) {
            for (String breakage : List.of(
                    // Installed anew, while it serves this connection.
                    """
                    cat /usr/local/lib/atex-serial/authorized >/tmp/keys
                    /usr/local/lib/atex-serial/atex-serial install /tmp/keys""",
                    "ip link set eth0 down; ip link set lo down; ip address flush dev eth0",
                    // As pkill does with a pattern.
                    """
                    for comm in /proc/[0-9]*/comm; do
                        case $(cat "$comm" 2>/dev/null) in
                            *sshd* | *dropbear*) pid=${comm#/proc/}; kill -KILL "${pid%/comm}" ;;
                        esac
                    done""",
                    "rm -rf /etc/ssh; mkdir /etc/ssh; echo nonsense >/etc/ssh/sshd_config",
                    "rm -rf /etc/dropbear /root/.ssh /usr/sbin/dropbear /usr/sbin/sshd /run/sshd /etc/pam.d",
                    // In place of a firewall, which the kernel of the guest does not have.
                    "ip route flush table main; ip rule del from all lookup main || true")) {
                Guests.run(system, breakage);

                assertThat(Guests.run(system, "echo works")).as(breakage).isEqualTo("works");
                system.connection().reconnect(Guests.LONG);
                assertThat(Guests.run(system, "echo works")).as(breakage).isEqualTo("works");
            }
            assertThat(system.connection().loginCommand()).isEmpty();

            assertThatThrownBy(() -> Guests.run(system, "kill -KILL $(pidof atex-server); sleep 1000"))
                    .isInstanceOf(ConnectionLostException.class);
            system.connection().reconnect(Guests.LONG);
            Guests.run(system, "kill -KILL $(pidof atex-serial)");
            system.connection().reconnect(Guests.LONG);
            assertThat(Guests.run(system, "echo works")).isEqualTo("works");
        }
    }

    @Test
    void systemWithoutANetworkIsReachedAlsoAfterAReboot() throws Exception {
        try (LibvirtProvisioner provisioner = builder(Guests.serial(LAB)).build();
                Remote system = Guests.ready(provisioner)) {
            assertThat(Guests.run(system, "ls /sys/class/net")).isEqualTo("lo");
            String boot = Guests.run(system, "cat /proc/sys/kernel/random/boot_id; sync");

            assertThatThrownBy(() -> Guests.run(system, "echo b >/proc/sysrq-trigger; sleep 1000"))
                    .isInstanceOf(ConnectionLostException.class);
            system.connection().reconnect(Guests.LONG);

            assertThat(Guests.run(system, "cat /proc/sys/kernel/random/boot_id"))
                    .isNotEqualTo(boot);
        }
    }

    @Test
    void systemsThatContinueFromAStateAreReached() throws Exception {
        GuestTemplate options = Guests.serial(LAB)
                .withPreparation(guest -> guest.run(Command.bash("echo in memory >/dev/shm/prepared"))
                        .orThrow());
        try (LibvirtProvisioner provisioner = builder(options).build()) {
            provisioner.provision(2);
            List<Remote> systems = new ArrayList<>();
            Set<String> identities = new HashSet<>();
            try {
                for (int i = 0; i < 2; i++) {
                    systems.add(provisioner.take(Guests.LONG).orThrow());
                    assertThat(Guests.run(systems.get(i), "cat /dev/shm/prepared"))
                            .isEqualTo("in memory");
                    assertThat(identities.add(Guests.run(systems.get(i), "cat /etc/machine-id")))
                            .isTrue();
                }
                Guests.run(systems.getFirst(), "rm /dev/shm/prepared");

                assertThat(systems.getFirst().reset()).isTrue();

                assertThat(Guests.run(systems.getFirst(), "cat /dev/shm/prepared"))
                        .isEqualTo("in memory");
            } finally {
                systems.forEach(Remote::close);
            }
        }
    }

    /** The path of a Unix socket would be too long. */
    @Test
    void portOfTheLoopbackAddressTakesThePlaceOfASocket() throws Exception {
        Path deep = Files.createDirectories(LAB.systems().resolve("d".repeat(80)));
        GuestTemplate options = Guests.serial(LAB).withDirectory(deep.toString());
        try (LibvirtProvisioner provisioner = builder(options).build();
                Remote system = Guests.ready(provisioner)) {
            assertThat(Guests.run(system, "echo works")).isEqualTo("works");
            assertThat(LAB.virsh("dumpxml", system.name())).contains("<channel type='tcp'>");
        } finally {
            Files.delete(deep);
        }
    }

    @Test
    void virtualMachineThatDoesNotServeThePortIsTold() throws Exception {
        GuestTemplate options = Guests.serial(LAB)
                .withKernel(LAB.kernel().toString(), LAB.initrd().toString(), Libvirt.COMMAND_LINE + " atex.stop");
        try (LibvirtProvisioner provisioner =
                builder(options).startWithin(Duration.ofSeconds(20)).build()) {
            provisioner.provision(1);
            Offer offer = provisioner.take(Guests.LONG);

            assertThat(offer).isInstanceOf(Offer.Failed.class);
            assertThat(((Offer.Failed) offer).cause())
                    .hasMessageContaining("PT20S")
                    .hasMessageContaining("org.atex.0")
                    .hasMessageContaining("'atex-serial serve' must run in the virtual machine")
                    .hasMessageContaining("stopped before the root file system");
        }
    }
}
