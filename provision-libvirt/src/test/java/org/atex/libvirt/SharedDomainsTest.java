package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Offer;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.lab.ChildJvm;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Two predefined domains, which two programs share. */
@Timeout(600)
class SharedDomainsTest {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    private static final Duration LEASE = Duration.ofSeconds(5);
    static final List<String> NAMES = List.of("shared-1", "shared-2");

    @TempDir
    Path directory;

    private final LocalConnection host = LocalConnection.open();

    /** Defines a domain of the guest of the lab. */
    static void define(Libvirt lab, Path directory, String name) throws Exception {
        Path disk = Files.copy(lab.disk(), directory.resolve(name + ".qcow2"));
        Path xml = Files.writeString(directory.resolve(name + ".xml"), """
            <domain type='qemu'><name>%s</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
            <os><type machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>
            <cmdline>%s</cmdline></os>
            <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>
            <target dev='vda' bus='virtio'/></disk></devices></domain>
            """.formatted(
                        name, lab.kernel(), lab.initrd(), Libvirt.COMMAND_LINE, disk));
        lab.virsh("define", xml.toString());
    }

    @BeforeEach
    void define() throws Exception {
        for (String name : NAMES) {
            define(LAB, directory, name);
        }
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        host.close();
        for (String name : NAMES) {
            LAB.virsh("undefine", name);
        }
        Guests.assertNothingLeft(LAB);
    }

    static List<GuestTemplate> templates(String uri, Path systems, Path key) {
        List<GuestTemplate> templates = new ArrayList<>();
        for (String name : NAMES) {
            templates.add(GuestTemplate.domain(name)
                    .withUri(uri)
                    .withDirectory(systems.toString())
                    .withConnector(GuestConnector.ssh(Guests.ssh(key))));
        }
        return templates;
    }

    private SharedDomainsProvisioner.Builder builder() {
        return SharedDomainsProvisioner.builder(
                        host, directory.resolve("locks").toString(), templates(LAB.uri(), LAB.systems(), LAB.key()))
                .lease(LEASE);
    }

    private static Remote ready(SharedDomainsProvisioner domains) throws Exception {
        domains.provision(1);
        return domains.take(Guests.LONG).orThrow();
    }

    @Test
    void domainIsUsedByOneProgramAtATime() throws Exception {
        try (SharedDomainsProvisioner one = builder().build();
                SharedDomainsProvisioner other =
                        builder().lockWithin(Duration.ofSeconds(1)).build()) {
            assertThat(one.maxSystems()).isEqualTo(2);
            Remote first = ready(one);
            try (Remote second = ready(one)) {
                assertThat(List.of(first.labels().get("domain"), second.labels().get("domain")))
                        .containsExactlyInAnyOrderElementsOf(NAMES);
                other.provision(1);
                Offer.Failed failed = (Offer.Failed) other.take(Guests.LONG);
                assertThat(failed.cause())
                        .isInstanceOf(ProvisioningException.class)
                        .hasMessageContaining("no domain of " + host + " was free within PT1S")
                        .hasMessageContaining("shared-1")
                        .hasMessageContaining(
                                "process " + ProcessHandle.current().pid());

                first.close();
                try (Remote third = ready(other)) {
                    assertThat(third.labels())
                            .containsEntry("domain", first.labels().get("domain"));
                    Guests.run(third, "touch /changed; sync");
                    assertThat(third.reset()).isTrue();
                    assertThat(Guests.run(third, "ls /")).doesNotContain("changed");
                    assertThat(second.reset())
                            .as("renewed for longer than the lease")
                            .isTrue();

                    other.unlock(String.valueOf(third.labels().get("domain")));
                    Call.eventually(
                            "the loss is known",
                            () -> Guests.failure(third)
                                    .contains("the lock of the domain "
                                            + third.labels().get("domain") + " is held by nobody"));
                    assertThat(third.reset()).isFalse();
                }
            }
            assertThat(one.locks()).isEmpty();
        }
    }

    @Test
    void domainOfAKilledProgramIsTakenAfterItsLease() throws Exception {
        Process program = ChildJvm.start(
                directory,
                ChildJvm.command(
                        "128m",
                        KilledSharer.class,
                        LAB.uri(),
                        LAB.systems().toString(),
                        LAB.key().toString(),
                        directory.resolve("locks").toString()));
        assertThat(ChildJvm.linesUntilKilled(program, 1)).isEqualTo(1);

        try (SharedDomainsProvisioner domains = builder().build()) {
            domains.provision(2);
            try (Remote first = domains.take(Guests.LONG).orThrow();
                    Remote second = domains.take(Guests.LONG).orThrow()) {
                assertThat(List.of(first.labels().get("domain"), second.labels().get("domain")))
                        .containsExactlyInAnyOrderElementsOf(NAMES);
            }
        }
    }

    @Test
    void wrongDomainsAreReported() {
        GuestTemplate domain = GuestTemplate.domain("a");
        assertThatThrownBy(() -> SharedDomainsProvisioner.builder(host, "locks", List.of(domain)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'locks'");
        assertThatThrownBy(() -> SharedDomainsProvisioner.builder(host, "/locks", List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SharedDomainsProvisioner.builder(host, "/locks", List.of(domain, domain)))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> SharedDomainsProvisioner.builder(
                        host,
                        "/locks",
                        List.of(domain, GuestTemplate.domain("b").withUri("qemu:///session"))))
                .hasMessageContaining("same URI");
        assertThatThrownBy(() ->
                        SharedDomainsProvisioner.builder(host, "/locks", List.of(GuestTemplate.image("/disk.qcow2"))))
                .hasMessageContaining("/disk.qcow2");
    }

    @Test
    void domainThatDoesNotStartCostsOneRequestAndALossIsReported() throws Exception {
        LAB.virsh("start", "--paused", "shared-1");
        try (SharedDomainsProvisioner domains = builder().maxSystems(1).build()) {
            domains.provision(1);
            Offer.Failed failed = (Offer.Failed) domains.take(Guests.LONG);
            assertThat(failed.cause()).hasMessageContaining("shared-1").hasMessageContaining("must be shut off");
            try (Remote system = ready(domains)) {
                assertThat(system.labels()).containsEntry("domain", "shared-2");
                LAB.virsh("destroy", system.name());
                Call.eventually(
                        "the loss is known", () -> Guests.failure(system).contains("has ended"));
                assertThat(Guests.failure(system)).contains(system.name());
            }
        } finally {
            LAB.virsh("destroy", "shared-1");
        }
    }
}
