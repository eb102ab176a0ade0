package org.atex.ssh;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host key policy of an {@code ssh_config(5)} file. Immutable.
 *
 * @param user the values of {@code UserKnownHostsFile}; keys of new hosts are added to the first one
 * @param global the values of {@code GlobalKnownHostsFile}
 * @param strictness the policy for unknown hosts and changed keys
 * @param alias the value of {@code HostKeyAlias}, which replaces the address in the known-hosts files, or null
 * @param isLoopbackTrusted the value of {@code NoHostAuthenticationForLocalhost}: loopback addresses are not checked
 */
record ConfiguredHostKeys(
        List<Path> user,
        List<Path> global,
        StrictHostKeyChecking strictness,
        @Nullable String alias,
        boolean isLoopbackTrusted)
        implements HostKeys {
    static final List<Path> USER_FILES = List.of(
            Path.of(ClientConfig.home(), ".ssh", "known_hosts"), Path.of(ClientConfig.home(), ".ssh", "known_hosts2"));
    static final List<Path> GLOBAL_FILES =
            List.of(Path.of("/etc/ssh/ssh_known_hosts"), Path.of("/etc/ssh/ssh_known_hosts2"));

    ConfiguredHostKeys {
        user = List.copyOf(user);
        global = List.copyOf(global);
    }
}
