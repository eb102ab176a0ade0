package org.atex.local;

import org.atex.api.Connection;

/** The connection of a program that has run many commands: Python starts all further ones. */
class PythonContractTest extends LocalConnectionContractTest {
    @Override
    protected Connection connect() {
        return LocalConnection.withPython();
    }
}
