package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.SetupException;
import org.atex.api.Topology;
import org.atex.api.Topology.Guest;

/**
 * The files that describe the systems of a test to it, in the formats of tmt's guest topology. Immutable.
 *
 * @param yaml the path of the YAML file on the system
 * @param bash the path of the file for bash on the system
 */
record TopologyFiles(String yaml, String bash) {
    private static final String WRITE = """
            set -e
            printf %s "$2" >"$1"
            printf %s "$4" >"$3"
            chmod 644 "$1" "$3"
            """;

    /**
     * {@return the files in the directory of a test}
     *
     * @param directories the directories on the system
     * @param several whether the test runs on several systems; otherwise the files describe one, as they do at first
     */
    static TopologyFiles in(SystemDirectories directories, boolean several) {
        String name = directories.slot() + (several ? "/multihost-topology" : "/topology");
        return new TopologyFiles(name + ".yaml", name + ".sh");
    }

    /**
     * Writes the files.
     *
     * @throws SetupException if they cannot be written
     */
    void write(Connection connection, Topology topology) throws InterruptedException {
        CommandResult written = connection.run(Command.bash(WRITE, yaml, yamlOf(topology), bash, bashOf(topology)));
        if (!written.succeeded()) {
            throw new SetupException(
                    "could not write " + yaml + " on " + connection + ": " + written.end() + " (check free space): "
                            + written.stderr().strip(),
                    null);
        }
    }

    static String yamlOf(Topology topology) {
        List<String> lines = new ArrayList<>();
        lines.add("guest:");
        lines.addAll(properties(topology.guest(), "    "));
        lines.add("guest-names:");
        topology.guests().forEach(guest -> lines.add("  - " + scalar(guest.name())));
        lines.add("guests:");
        for (Guest guest : topology.guests()) {
            lines.add("    " + scalar(guest.name()) + ":");
            lines.addAll(properties(guest, "        "));
        }
        lines.add("role-names:");
        topology.roles().keySet().forEach(role -> lines.add("  - " + scalar(role)));
        lines.add("roles:");
        topology.roles().forEach((role, guests) -> {
            lines.add("    " + scalar(role) + ":");
            guests.forEach(guest -> lines.add("      - " + scalar(guest.name())));
        });
        return String.join("\n", lines) + "\n";
    }

    private static List<String> properties(Guest guest, String indent) {
        return List.of(
                indent + "name: " + scalar(guest.name()),
                indent + "role: " + scalar(guest.role()),
                indent + "hostname: " + scalar(guest.hostname()));
    }

    /** Quoted, since a name like {@code no} is not a text otherwise. */
    private static String scalar(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    static String bashOf(Topology topology) {
        List<String> lines = new ArrayList<>();
        lines.add("declare -A TMT_GUEST");
        lines.addAll(assignments(topology.guest(), "TMT_GUEST", ""));
        lines.add("TMT_GUEST_NAMES=" + quoted(names(topology.guests())));
        lines.add("declare -A TMT_GUESTS");
        topology.guests().forEach(guest -> lines.addAll(assignments(guest, "TMT_GUESTS", guest.name() + ".")));
        lines.add("TMT_ROLE_NAMES=" + quoted(String.join(" ", topology.roles().keySet())));
        lines.add("declare -A TMT_ROLES");
        topology.roles().forEach((role, guests) -> lines.add("TMT_ROLES[" + role + "]=" + quoted(names(guests))));
        return String.join("\n", lines) + "\n";
    }

    private static List<String> assignments(Guest guest, String variable, String key) {
        return List.of(
                variable + "[" + key + "name]=" + quoted(guest.name()),
                variable + "[" + key + "role]=" + quoted(guest.role()),
                variable + "[" + key + "hostname]=" + quoted(guest.hostname()));
    }

    private static String names(List<Guest> guests) {
        return guests.stream().map(Guest::name).collect(Collectors.joining(" "));
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
