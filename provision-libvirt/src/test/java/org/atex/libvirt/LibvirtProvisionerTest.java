package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Offer;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.ChildJvm;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.atex.support.SystemOwner;
import org.atex.testkit.Call;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Virtual machines that boot from the image of the lab. They boot by emulation, so that one test checks several rules. */
@Timeout(400)
class LibvirtProvisionerTest {
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
    void systemIsAnOverlayAndIsFreshAfterAReset() throws Exception {
        byte[] image = Files.readAllBytes(LAB.disk());
        try (LibvirtProvisioner provisioner =
                        builder(Guests.options(LAB).withConsoles(directory)).build();
                Remote system = Guests.ready(provisioner)) {
            assertThat(system.name()).matches("atex-disk-[0-9a-f]{8}-00001");
            assertThat(system.labels())
                    .containsAllEntriesOf(provisioner.labels())
                    .containsAllEntriesOf(Map.of("distro", "atex-lab-1", "root", "yes", "cpus", "1", "reset", "fresh"));
            assertThat(LAB.virsh("metadata", system.name(), DomainXml.METADATA))
                    .contains(provisioner.run(), SystemOwner.current());
            String boot = Guests.run(system, "cat /proc/sys/kernel/random/boot_id");
            Guests.run(system, "echo changed >/etc/changed; rm /bin/ls; sync");

            assertThat(system.reset()).isTrue();

            assertThat(Guests.run(system, "cat /proc/sys/kernel/random/boot_id"))
                    .isNotEqualTo(boot);
            assertThat(Guests.run(system, "ls /bin/ls; test ! -e /etc/changed")).isEqualTo("/bin/ls");
        }
        assertThat(Files.readAllBytes(LAB.disk())).as("the image").isEqualTo(image);
        assertThat(Guests.files(directory))
                .as("consoles")
                .hasSize(2)
                .allSatisfy(file -> assertThat(Path.of(file)).content().contains("the lab guest is up"));
    }

    @Test
    void panicAndEndOfAVirtualMachineAreReportedAtOnce() throws Exception {
        try (LibvirtProvisioner provisioner = builder(Guests.options(LAB)).build()) {
            provisioner.provision(2);
            try (Remote panics = provisioner.take(Guests.LONG).orThrow();
                    Remote ends = provisioner.take(Guests.LONG).orThrow()) {
                // Hostile output: no line ends, half characters, and control characters that move the cursor.
                Guests.run(panics, "head -c 100000 /dev/urandom >/dev/ttyS0; printf '\\33[2J\\303' >/dev/ttyS0");
                try (RunningCommand waits = panics.connection().start(Command.of("sleep", "1000"))) {
                    Call<Boolean> crash =
                            Call.to(() -> panics.connection().run(Command.bash("echo c >/proc/sysrq-trigger")));

                    assertThatThrownBy(waits::await)
                            .isInstanceOf(ConnectionLostException.class)
                            .hasMessageContaining("Kernel panic - not syncing: sysrq triggered crash");
                    assertThat(crash.failure()).isInstanceOf(ConnectionLostException.class);
                }
                assertThatThrownBy(() -> panics.connection().run(Command.of("true")))
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining(panics.name())
                        .hasMessageContaining("Kernel panic");

                try (RunningCommand waits = ends.connection().start(Command.of("sleep", "1000"))) {
                    kill(ends.name());
                    assertThatThrownBy(waits::await).isInstanceOf(ConnectionLostException.class);
                }
                Call.eventually("the end is known", () -> Guests.failure(ends).contains("has ended"));
                assertThat(panics.reset()).as("a lost system can be reset").isTrue();
                assertThat(Guests.run(panics, "echo works")).isEqualTo("works");
            }
        }
    }

    private static void kill(String name) throws Exception {
        new ProcessBuilder("pkill", "-KILL", "-f", "guest=" + name + ",")
                .start()
                .waitFor();
    }

    @Test
    void virtualMachineThatDoesNotBootIsReportedWithItsConsole() throws Exception {
        GuestTemplate stops = Guests.options(LAB)
                .withKernel(LAB.kernel().toString(), LAB.initrd().toString(), Libvirt.COMMAND_LINE + " atex.stop");
        try (LibvirtProvisioner provisioner =
                builder(stops).startWithin(Duration.ofSeconds(12)).build()) {
            provisioner.provision(1);
            Offer offer = provisioner.take(Guests.LONG);

            assertThat(offer).isInstanceOf(Offer.Failed.class);
            assertThat(((Offer.Failed) offer).cause())
                    .hasMessageContaining("PT12S")
                    .hasMessageContaining("stopped before the root file system");
        }
    }

    /** {@return a type that the provisioner must not use, if libvirt accepts one} Kernels do not boot with every KVM. */
    private static String kvmIfAny() {
        return Files.exists(Path.of("/dev/kvm")) ? "kvm" : "qemu";
    }

    /** The processor of the host is replaced, as it cannot be emulated. */
    @Test
    void shutOffDomainIsATemplate() throws Exception {
        Path disk = Files.copy(LAB.disk(), directory.resolve("own.qcow2"));
        byte[] before = Files.readAllBytes(disk);
        Path xml = Files.writeString(directory.resolve("own.xml"), """
                    <domain type='%s'><name>own machine</name><uuid>%s</uuid><memory unit='MiB'>144</memory><vcpu>1</vcpu>
                    <cpu mode='host-passthrough'/>
                    <os><type machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>
                    <cmdline>%s</cmdline></os>
                    <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>
                    <target dev='vda' bus='virtio'/></disk>
                    <interface type='user'><mac address='52:54:00:00:00:01'/></interface>
                    <serial type='pty'/><console type='pty'/></devices></domain>
                    """.formatted(
                        kvmIfAny(), UUID.randomUUID(), LAB.kernel(), LAB.initrd(), Libvirt.COMMAND_LINE, disk));
        LAB.virsh("define", xml.toString());
        GuestTemplate options = GuestTemplate.domain("own machine")
                .withUri(LAB.uri())
                .withDirectory(LAB.systems().toString())
                .withConnector(GuestConnector.ssh(Guests.ssh(LAB.key())));
        try {
            try (LibvirtProvisioner provisioner =
                            builder(options).memoryLimit(220).build();
                    Remote system = Guests.ready(provisioner)) {
                assertThat(provisioner.maxSystems())
                        .as("144 MiB and 64 MiB each, at most 220 MiB")
                        .isEqualTo(1);
                assertThat(Guests.run(system, "touch /new; sync; echo $((MemTotal)); nproc"))
                        .endsWith("1");
            }
            assertThat(Files.readAllBytes(disk)).isEqualTo(before);
            assertThat(LAB.virsh("domstate", "own machine")).isEqualTo("shut off");
        } finally {
            LAB.virsh("undefine", "own machine");
        }
    }

    @Test
    void wrongOptionsAreReported() throws Exception {
        GuestTemplate options = Guests.options(LAB);
        assertThatThrownBy(() -> builder(options).memoryLimit(100).build())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("192 MiB")
                .hasMessageContaining("memoryLimit is 100 MiB");
        assertThatThrownBy(() -> LibvirtProvisioner.builder(
                                host, GuestTemplate.domain("none").withUri(LAB.uri()))
                        .build())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("could not find the domain none");
        assertThatThrownBy(() -> builder(options.withUri("qemu+unix:///system?socket=/none"))
                        .build())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("withUri");
        assertThatThrownBy(() -> GuestTemplate.image("relative")).isInstanceOf(IllegalArgumentException.class);
        try (LibvirtProvisioner provisioner = builder(GuestTemplate.image("/no/such/image")
                        .withUri(LAB.uri())
                        .withDirectory(LAB.systems().toString()))
                .build()) {
            provisioner.provision(1);
            assertThat(((Offer.Failed) provisioner.take(Guests.LONG)).cause()).hasMessageContaining("/no/such/image");
        }
    }

    /** The number of lines after which the program is killed: while its systems start, and while one is reset. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void killedProgramLeavesNothingAfterTheNextSweep(int lines) throws Exception {
        Process program = ChildJvm.start(
                directory,
                ChildJvm.command(
                        "128m",
                        KilledProgram.class,
                        LAB.uri(),
                        LAB.systems().toString(),
                        LAB.disk().toString()));
        assertThat(ChildJvm.linesUntilKilled(program, lines)).isGreaterThanOrEqualTo(lines);
        assertThat(Guests.files(LAB.systems())).isNotEmpty();

        // A script of the program may still be running on the host.
        Call.eventually("nothing is left", () -> {
            swept(Guests.options(LAB));
            return isClean();
        });
    }

    private static boolean isClean() {
        try {
            return Guests.files(LAB.systems()).isEmpty()
                    && LAB.processes().isEmpty()
                    && LAB.virsh("list", "--all", "--name").isBlank();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void otherLeasesAreKeptAndOverdueOnesAreRemoved() throws Exception {
        GuestTemplate options = Guests.options(LAB);
        try (LibvirtProvisioner kept = builder(options).build();
                LibvirtProvisioner overdue =
                        builder(options).lease(Duration.ofSeconds(1)).build()) {
            Call.eventually("the lease is over", () -> !swept(options).isEmpty());

            assertThat(Guests.files(LAB.systems()))
                    .containsExactly(LAB.systems().resolve(kept.run()).toString());
            assertThat(LibvirtProvisioner.sweep(host, options, kept.run())).containsExactly(kept.run());
            assertThat(overdue.run()).isNotEqualTo(kept.run());
        }
    }

    private List<String> swept(GuestTemplate options) {
        try {
            return LibvirtProvisioner.sweep(host, options);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
