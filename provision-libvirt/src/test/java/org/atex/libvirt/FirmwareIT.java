package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.Remote;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Domains that boot with UEFI, whose variables each virtual machine has for itself. The build does not run it, as the
 * firmware is not in the lab: {@code -Dtest=FirmwareIT} does, with the package {@code ovmf}.
 */
@Timeout(900)
class FirmwareIT {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @TempDir
    Path directory;

    /** The first two domains have never been started, so that no file has their variables. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "<os firmware='efi'>",
                "<os><loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
                        + "<nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'/>",
                "<os><loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader><nvram>%s</nvram>"
            })
    void domainBootsWithVariablesOfItsOwn(String os) throws Exception {
        Path disk = Files.copy(LAB.disk(), directory.resolve("uefi.qcow2"));
        Path variables = Files.copy(Path.of("/usr/share/OVMF/OVMF_VARS_4M.fd"), directory.resolve("variables"));
        byte[] before = Files.readAllBytes(variables);
        Path xml = Files.writeString(directory.resolve("uefi.xml"), """
                    <domain type='qemu'><name>uefi</name><uuid>%s</uuid><memory unit='MiB'>256</memory><vcpu>1</vcpu>
                    %s<type machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>
                    <cmdline>%s</cmdline></os><features><acpi/></features>
                    <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>
                    <target dev='vda' bus='virtio'/></disk>
                    <serial type='pty'/><console type='pty'/></devices></domain>
                    """.formatted(
                UUID.randomUUID(), os.formatted(variables), LAB.kernel(), LAB.initrd(), Libvirt.COMMAND_LINE, disk));
        LAB.virsh("define", xml.toString());
        GuestTemplate template = GuestTemplate.domain("uefi")
                .withUri(LAB.uri())
                .withDirectory(LAB.systems().toString())
                .withConnector(GuestConnector.ssh(Guests.ssh(LAB.key())))
                .withPreparation(guest ->
                        guest.run(Command.bash("echo prepared >/etc/prepared")).orThrow());
        try (LocalConnection host = LocalConnection.open()) {
            try (LibvirtProvisioner provisioner = LibvirtProvisioner.builder(host, template)
                            .maxSystems(2)
                            .startWithin(Duration.ofMinutes(5))
                            .build();
                    Remote one = Guests.ready(provisioner);
                    Remote other = Guests.ready(provisioner)) {
                for (Remote system : new Remote[] {one, other}) {
                    assertThat(Guests.run(system, "cat /etc/prepared; dmesg | grep -c 'efi: EFI v'"))
                            .isEqualTo("prepared\n1");
                    assertThat(LAB.virsh("dumpxml", system.name()))
                            .contains(LAB.systems() + "/" + provisioner.run() + "/" + system.name() + "/nvram");
                }
                assertThat(one.reset()).isTrue();
            }
        } finally {
            LAB.virsh("undefine", "--keep-nvram", "uefi");
        }
        assertThat(Files.readAllBytes(variables)).isEqualTo(before);
        Guests.assertNothingLeft(LAB);
    }
}
