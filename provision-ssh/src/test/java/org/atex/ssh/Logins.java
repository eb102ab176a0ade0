package org.atex.ssh;

import java.time.Duration;
import org.atex.lab.OpenSsh;

/** Options to log in to the servers of the tests. */
final class Logins {
    private Logins() {}

    /** {@return options with which the login succeeds} */
    static SshOptions options(OpenSsh server) {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withConnectWithin(Duration.ofMinutes(2))
                .withKey(server.directory().resolve("id"))
                .withHostKeys(HostKeys.knownHosts(server.directory().resolve("known_hosts")));
    }

    static SshConnection connect(OpenSsh server) throws InterruptedException {
        return SshConnection.open(server.destination(), options(server));
    }
}
