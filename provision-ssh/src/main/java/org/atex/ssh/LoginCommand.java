package org.atex.ssh;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Composes the command line of OpenSSH's client that takes the same route as a connection. */
final class LoginCommand {
    private static final int PORT = 22;

    private LoginCommand() {}

    /** {@return the command line, or an empty list if the client has no such route} */
    static List<String> of(Route route) {
        SshOptions options = route.options();
        if (options.carrier() != null) {
            return List.of();
        }
        List<String> line = new ArrayList<>(List.of("ssh"));
        Path config = options.config();
        if (config == null) {
            line.addAll(List.of("-F", "none"));
        } else if (!options.hasUsualConfig()) {
            line.addAll(List.of("-F", config.toString()));
        }
        if (route.identities().isExplicit() && route.identities().agent() == null) {
            line.addAll(List.of("-o", "IdentitiesOnly=yes")); // the host may refuse after the keys of an agent
        }
        for (SshOptions.Key key : options.keys()) {
            line.addAll(List.of("-i", key.file().toString()));
        }
        line.addAll(hostKeys(route.hostKeys()));
        if (!route.jumps().isEmpty()) {
            line.addAll(
                    List.of("-J", route.jumps().stream().map(LoginCommand::jump).collect(Collectors.joining(","))));
        }
        if (route.proxyCommand() != null) {
            line.addAll(List.of("-o", "ProxyCommand=" + route.proxyCommand().replace("%", "%%")));
        }
        if (route.port() != PORT) {
            line.addAll(List.of("-p", String.valueOf(route.port())));
        }
        // The name in the configuration, which may have further options for it.
        line.add(route.user() + "@"
                + (config == null ? route.host() : Host.of(route.name()).address()));
        return List.copyOf(line);
    }

    private static String jump(Route route) {
        String host = route.host().contains(":") ? "[" + route.host() + "]" : route.host();
        return route.user() + "@" + host + (route.port() == PORT ? "" : ":" + route.port());
    }

    private static List<String> hostKeys(HostKeys policy) {
        return switch (policy) {
            case HostKeys.KnownHosts known -> files(known.files().stream());
            case HostKeys.AcceptNew accept -> files(Stream.of(accept.file()));
            case HostKeys.AcceptAny unused ->
                List.of("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null");
            // The client asks for confirmation, and prints the fingerprint to compare.
            case HostKeys.Pinned unused -> List.of();
            case ConfiguredHostKeys unused -> List.of();
        };
    }

    private static List<String> files(Stream<Path> files) {
        return List.of(
                "-o",
                "UserKnownHostsFile=" + files.map(file -> "\"" + file + "\"").collect(Collectors.joining(" ")));
    }
}
