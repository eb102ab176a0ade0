package org.atex.podman;

import org.atex.api.Connection;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.testkit.ConnectionContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The connection contract on a real container. */
@ExtendWith(LeakCheck.class)
class PodmanConnectionContractTest extends ConnectionContract {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static LabContainer container;

    private String there = "";

    @BeforeAll
    static void start() throws Exception {
        container = LAB.container();
    }

    @Override
    protected PodmanConnection connect() throws Exception {
        return PodmanConnection.open(container.id());
    }

    @Override
    protected String there() throws Exception {
        if (there.isEmpty()) {
            there = container.exec("mktemp", "-d");
        }
        return there;
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
