package org.atex.slurm;

import java.time.Duration;
import java.util.Map;
import org.atex.api.Provisioner;
import org.atex.lab.SlurmCluster;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The provisioner contract inside one allocation. */
@ExtendWith(LeakCheck.class)
class SlurmNodesContractTest extends ProvisionerContract {
    @RegisterExtension
    static final SlurmCluster CLUSTER = new SlurmCluster();

    private static String job = "";

    @BeforeAll
    static void allocate() throws Exception {
        job = CLUSTER.run("sbatch", "--parsable", "--nodes=3", "--output=/dev/null", "--wrap=sleep infinity");
        CLUSTER.awaitRunning(job);
    }

    @Override
    protected Provisioner open() throws Exception {
        String nodes = CLUSTER.run("squeue", "--noheader", "--jobs=" + job, "--format=%N");
        return SlurmNodes.of(
                Map.of("SLURM_JOB_ID", job, "SLURM_JOB_NODELIST", nodes, "SLURM_JOB_PARTITION", "main"),
                Clusters.options(CLUSTER));
    }

    @Override
    protected int maxSystems() {
        return 3;
    }

    @Override
    protected Duration readyWithin() {
        return Duration.ofSeconds(60);
    }
}
