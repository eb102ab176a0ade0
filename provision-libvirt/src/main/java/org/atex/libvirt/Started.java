package org.atex.libvirt;

import org.atex.api.Connection;

/**
 * A virtual machine that answers.
 *
 * @param machine the virtual machine
 * @param connection the connection to it
 * @param life the marks at its start
 */
record Started(Machine machine, Connection connection, Life life) {
    /** Removes the virtual machine and closes the connection. */
    void discard() {
        machine.destroy();
        connection.close();
    }
}
