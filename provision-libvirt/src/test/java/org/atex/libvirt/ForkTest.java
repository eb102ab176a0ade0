package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Command;
import org.atex.api.Outcome;
import org.atex.api.PlainRemote;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.command.CommandExecutor;
import org.atex.lab.Libvirt;
import org.atex.lab.Logs;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Systems that continue from one frozen state. All tests share the state, since only its boot takes long. */
@Timeout(400)
class ForkTest {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    private static final AtomicInteger PREPARED = new AtomicInteger();
    private static final LocalConnection HOST = LocalConnection.open();

    @SuppressWarnings("NullAway.Init")
    private static LibvirtProvisioner provisioner;

    @BeforeAll
    static void open() throws Exception {
        GuestTemplate options = Guests.options(LAB).withPreparation(guest -> {
            PREPARED.incrementAndGet();
            guest.run(Command.bash("echo prepared >/etc/prepared; echo in memory >/dev/shm/prepared; sleep 1000 &"))
                    .orThrow();
        });
        long begun = System.nanoTime();
        provisioner = LibvirtProvisioner.builder(HOST, options).maxSystems(3).build();
        provisioner.provision(1);
        provisioner.take(Guests.LONG).orThrow().close();
        show("the first system", begun);
    }

    @AfterAll
    static void close() throws Exception {
        provisioner.close();
        HOST.close();
        Guests.assertNothingLeft(LAB);
    }

    @TempDir
    Path directory;

    private static void show(String what, long begun) {
        org.slf4j.LoggerFactory.getLogger(ForkTest.class)
                .info(
                        "{}: {} ms",
                        what,
                        Duration.ofNanos(System.nanoTime() - begun).toMillis());
    }

    @Test
    void systemsContinueFromTheStateWithAnIdentityOfTheirOwn() throws Exception {
        List<Remote> systems = new ArrayList<>();
        provisioner.provision(3);
        for (int i = 0; i < 3; i++) {
            systems.add(provisioner.take(Guests.LONG).orThrow());
        }
        try {
            Set<String> identities = new HashSet<>();
            for (Remote system : systems) {
                assertThat(Guests.run(system, "cat /etc/prepared /dev/shm/prepared"))
                        .isEqualTo("prepared\nin memory");
                assertThat(Guests.run(system, "hostname")).isEqualTo(system.name());
                // Between the two moments, however long the command took.
                long before = Instant.now().getEpochSecond();
                long clock = Long.parseLong(Guests.run(system, "date +%s"));
                assertThat(clock)
                        .as("the clock in seconds")
                        .isGreaterThan(before - 5)
                        .isLessThan(Instant.now().getEpochSecond() + 5);
                for (String identity : List.of(
                        "cat /etc/machine-id",
                        "cat /proc/sys/kernel/random/boot_id",
                        "sha256sum </etc/dropbear/key",
                        "cat /proc/sys/kernel/random/uuid")) {
                    assertThat(identities.add(Guests.run(system, identity)))
                            .as("%s of %s differs", identity, system.name())
                            .isTrue();
                }
                Guests.run(system, "echo of " + system.name() + " >/etc/prepared; sync");
            }
            assertThat(Guests.run(systems.get(1), "cat /etc/prepared")).isEqualTo("of " + systems.get(1));
            assertThat(PREPARED).hasValue(1);
        } finally {
            systems.forEach(Remote::close);
        }
    }

    @Test
    void resetContinuesFromTheState() throws Exception {
        long begun = System.nanoTime();
        try (Remote system = Guests.ready(provisioner)) {
            show("one more system", begun);
            for (int i = 0; i < 2; i++) {
                Guests.run(system, "echo changed >/etc/prepared; rm /dev/shm/prepared; sync");
                long reset = System.nanoTime();

                assertThat(system.reset()).isTrue();

                show("a reset", reset);
                assertThat(Guests.run(system, "cat /etc/prepared /dev/shm/prepared"))
                        .isEqualTo("prepared\nin memory");
                assertThat(Guests.run(system, "hostname")).isEqualTo(system.name());
            }
        }
    }

    @Test
    void testOnASystemThatPanicsIsLost() throws Exception {
        List<TestCase> tests = List.of(TestCase.named("panics"));
        try (RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(provisioner)
                        .with(CommandExecutor.factory(test -> Command.bash("echo c >/proc/sysrq-trigger; sleep 60")))
                        .into(results)
                        .maxSystems(1)
                        .workDirectory(directory)
                        .build()) {
            RunSummary summary = run.run();

            assertThat(summary.counts()).as(summary.toString()).isEqualTo(Map.of(Outcome.LOST, 1));
            assertThat(summary.tests().getFirst().end().note()).contains("Kernel panic - not syncing: sysrq");
        }
    }

    /** The fake copies the old overlay, which the new virtual machine then continues with. */
    @Test
    void resetThatDoesNothingIsDetected() throws Exception {
        Path fake = directory.resolve("qemu-img");
        Files.writeString(fake, """
            #!/bin/bash
            [ "$1" = create ] || exec /usr/bin/qemu-img "$@"
            if [ -e "%1$s" ]; then cp "%1$s" "${@: -1}"; else /usr/bin/qemu-img "$@"; fi
            """.formatted(directory.resolve("old")));
        assertThat(fake.toFile().setExecutable(true)).isTrue();
        GuestTemplate options =
                Guests.options(LAB).withEnvironment(Map.of("PATH", directory + ":" + System.getenv("PATH")));
        try (LibvirtProvisioner other =
                        LibvirtProvisioner.builder(HOST, options).build();
                Logs logs = new Logs()) {
            Remote system = Guests.ready(other);
            Path overlay =
                    LAB.systems().resolve(other.run()).resolve(system.name()).resolve("disk-0.qcow2");
            Guests.run(system, "sync");
            Files.copy(overlay, directory.resolve("old"));

            assertThat(system.reset()).isFalse();

            assertThat(logs.messages(Level.WARN)).anyMatch(text -> text.contains("did nothing"));
        }
    }

    @Test
    void virtualMachinesOutliveTheDaemonAndAreRemovedWithoutIt() throws Exception {
        try (Remote system = Guests.ready(provisioner)) {
            LAB.kill();

            assertThat(Guests.run(system, "echo works")).isEqualTo("works");
        } finally {
            LAB.start();
        }
        assertThat(LAB.processes()).isEmpty();
        try (Remote system = Guests.ready(provisioner)) {
            assertThat(Guests.run(system, "echo works")).isEqualTo("works");
        }
    }

    @Test
    void hostKeysThatThisMachineDoesNotGenerateAreRenewedInTheSystem() throws Exception {
        String key = "/etc/dropbear/other+key";
        GuestTemplate options = Guests.options(LAB)
                .withPreparation(guest ->
                        guest.run(Command.of("cp", "/etc/dropbear/key", key)).orThrow());
        assertThat(HostKey.generate(List.of(key))).isEmpty();
        try (LibvirtProvisioner other =
                        LibvirtProvisioner.builder(HOST, options).maxSystems(1).build();
                Remote system = Guests.ready(other)) {
            assertThat(Guests.run(system, "dropbearkey -y -f " + key))
                    .contains("ssh-ed25519")
                    .isNotEqualTo(Guests.run(system, "dropbearkey -y -f /etc/dropbear/key"));
        }
    }

    @Test
    void hostKeyThatCannotBeReplacedIsReported() throws Exception {
        try (Remote system = Guests.ready(provisioner)) {
            // Its server descends from that which listens now, and not from the one of the state.
            system.connection().reconnect(Guests.LONG);
            Identity before = Identity.of(system.connection());
            Guests.run(system, "cd /etc && mount -o bind dropbear dropbear && mount -o remount,bind,ro dropbear");
            Guests.run(system, "umount /proc/sys/kernel/random/boot_id");

            Identity after = Identity.renew(system.connection(), "renamed", HostKey.generate(before.keys()));

            assertThat(before.keys()).containsExactly("/etc/dropbear/key");
            assertThat(after.sharedWith(before, "renamed", Duration.ZERO))
                    .isEqualTo("its ssh host key /etc/dropbear/key is still that of the state");
        }
    }

    @Test
    void systemsAreLostWithTheirHost() throws Exception {
        GuestTemplate options = Guests.options(LAB).withPreparation(guest -> {});
        LocalConnection outer = LocalConnection.open();
        try (LibvirtProvisioner inner = LibvirtProvisioner.builder(
                        PlainRemote.builder("outer-machine", outer).build(), options)
                .build()) {
            Remote system = Guests.ready(inner);
            assertThat(system.host()).isEqualTo("outer-machine");

            outer.close();

            Call.eventually("the system is lost", () -> Guests.failure(system).contains("the host of"));
            assertThat(LibvirtProvisioner.sweep(HOST, options, inner.run()))
                    .as("the lost host still has the virtual machine")
                    .contains(system.name());
        }
    }
}
