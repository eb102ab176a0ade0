package org.atex.scenario;

import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.podman.PodmanConnection;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract with commands in a real container, which can be lost. */
@ExtendWith(LeakCheck.class)
class PodmanScenarioExecutorContractTest extends LocalScenarioExecutorContractTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static LabContainer container;

    @BeforeAll
    static void start() throws Exception {
        container = LAB.container();
    }

    @Override
    protected Connection connect() throws Exception {
        return PodmanConnection.open(container.id());
    }

    @Override
    protected boolean isLeftBehind(Connection system) throws Exception {
        return system.run(Command.bash("grep -lz '[s]leep 1000; exit 1' /proc/[0-9]*/cmdline"))
                .succeeded();
    }

    @Override
    protected boolean canBeLost() {
        return true;
    }

    @Override
    protected void lose(Connection broken) throws Exception {
        container.kill();
        container.start();
    }
}
