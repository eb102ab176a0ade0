package org.atex.podman;

import org.atex.api.Connection;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.local.LocalConnection;
import org.atex.testkit.ConnectionContract;
import org.atex.testkit.LeakCheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The connection contract on a real container whose host is reached by a connection. */
@ExtendWith(LeakCheck.class)
class HostConnectionContractTest extends ConnectionContract {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static LabContainer container;

    /** Closes the connection to the host after the connections of the test, and before the check for leaks. */
    @RegisterExtension
    final AfterEachCallback closing = context -> closeHost();

    private @Nullable Connection host;
    private String there = "";

    @BeforeAll
    static void start() throws Exception {
        container = LAB.container();
    }

    Connection openHost() throws Exception {
        return LocalConnection.open();
    }

    private void closeHost() {
        if (host != null) {
            host.close();
        }
    }

    @Override
    protected PodmanConnection connect() throws Exception {
        if (host == null) {
            host = openHost();
        }
        return PodmanConnection.open(host, container.id(), PodmanOptions.defaults());
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
