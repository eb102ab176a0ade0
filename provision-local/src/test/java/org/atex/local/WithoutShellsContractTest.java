package org.atex.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Connection;
import org.atex.testkit.ConnectionContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The connection as on systems without bash 4.2: the JVM starts all commands. */
@ExtendWith(LeakCheck.class)
class WithoutShellsContractTest extends ConnectionContract {
    @TempDir
    Path there;

    @Override
    protected Connection connect() {
        return LocalConnection.withoutShells();
    }

    @Override
    protected String there() throws IOException {
        return Files.createDirectories(there).toRealPath().toString();
    }
}
