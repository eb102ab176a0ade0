package org.atex.ssh;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The policy for host keys: it decides whether the machine that answers is the expected host. Immutable.
 *
 * <p>Known-hosts files have the format of {@code sshd(8)}, including hashed names, patterns, certificate authorities
 * and revoked keys. They are read for each connection anew.
 */
public sealed interface HostKeys
        permits HostKeys.KnownHosts, HostKeys.AcceptNew, HostKeys.Pinned, HostKeys.AcceptAny, ConfiguredHostKeys {
    /**
     * {@return a policy that accepts the keys in the default files of OpenSSH: {@code ~/.ssh/known_hosts},
     * {@code /etc/ssh/ssh_known_hosts} and the same names with {@code 2} appended}
     */
    static HostKeys knownHosts() {
        return new KnownHosts(
                Stream.concat(ConfiguredHostKeys.USER_FILES.stream(), ConfiguredHostKeys.GLOBAL_FILES.stream())
                        .toList());
    }

    /**
     * {@return a policy that accepts the keys in these known-hosts files}
     *
     * <p>Keys that {@code /etc/ssh/ssh_known_hosts} revokes are refused even if the file is not listed here.
     *
     * @param files the known-hosts files; a file that does not exist counts as empty
     */
    static HostKeys knownHosts(Path... files) {
        return new KnownHosts(List.of(files));
    }

    /**
     * {@return a policy that accepts the keys in a known-hosts file, and adds the key of each new host to the file}
     *
     * <p>A host that has a key in {@code /etc/ssh/ssh_known_hosts} is not new. A changed key is refused.
     *
     * @param file the known-hosts file; it is created on demand, with its directory
     */
    static HostKeys acceptNew(Path file) {
        return new AcceptNew(file);
    }

    /**
     * {@return a policy that accepts a single key}
     *
     * @param fingerprint the fingerprint as {@code ssh-keygen -l} prints it: {@code SHA256:…}, or {@code MD5:…}
     * @throws IllegalArgumentException if it does not have that form
     */
    static HostKeys pinned(String fingerprint) {
        return new Pinned(fingerprint);
    }

    /**
     * {@return a policy that accepts every key} Without a check, any machine on the network path can read and change
     * all data, passwords included. Use it only for disposable machines in trusted networks.
     */
    static HostKeys acceptAny() {
        return new AcceptAny();
    }

    /**
     * Accepts the keys in known-hosts files.
     *
     * @param files the known-hosts files
     */
    record KnownHosts(List<Path> files) implements HostKeys {
        /** Copies the list. */
        public KnownHosts {
            files = List.copyOf(files);
        }
    }

    /**
     * Accepts the keys in a known-hosts file, and adds the keys of new hosts to it.
     *
     * @param file the known-hosts file
     */
    record AcceptNew(Path file) implements HostKeys {}

    /**
     * Accepts a single key.
     *
     * @param fingerprint the fingerprint of the key
     */
    record Pinned(String fingerprint) implements HostKeys {
        /** Checks the form of the fingerprint. */
        public Pinned {
            if (!fingerprint.matches("SHA256:[A-Za-z0-9+/]{43}=?|(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}")) {
                throw new IllegalArgumentException("not a fingerprint of a host key: '" + fingerprint
                        + "' (ssh-keygen -lf FILE.pub prints one: SHA256:…)");
            }
        }
    }

    /** Accepts every key. */
    record AcceptAny() implements HostKeys {}
}
