package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.api.PlainTest;
import org.atex.artifacts.PastRun;
import org.atex.lab.Libvirt;
import org.atex.lab.RandomKills;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Programs, the daemon of libvirt, and virtual machines are killed at random moments of a run. */
@Timeout(7200)
class RandomKillsTest {
    /** About the number of events of a run. */
    private static final int EVENTS = 40;

    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    @TempDir
    private Path directory;

    @Test
    void eachTestHasOneFinalEndAndNothingIsLeft() throws Exception {
        new RandomKills(
                        directory,
                        ResumedProgram.class,
                        LAB.uri(),
                        LAB.systems().toString(),
                        LAB.disk().toString())
                .add("libvirtd", random -> {
                    LAB.kill();
                    LAB.start();
                })
                .add("a virtual machine", random -> {
                    List<ProcessHandle> machines = LAB.machines();
                    if (!machines.isEmpty()) {
                        machines.get(random.nextInt(machines.size())).destroyForcibly();
                    }
                })
                .run(EVENTS, (runs, what) -> {
                    PastRun past = PastRun.latest(runs).orElseThrow();
                    assertThat(past.problems()).as(what).isEmpty();
                    assertThat(past.notPassed()).as(what).isEmpty();
                    assertThat(past.tests())
                            .as(what)
                            .extracting(PlainTest::name)
                            .containsExactlyElementsOf(IntStream.rangeClosed(1, ResumedProgram.TESTS)
                                    .mapToObj(i -> "/t" + i)
                                    .toList());
                    Call.eventually("nothing is left: " + what, RandomKillsTest::isClean);
                });
    }

    private static boolean isClean() {
        try {
            return Guests.files(LAB.systems()).isEmpty()
                    && LAB.machines().isEmpty()
                    && LAB.virsh("list", "--all", "--name").isBlank();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
