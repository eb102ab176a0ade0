package org.atex.podman;

import java.util.HashMap;
import java.util.Map;
import org.atex.api.Command;
import org.atex.api.Connection;

/** Reads the labels that a container reports about itself. */
final class SystemLabels {
    private static final Command QUERY =
            Command.bash("uname -m; . /etc/os-release 2>/dev/null; echo \"$ID\"; echo \"$VERSION_ID\"");

    private SystemLabels() {}

    /**
     * {@return the labels {@code arch}, as {@code uname -m} prints it, and {@code distro}, for example {@code
     * debian-12}} There is no {@code distro} if the container has no {@code /etc/os-release}.
     */
    static Map<String, String> of(Connection connection) throws InterruptedException {
        String[] lines = connection.run(QUERY).stdout().split("\n", -1);
        Map<String, String> labels = new HashMap<>();
        labels.put("arch", lines[0]);
        if (lines.length > 2 && !lines[1].isEmpty()) {
            labels.put("distro", lines[2].isEmpty() ? lines[1] : lines[1] + "-" + lines[2]);
        }
        return labels;
    }
}
