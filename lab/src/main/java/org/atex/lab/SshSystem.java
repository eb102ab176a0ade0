package org.atex.lab;

import java.nio.file.Path;

/**
 * A container that is reached over ssh, as root.
 *
 * @param container the container
 * @param address its address; sshd listens on port 22
 * @param key a file with the private key that lets one in
 * @param knownHosts a file with the line by which it is known
 */
public record SshSystem(LabContainer container, String address, Path key, Path knownHosts) {
    /** {@return what an ssh client is given to go there} */
    public String destination() {
        return "root@" + address;
    }
}
