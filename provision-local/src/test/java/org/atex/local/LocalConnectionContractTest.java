package org.atex.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.testkit.ConnectionContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class LocalConnectionContractTest extends ConnectionContract {
    @TempDir
    Path there;

    @Override
    protected Connection connect() {
        return LocalConnection.open();
    }

    @Override
    protected String there() throws IOException {
        return Files.createDirectories(there).toRealPath().toString();
    }
}
