package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atex.api.ConnectionLostException;
import org.atex.api.Remote;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A reboot of Debian in a system that continues from a state. An emulated processor needs over a minute for it: the build
 * does not run it, {@code -Dtest=DebianRebootIT} does.
 */
@Timeout(900)
class DebianRebootIT {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @Test
    void rebootedSystemHasANewBootId() throws Exception {
        GuestTemplate template = Guests.debian(LAB).withPreparation(guest -> {});
        try (LocalConnection host = LocalConnection.open();
                LibvirtProvisioner provisioner =
                        LibvirtProvisioner.builder(host, template).build();
                Remote system = Guests.ready(provisioner)) {
            String boot = Guests.run(system, "cat /proc/sys/kernel/random/boot_id");
            String machine = Guests.run(system, "cat /etc/machine-id");
            assertThatThrownBy(() -> Guests.run(system, "systemctl reboot; sleep 1000"))
                    .isInstanceOf(ConnectionLostException.class);

            system.connection().reconnect(Guests.LONG);

            assertThat(Guests.run(system, "cat /proc/sys/kernel/random/boot_id"))
                    .isNotEqualTo(boot);
            assertThat(Guests.run(system, "cat /etc/machine-id")).isEqualTo(machine);
            assertThat(Guests.run(system, "hostname")).isEqualTo(system.name());
            assertThat(system.reset()).isTrue();
            assertThat(Guests.run(system, "systemctl is-system-running")).isEqualTo("running");
        }
    }
}
