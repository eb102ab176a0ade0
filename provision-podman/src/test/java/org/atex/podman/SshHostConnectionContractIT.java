package org.atex.podman;

import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.lab.OpenSsh;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * The connection contract on a real container whose host is reached by ssh; the connection to the host is lost. It takes
 * two minutes: the build does not run it, {@code -Dtest=SshHostConnectionContractIT} does.
 */
class SshHostConnectionContractIT extends HostConnectionContractTest {
    @TempDir
    private static Path serverDirectory;

    private static OpenSsh server;

    @BeforeAll
    static void startServer() throws Exception {
        server = OpenSsh.start(serverDirectory);
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    Connection openHost() throws Exception {
        return SshHosts.connect(server);
    }

    @Override
    protected void lose(Connection broken) {
        server.cutConnections();
    }
}
