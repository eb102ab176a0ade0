package org.atex.slurm;

import java.time.Duration;
import org.atex.api.Connection;
import org.atex.ssh.Host;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;

/**
 * Connects to the node of an allocation.
 *
 * {@snippet :
 * SlurmOptions.defaults().withConnector(SlurmConnector.ssh(SshOptions.defaults().withJumpHosts("login.example.com")));
 * }
 *
 * <p>Thread safety: a provisioner calls its connector in several threads at once.
 */
@FunctionalInterface
public interface SlurmConnector {
    /**
     * Connects to a node.
     *
     * @param allocation the allocation, which runs
     * @param within the time for all attempts together
     * @return the connection, which the caller closes
     * @throws InterruptedException if interrupted; nothing is left open
     */
    Connection connect(SlurmAllocation allocation, Duration within) throws InterruptedException;

    /**
     * {@return a connector that logs in to the address of the node with ssh} The cluster must allow users to log in to
     * nodes on which they have a job, usually by {@code pam_slurm_adopt}, which also ends their processes with the job.
     *
     * @param options the options for ssh, with the time limit for connecting
     */
    static SlurmConnector ssh(SshOptions options) {
        return (allocation, within) -> SshConnection.open(Host.of(allocation.address()), options);
    }
}
