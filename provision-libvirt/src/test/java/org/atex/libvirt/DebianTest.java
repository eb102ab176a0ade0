package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Remote;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Virtual machines with a whole distribution, Debian with systemd and OpenSSH. The server of the serial port is installed
 * over ssh. {@link DebianRebootIT} reboots one.
 */
@Timeout(1800)
class DebianTest {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    private static final LocalConnection HOST = LocalConnection.open();

    /** A unit whose process holds some text in memory only. */
    private static final String PREPARE = """
        set -e
        systemctl is-system-running --wait
        systemd-run --unit=prepared bash -c 'text="from the preparation"; trap "echo $text" USR1; sleep infinity & wait'
        logger 'before the state'
        """;

    private static final String SHOW = """
        systemctl is-system-running
        hostname
        logger since
        journalctl --sync
        journalctl -b -o cat -t root
        systemctl kill -s USR1 prepared
        until journalctl -b -o cat -u prepared | grep preparation; do sleep 0.1; done
        cat /etc/machine-id /proc/sys/kernel/random/boot_id
        ssh-keyscan -T 300 -t ecdsa,ed25519,rsa 127.0.0.1 2>/dev/null
        for key in /etc/ssh/ssh_host_*_key; do
            [[ $(<"$key.pub") == "$(ssh-keygen -y -f "$key")"* ]] || echo "the public key of $key is another one"
        done
        """;

    @SuppressWarnings("NullAway.Init")
    private static LibvirtProvisioner provisioner;

    @BeforeAll
    static void open() throws Exception {
        GuestTemplate template = Guests.debian(LAB)
                .withConnector(Guests.installed(LAB))
                .withPreparation(guest -> guest.run(Command.bash(PREPARE)).orThrow());
        // Its boot takes half a minute of an idle processor.
        provisioner = LibvirtProvisioner.builder(HOST, template)
                .maxSystems(2)
                .startWithin(Duration.ofMinutes(10))
                .build();
    }

    @AfterAll
    static void close() throws Exception {
        provisioner.close();
        HOST.close();
        Guests.assertNothingLeft(LAB);
    }

    @Test
    void systemsContinueFromTheStateWithAnIdentityOfTheirOwn() throws Exception {
        List<Remote> systems = new ArrayList<>();
        provisioner.provision(2);
        Set<String> identities = new HashSet<>();
        try {
            for (int i = 0; i < 2; i++) {
                Remote system = provisioner.take(Guests.LONG).orThrow();
                systems.add(system);
                List<String> lines = Guests.run(system, SHOW).lines().toList();
                assertThat(lines.subList(0, 4))
                        .as("state, host name, journal of this boot, and what a process of the state says")
                        .containsExactly("running", system.name(), "since", "from the preparation");
                assertThat(lines.subList(4, lines.size()))
                        .as("identities")
                        .hasSize(5)
                        .allSatisfy(line -> assertThat(identities.add(line))
                                .as("%s is of %s only", line, system.name())
                                .isTrue());
            }
        } finally {
            systems.forEach(Remote::close);
        }
    }

    @Test
    void processorRunsProgramsOfNewerDistributions() throws Exception {
        try (Remote system = Guests.ready(provisioner)) {
            // RHEL 9 needs version 2 of the architecture, RHEL 10 version 3.
            assertThat(Guests.run(system, "/lib64/ld-linux-x86-64.so.2 --help"))
                    .contains("x86-64-v2 (supported")
                    .contains("x86-64-v3 (supported");
        }
    }

    @Test
    void installedSerialPortSurvivesStopsOfServices() throws Exception {
        try (Remote system = Guests.ready(provisioner)) {
            for (String breakage : List.of(
                    "systemctl stop ssh.service systemd-networkd.service; rm -rf /etc/ssh /root/.ssh",
                    "systemctl isolate rescue.target",
                    "systemctl daemon-reexec")) {
                Guests.run(system, breakage);
                assertThat(Guests.run(system, "echo works")).as(breakage).isEqualTo("works");
            }
            assertThatThrownBy(() -> Guests.run(system, "systemctl kill -s KILL atex-serial.service; sleep 1000"))
                    .isInstanceOf(ConnectionLostException.class);
            system.connection().reconnect(Guests.LONG);
            assertThat(Guests.run(system, "systemctl is-active atex-serial.service"))
                    .isEqualTo("active");
        }
    }
}
