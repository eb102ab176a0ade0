package org.atex.libvirt;

import org.atex.api.Connection;

/** Prepares the first virtual machine of a provisioner, whose state all systems then start from. */
@FunctionalInterface
public interface GuestPreparation {
    /**
     * Prepares the virtual machine, for example by installing packages and starting services.
     *
     * @param guest the connection to it
     * @throws InterruptedException if interrupted
     * @throws Exception if that fails, which fails the start of all systems
     */
    void prepare(Connection guest) throws Exception;
}
