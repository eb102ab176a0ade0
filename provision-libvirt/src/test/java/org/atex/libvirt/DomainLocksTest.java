package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.ProvisioningException;
import org.atex.libvirt.DomainLocks.Lock;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class DomainLocksTest {
    private static final List<String> DOMAINS = List.of("a", "b c", "d'e");
    private static final Duration LONG = Duration.ofMinutes(10);

    @TempDir
    Path directory;

    private final LocalConnection host = LocalConnection.open();

    @AfterEach
    void close() {
        host.close();
    }

    private DomainLocks locks(Duration lease) {
        return new DomainLocks(
                new LibvirtHost(host, GuestTemplate.domain("a")),
                directory.resolve("locks of all").toString(),
                lease);
    }

    @Test
    void eachDomainHasOneHolderAtATime() throws Exception {
        DomainLocks locks = locks(LONG);
        Map<String, Thread> holders = new ConcurrentHashMap<>();
        List<String> faults = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<?>> programs = new ArrayList<>();
            for (int program = 0; program < 6; program++) {
                programs.add(threads.submit(() -> {
                    for (int uses = 0; uses < 10; ) {
                        Lock lock = locks.acquire(DOMAINS).orElse(null);
                        if (lock != null) {
                            if (holders.putIfAbsent(lock.domain(), Thread.currentThread()) != null) {
                                faults.add(lock.domain());
                            }
                            locks.noteRun(lock, "0123abcd");
                            assertThat(locks.renew(List.of(lock))).isEmpty();
                            holders.remove(lock.domain());
                            locks.release(lock);
                            uses++;
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> program : programs) {
                program.get();
            }
        }
        assertThat(faults).as("domains with two holders").isEmpty();
        assertThat(locks.list()).as("locks that are left").isEmpty();
    }

    @Test
    void lockOfAProgramThatHasEndedIsTakenWhenItsTimeIsOver() throws Exception {
        Lock left = locks(Duration.ofSeconds(1)).acquire(List.of("a")).orElseThrow();
        locks(Duration.ofSeconds(1)).noteRun(left, "0123abcd");

        DomainLocks locks = locks(LONG);
        List<Lock> taken = new ArrayList<>();
        Call.eventually("the lock is free", () -> {
            try {
                locks.acquire(List.of("a")).ifPresent(taken::add);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return !taken.isEmpty();
        });

        assertThat(taken.getFirst().formerRun()).as("the run to be removed").isEqualTo("0123abcd");
        String self = "process " + ProcessHandle.current().pid();
        assertThat(locks.renew(List.of(left)))
                .hasEntrySatisfying(left, holder -> assertThat(holder).contains(self));
        locks.release(left);
        assertThat(locks.list())
                .as("the lock, which its former holder must not release")
                .singleElement()
                .satisfies(lock -> {
                    assertThat(lock.domain()).isEqualTo("a");
                    assertThat(lock.holder()).contains(self);
                });
        assertThatThrownBy(() -> locks.noteRun(left, "00000000"))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("its lock was taken by")
                .hasMessageContaining(self);
    }

    @Test
    void lockIsRenewedAfterItsTimeUnlessAnotherProgramHasTakenIt() throws Exception {
        DomainLocks locks = locks(Duration.ofSeconds(1));
        Lock lock = locks.acquire(List.of("a")).orElseThrow();
        Call.eventually("its time is over", () -> {
            try {
                return locks.list().isEmpty();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });

        DomainLocks longer = locks(LONG);
        assertThat(longer.renew(List.of(lock))).isEmpty();
        assertThat(longer.list()).hasSize(1);
        assertThat(longer.acquire(List.of("a"))).isEmpty();

        longer.unlock("a");
        assertThat(longer.renew(List.of(lock))).containsEntry(lock, "nobody");
        assertThatThrownBy(() -> longer.unlock("a"))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("could not unlock the domain a")
                .hasMessageContaining("it is not locked");
    }

    @Test
    void lossOfALockConcernsNoOtherWithASimilarName() throws Exception {
        DomainLocks locks = locks(LONG);
        Lock shorter = locks.acquire(List.of("b")).orElseThrow();
        Lock longer = locks.acquire(List.of("b c")).orElseThrow();
        locks.unlock("b c");

        assertThat(locks.renew(List.of(shorter, longer))).isEqualTo(Map.of(longer, "nobody"));
    }

    @Test
    void damagedFileIsNoLock() throws Exception {
        Path files = Files.createDirectory(directory.resolve("locks of all"));
        for (String content :
                List.of("", "x", "99999999999999999999 t r\nme\n", "$(touch /tmp/x) t r\nme\n", "\0\0\0")) {
            Files.writeString(files.resolve("a.lock"), content);
            DomainLocks locks = locks(LONG);
            assertThat(locks.list()).isEmpty();
            locks.release(locks.acquire(List.of("a")).orElseThrow());
        }
    }

    @Test
    void directoryThatCannotBeUsedIsReported() throws Exception {
        Files.createFile(directory.resolve("locks of all"));
        assertThatThrownBy(() -> locks(LONG).acquire(DOMAINS))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("could not lock a domain on " + host)
                .hasMessageContaining("locks of all");
    }
}
