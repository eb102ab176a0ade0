package org.atex.ssh;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.lab.OpenSsh;
import org.atex.testkit.ConnectionContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The contract of connections, on a real OpenSSH server. */
@ExtendWith(LeakCheck.class)
class SshConnectionContractTest extends ConnectionContract {
    @TempDir
    private static Path serverDirectory;

    private static OpenSsh server;

    @TempDir
    private Path there;

    @BeforeAll
    static void start() throws Exception {
        server = OpenSsh.start(serverDirectory);
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected SshConnection connect() throws Exception {
        return Logins.connect(server);
    }

    @Override
    protected String there() throws Exception {
        return Files.createDirectories(there).toRealPath().toString();
    }

    @Override
    protected boolean canBeLost() {
        return true;
    }

    @Override
    protected void lose(Connection broken) {
        server.cutConnections();
    }
}
