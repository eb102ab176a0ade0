package org.atex.slurm;

import java.time.Duration;
import org.atex.api.Provisioner;
import org.atex.lab.SlurmCluster;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The provisioner contract on a real cluster. Each rule waits for allocations to end: the build does not run it, {@code
 * -Dtest=SlurmProvisionerContractIT} does.
 */
@ExtendWith(LeakCheck.class)
class SlurmProvisionerContractIT extends ProvisionerContract {
    @RegisterExtension
    static final SlurmCluster CLUSTER = new SlurmCluster();

    @Override
    protected Provisioner open() throws Exception {
        return SlurmProvisioner.here(Clusters.options(CLUSTER).withMaxSystems(3));
    }

    @Override
    protected int maxSystems() {
        return 3;
    }

    @Override
    protected Duration readyWithin() {
        return Duration.ofSeconds(60);
    }

    @AfterAll
    static void nothingIsHeld() throws Exception {
        CLUSTER.awaitIdle();
    }
}
