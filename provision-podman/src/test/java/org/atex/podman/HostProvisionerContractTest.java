package org.atex.podman;

import java.time.Duration;
import org.atex.api.Connection;
import org.atex.api.Provisioner;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.local.LocalConnection;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The provisioner contract with real containers of a host that a connection reaches. */
@ExtendWith(LeakCheck.class)
class HostProvisionerContractTest extends ProvisionerContract {
    @RegisterExtension
    static final Lab LAB = new Lab();

    /** Closes the connection to the host after the provisioners of the test, and before the check for leaks. */
    @RegisterExtension
    final AfterEachCallback closing = context -> closeHost();

    private @Nullable Connection host;

    private void closeHost() {
        if (host != null) {
            host.close();
        }
    }

    @Override
    protected Provisioner open() throws Exception {
        if (host == null) {
            host = LocalConnection.open();
        }
        return PodmanProvisioner.builder(host, LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
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
