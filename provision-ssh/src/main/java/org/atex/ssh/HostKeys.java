package org.atex.ssh;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which host keys are accepted: what stands between us and somebody who pretends to be the host. Immutable.
 *
 * <p>Files are as {@code sshd(8)} describes {@code known_hosts}, hashed names, patterns and revoked keys included; they
 * are read anew for each connection.
 */
public sealed interface HostKeys
        permits HostKeys.Known, HostKeys.AcceptNew, HostKeys.Pinned, HostKeys.AcceptAny, ConfiguredHostKeys {
    /** {@return those that {@code ~/.ssh/known_hosts} and {@code /etc/ssh/ssh_known_hosts} know: the default} */
    static HostKeys known() {
        return new Known(Stream.concat(ConfiguredHostKeys.USER_FILES.stream(), ConfiguredHostKeys.GLOBAL_FILES.stream())
                .toList());
    }

    /**
     * {@return those that files know}
     *
     * <p>Keys that {@code /etc/ssh/ssh_known_hosts} revokes are not accepted.
     *
     * @param files the files; one that is not there knows none
     */
    static HostKeys known(Path... files) {
        return new Known(List.of(files));
    }

    /**
     * {@return those that a file knows, and any of a host that it does not know yet, which is added to it}
     *
     * <p>A host that {@code /etc/ssh/ssh_known_hosts} knows is not new.
     *
     * @param file the file; made if it is not there
     */
    static HostKeys acceptNew(Path file) {
        return new AcceptNew(file);
    }

    /**
     * {@return one only}
     *
     * @param fingerprint as {@code ssh-keygen -l} shows it: {@code SHA256:…}, or {@code MD5:…}
     */
    static HostKeys pinned(String fingerprint) {
        return new Pinned(fingerprint);
    }

    /**
     * {@return any: nothing is checked, and anybody on the way can read and change everything. For machines that are
     * thrown away, in networks that are trusted}
     */
    static HostKeys acceptAny() {
        return new AcceptAny();
    }

    /**
     * Of files.
     *
     * @param files the files
     */
    record Known(List<Path> files) implements HostKeys {
        /** Copies what it is given. */
        public Known {
            files = List.copyOf(files);
        }
    }

    /**
     * Of a file that learns.
     *
     * @param file the file
     */
    record AcceptNew(Path file) implements HostKeys {}

    /**
     * A single one.
     *
     * @param fingerprint its fingerprint
     */
    record Pinned(String fingerprint) implements HostKeys {
        /** Checks what it is given. */
        public Pinned {
            if (!fingerprint.matches("SHA256:[A-Za-z0-9+/]{43}=?|(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}")) {
                throw new IllegalArgumentException("not a fingerprint of a host key: '" + fingerprint
                        + "' (ssh-keygen -lf FILE.pub shows one: SHA256:…)");
            }
        }
    }

    /** Whatever comes. */
    record AcceptAny() implements HostKeys {}
}
