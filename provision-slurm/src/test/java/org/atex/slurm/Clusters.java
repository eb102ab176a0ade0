package org.atex.slurm;

import java.nio.file.Path;
import java.time.Duration;
import org.atex.lab.SlurmCluster;

/** Options for the cluster of the tests. */
final class Clusters {
    private Clusters() {}

    static SlurmOptions options(SlurmCluster cluster) {
        return options(cluster.configuration());
    }

    static SlurmOptions options(Path configuration) {
        return SlurmOptions.defaults()
                .withVariable("SLURM_CONF", configuration.toString())
                .withPollEvery(Duration.ofMillis(500))
                .withStartWithin(Duration.ofSeconds(60))
                .withTime(Duration.ofMinutes(10));
    }
}
