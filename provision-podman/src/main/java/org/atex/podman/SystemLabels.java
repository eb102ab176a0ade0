package org.atex.podman;

import java.util.HashMap;
import java.util.Map;
import org.atex.api.Command;
import org.atex.api.Connection;

/** What tests may ask of a container. */
final class SystemLabels {
    private static final Command QUESTION =
            Command.bash("uname -m; . /etc/os-release 2>/dev/null; echo \"$ID\"; echo \"$VERSION_ID\"");

    private SystemLabels() {}

    /** {@return what a system says of itself} */
    static Map<String, String> of(Connection connection) throws InterruptedException {
        String[] lines = connection.run(QUESTION).stdout().split("\n", -1);
        Map<String, String> labels = new HashMap<>();
        labels.put("arch", lines[0]);
        if (lines.length > 2 && !lines[1].isEmpty()) {
            labels.put("distro", lines[2].isEmpty() ? lines[1] : lines[1] + "-" + lines[2]);
        }
        return labels;
    }
}
