package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.Command;
import org.atex.api.Remote;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * No test sees what another one has left on a system that was reset. The build does not run it, as a reset takes seconds
 * on an emulated processor; {@code -Dtest=ResetsIT -Datex.resets=1000} does.
 */
@Timeout(10_000)
class ResetsIT {
    private static final int RESETS = Integer.getInteger("atex.resets", 20);
    private static final int SYSTEMS = 2;

    private static final String LEAVE = """
        echo left >/etc/left
        echo left >/dev/shm/left
        echo left >>/etc/prepared
        mkdir /left && mount -t tmpfs left /left
        sleep 31337 </dev/null >/dev/null 2>&1 &
        echo left >/etc/dropbear/key
        hostname left
        date -s '2001-02-03 04:05:06' >/dev/null
        sync
        """;

    /** Prints what is left, and at the end what differs from system to system and from reset to reset. */
    private static final String SHOW = """
        ls -d /left /etc/left /dev/shm/left 2>/dev/null
        cat /etc/prepared
        grep left /proc/mounts
        pgrep -f 'sleep 31337'
        hostname
        date +%s
        sha256sum </etc/dropbear/key
        cat /etc/machine-id /proc/sys/kernel/random/boot_id /proc/sys/kernel/random/uuid
        """;

    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    private final Set<String> identities = ConcurrentHashMap.newKeySet();

    @Test
    void nothingIsLeftByOthers() throws Exception {
        GuestTemplate template = Guests.options(LAB)
                .withPreparation(guest ->
                        guest.run(Command.bash("echo prepared >/etc/prepared")).orThrow());
        try (LocalConnection host = LocalConnection.open();
                LibvirtProvisioner provisioner = LibvirtProvisioner.builder(host, template)
                        .maxSystems(SYSTEMS)
                        .build();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<?>> loops = new ArrayList<>();
            for (int i = 0; i < SYSTEMS; i++) {
                loops.add(threads.submit((Callable<?>) () -> {
                    resetAgainAndAgain(provisioner);
                    return null;
                }));
            }
            for (Future<?> loop : loops) {
                loop.get();
            }
        }
        Guests.assertNothingLeft(LAB);
    }

    private void resetAgainAndAgain(LibvirtProvisioner provisioner) throws Exception {
        try (Remote system = Guests.ready(provisioner)) {
            for (int i = 0; i < RESETS / SYSTEMS; i++) {
                Guests.run(system, LEAVE);

                assertThat(system.reset())
                        .as("reset %d of %s", i, system.name())
                        .isTrue();

                List<String> shown = Guests.run(system, SHOW).lines().toList();
                assertThat(shown).as("after reset %d of %s", i, system.name()).hasSize(7);
                assertThat(shown.subList(0, 2)).containsExactly("prepared", system.name());
                assertThat(Math.abs(Long.parseLong(shown.get(2)) - Instant.now().getEpochSecond()))
                        .as("the difference of the clocks in seconds")
                        .isLessThan(5);
                for (String identity : shown.subList(3, 7)) {
                    assertThat(identities.add(identity))
                            .as("%s after reset %d of %s is new", identity, i, system.name())
                            .isTrue();
                }
            }
        }
    }
}
