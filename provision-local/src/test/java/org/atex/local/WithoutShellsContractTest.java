package org.atex.local;

import org.atex.api.Connection;

/** The connection as on systems without bash 4.2: the JVM starts all commands. */
class WithoutShellsContractTest extends LocalConnectionContractTest {
    @Override
    protected Connection connect() {
        return LocalConnection.withoutShells();
    }
}
