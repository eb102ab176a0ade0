package org.atex.adhoc;

import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;

/** Describes the packages of a system, so that people see which systems have the same. */
final class InstalledPackages {
    /** The label with the description. */
    static final String LABEL = "packages";

    private static final Command QUERY = Command.bash(SystemState.PACKAGES + """
            export LC_ALL=C
            list=$(packages 2>/dev/null | sort)
            [ "$list" ] || exit 0
            sum=$(sha256sum <<<"$list") || exit 0
            mapfile -t all <<<"$list"
            echo "${#all[@]}, hash ${sum:0:12}"
            """);

    private InstalledPackages() {}

    /**
     * {@return the number of packages, and a hash of their names and versions; empty if they cannot be read}
     *
     * @throws ConnectionLostException if the connection is lost
     */
    static String of(Connection connection) throws InterruptedException {
        return connection.run(QUERY).stdout().strip();
    }
}
