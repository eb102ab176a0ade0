package org.atex.ssh;

import org.atex.api.Provisioner;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class SshProvisionerContractTest extends ProvisionerContract {
    @Override
    protected Provisioner open() {
        return SshProvisioner.builder(
                        Hosts.of("root@a", "root@b:2222", "[2001:db8::1]"), (host, within) -> FakeConnection.obedient())
                .build();
    }

    @Override
    protected int maxSystems() {
        return 3;
    }
}
