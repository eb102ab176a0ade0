package org.atex.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.atex.api.PlainTest;
import org.atex.artifacts.PastRun;
import org.atex.lab.RandomKills;
import org.atex.lab.SlurmCluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Programs, the controller of Slurm, and the daemons of its nodes are killed at random moments of a run. */
@Timeout(7200)
class RandomKillsTest {
    /** About the number of events of a run. */
    private static final int EVENTS = 100;

    @RegisterExtension
    static final SlurmCluster CLUSTER = new SlurmCluster();

    @TempDir
    private Path directory;

    @Test
    void eachTestHasOneFinalEndAndNothingIsHeld() throws Exception {
        new RandomKills(directory, ResumedProgram.class, CLUSTER.configuration().toString())
                .add("slurmctld", random -> {
                    CLUSTER.killController();
                    CLUSTER.startController();
                })
                .add("a slurmd", random -> {
                    String node = "n" + (1 + random.nextInt(4));
                    CLUSTER.killNode(node);
                    CLUSTER.startNode(node);
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
                    CLUSTER.awaitIdle();
                });
    }
}
