package org.atex.provision;

import java.util.Map;
import org.atex.api.CommandEnd;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ProvisionersContractTest extends ProvisionerContract {
    @Override
    protected Provisioner open() {
        return Provisioners.builder(number -> PlainRemote.builder("machine-" + number, withoutFiles())
                        .reset(() -> true)
                        .build())
                .maxSystems(3)
                .labels(Map.of("arch", "fake"))
                .build();
    }

    /** {@return a system on which no file exists} */
    private static FakeConnection withoutFiles() {
        return FakeConnection.running(process ->
                new CommandEnd.Exited(process.command().arguments().getFirst().equals("test") ? 1 : 0));
    }

    @Override
    protected int maxSystems() {
        return 3;
    }
}
