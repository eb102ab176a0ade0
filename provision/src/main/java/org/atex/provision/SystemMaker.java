package org.atex.provision;

import org.atex.api.Remote;

/**
 * Makes the systems of a provisioner, for example by starting a virtual machine and connecting to it.
 *
 * <p>Thread safety: a provisioner calls its maker in several threads at once, each call in a thread of its own.
 */
@FunctionalInterface
public interface SystemMaker {
    /**
     * Makes a system and waits until it can be used. The provisioner interrupts the thread if the system is not needed
     * any more; a system that is returned nevertheless is closed. An implementation that fails or is interrupted must
     * end by itself whatever it has started.
     *
     * @param number the number of this call, from 1 upwards, different in each call
     * @return the system, which the provisioner closes; {@link Remote#of} makes one of a connection
     * @throws NoMoreSystemsException if this maker has no more systems, also for later calls
     * @throws InterruptedException if interrupted
     * @throws Exception if the system cannot be made; {@link org.atex.api.Offer.Failed} reports it
     */
    Remote make(int number) throws Exception;
}
