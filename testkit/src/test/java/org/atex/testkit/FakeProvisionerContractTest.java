package org.atex.testkit;

import java.util.Map;
import org.atex.api.Provisioner;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FakeProvisionerContractTest extends ProvisionerContract {
    @Override
    protected Provisioner open() {
        return FakeProvisioner.of(
                        FakeSystem.ready().withLabels(Map.of("arch", "fake")).withReset())
                .maxSystems(3);
    }

    @Override
    protected int maxSystems() {
        return 3;
    }
}
