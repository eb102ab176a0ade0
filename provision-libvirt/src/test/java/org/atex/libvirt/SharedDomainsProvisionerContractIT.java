package org.atex.libvirt;

import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Provisioner;
import org.atex.lab.Libvirt;
import org.atex.local.LocalConnection;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The provisioner contract with shared domains. Dozens of emulated virtual machines boot, which takes several minutes: the
 * build does not run it, {@code -Dtest=SharedDomainsProvisionerContractIT} does.
 */
@Timeout(600)
class SharedDomainsProvisionerContractIT extends ProvisionerContract {
    @RegisterExtension
    static final Libvirt LAB = new Libvirt();

    private static final LocalConnection HOST = LocalConnection.open();

    @TempDir
    static Path directory;

    @BeforeAll
    static void define() throws Exception {
        for (String name : SharedDomainsTest.NAMES) {
            SharedDomainsTest.define(LAB, directory, name);
        }
    }

    @Override
    protected Provisioner open() throws Exception {
        return SharedDomainsProvisioner.builder(
                        HOST,
                        directory.resolve("locks").toString(),
                        SharedDomainsTest.templates(LAB.uri(), LAB.systems(), LAB.key()))
                .build();
    }

    @Override
    protected int maxSystems() {
        return SharedDomainsTest.NAMES.size();
    }

    @Override
    protected Duration readyWithin() {
        return Guests.LONG;
    }

    @AfterAll
    static void nothingIsLeft() throws Exception {
        HOST.close();
        for (String name : SharedDomainsTest.NAMES) {
            LAB.virsh("undefine", name);
        }
        Guests.assertNothingLeft(LAB);
    }
}
