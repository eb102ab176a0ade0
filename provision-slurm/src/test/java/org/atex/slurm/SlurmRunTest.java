package org.atex.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Command;
import org.atex.api.Outcome;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.command.CommandExecutor;
import org.atex.lab.SlurmCluster;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A whole run on four nodes. {@code -Dslurm.tests=200 -Dslurm.seconds=1} makes it longer. */
@ExtendWith(LeakCheck.class)
@Timeout(600)
class SlurmRunTest {
    private static final int TESTS = Integer.getInteger("slurm.tests", 24);
    private static final String SECONDS = System.getProperty("slurm.seconds", "0.5");

    @RegisterExtension
    static final SlurmCluster CLUSTER = new SlurmCluster();

    @Test
    void testsRunOnAllNodes(@TempDir Path directory) throws Exception {
        List<TestCase> tests = IntStream.range(0, TESTS)
                .<TestCase>mapToObj(i -> TestCase.named("/t" + i))
                .toList();
        AtomicLong first = new AtomicLong();
        AtomicLong last = new AtomicLong();
        RunSummary summary;
        try (RecordingAggregator results = RecordingAggregator.create();
                SlurmProvisioner systems = SlurmProvisioner.here(Clusters.options(CLUSTER));
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory(test -> Command.of("sleep", SECONDS)))
                        .into(results)
                        .maxSystems(4)
                        .listener(event -> {
                            if (event instanceof RunEvent.TestStarted) {
                                first.compareAndSet(0, System.nanoTime());
                            } else if (event instanceof RunEvent.TestFinished) {
                                last.set(System.nanoTime());
                            }
                        })
                        .workDirectory(directory.resolve("work"))
                        .build()) {
            summary = run.run();
            assertThat(results.records()).hasSize(TESTS);
        }
        assertThat(summary.counts()).as(summary.toString()).isEqualTo(Map.of(Outcome.PASSED, TESTS));
        double took = (last.get() - first.get()) / 1e9;
        System.out.println(TESTS + " tests of " + SECONDS + " s on 4 nodes took " + took + " s, the bound is "
                + TESTS * Double.parseDouble(SECONDS) / 4);
        CLUSTER.awaitIdle();
    }
}
