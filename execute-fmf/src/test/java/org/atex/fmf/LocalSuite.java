package org.atex.fmf;

import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Base class of tests that run a suite on this machine: provides a tree for each test, and a connection. */
abstract class LocalSuite {
    @TempDir
    Path directory;

    final Connection connection = LocalConnection.open();
    Suite suite;

    @BeforeEach
    void makeSuite() throws Exception {
        suite = new Suite(directory);
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }
}
