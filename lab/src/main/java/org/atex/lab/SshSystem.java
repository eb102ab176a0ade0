package org.atex.lab;

import java.nio.file.Path;

/**
 * A container that is reachable over ssh as root.
 *
 * @param container the container
 * @param address its address; sshd listens on port 22
 * @param key the file of the private key with which it is reached
 * @param knownHosts a known hosts file with its host key
 */
public record SshSystem(LabContainer container, String address, Path key, Path knownHosts) {
    /** {@return the destination for an ssh client} */
    public String destination() {
        return "root@" + address;
    }
}
