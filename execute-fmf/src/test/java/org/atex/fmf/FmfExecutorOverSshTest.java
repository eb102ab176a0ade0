package org.atex.fmf;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.lab.OpenSsh;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract of executors, with this machine over ssh. */
class FmfExecutorOverSshTest extends FmfExecutorContractTest {
    @TempDir
    private static Path directory;

    private static OpenSsh server;

    @BeforeAll
    static void serve() throws Exception {
        server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")));
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected Connection connect() {
        try {
            return Suite.connect(server);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
