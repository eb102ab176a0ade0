package org.atex.podman;

import java.time.Duration;
import org.atex.api.Provisioner;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The provisioner contract with real containers. */
@ExtendWith(LeakCheck.class)
class PodmanProvisionerContractTest extends ProvisionerContract {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @Override
    protected Provisioner open() throws Exception {
        return PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .runOptions("--network=none")
                .maxSystems(3)
                .build();
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
    static void containersAreRemoved() throws Exception {
        PodmanCli.assertNoContainersLeft();
    }
}
