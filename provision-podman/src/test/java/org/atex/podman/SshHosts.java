package org.atex.podman;

import java.time.Duration;
import org.atex.lab.OpenSsh;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;

/** Logs in to this machine by ssh, as the host of containers. */
final class SshHosts {
    private SshHosts() {}

    static SshOptions options(OpenSsh server) {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withConnectWithin(Duration.ofMinutes(2))
                .withKey(server.directory().resolve("id"))
                .withHostKeys(HostKeys.knownHosts(server.directory().resolve("known_hosts")));
    }

    /** {@return options with the variable of the tests that sets the runtime, which sshd does not pass on} */
    static PodmanOptions podman() {
        String file = System.getenv("CONTAINERS_CONF");
        PodmanOptions options = PodmanOptions.defaults();
        return file == null ? options : options.withProgram("env", "CONTAINERS_CONF=" + file, "podman");
    }

    static SshConnection connect(OpenSsh server) throws InterruptedException {
        return SshConnection.open(server.destination(), options(server));
    }
}
