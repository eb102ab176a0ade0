package org.atex.ssh;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host keys that OpenSSH's client accepts with some configuration. Immutable.
 *
 * @param user the files of the user; the first learns new hosts
 * @param global the files of the system
 * @param strictness what becomes of hosts that are not known
 * @param alias the name by which the host is known, or null for its address
 * @param isLoopbackTrusted whether this machine needs no key
 */
record ConfiguredHostKeys(
        List<Path> user,
        List<Path> global,
        StrictHostKeyChecking strictness,
        @Nullable String alias,
        boolean isLoopbackTrusted) implements HostKeys {
    static final List<Path> USER_FILES = List.of(
            Path.of(ClientConfig.home(), ".ssh", "known_hosts"), Path.of(ClientConfig.home(), ".ssh", "known_hosts2"));
    static final List<Path> GLOBAL_FILES =
            List.of(Path.of("/etc/ssh/ssh_known_hosts"), Path.of("/etc/ssh/ssh_known_hosts2"));

    ConfiguredHostKeys {
        user = List.copyOf(user);
        global = List.copyOf(global);
    }
}
