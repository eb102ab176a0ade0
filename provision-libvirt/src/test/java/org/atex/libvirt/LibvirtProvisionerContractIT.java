package org.atex.libvirt;

import java.time.Duration;
import org.atex.api.Provisioner;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The provisioner contract with virtual machines. Dozens of emulated ones boot, which takes several minutes: the build
 * does not run it, {@code -Dtest=LibvirtProvisionerContractIT} does.
 */
@Timeout(600)
class LibvirtProvisionerContractIT extends ProvisionerContract {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    private static final LocalConnection HOST = LocalConnection.open();

    @Override
    protected Provisioner open() throws Exception {
        return LibvirtProvisioner.builder(HOST, Guests.options(LAB))
                .maxSystems(3)
                .build();
    }

    @Override
    protected int maxSystems() {
        return 3;
    }

    @Override
    protected Duration readyWithin() {
        return Guests.LONG;
    }

    @AfterAll
    static void nothingIsLeft() throws Exception {
        HOST.close();
        Guests.assertNothingLeft(LAB);
    }
}
