package org.atex.ssh;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How one host is reached, once destination, options and configuration file have been put together, in this order of
 * precedence. Immutable.
 *
 * @param name what the user calls it
 * @param host where it is
 * @param port the port of its sshd
 * @param user who logs in
 * @param hostKeys which host keys are accepted
 * @param keys private keys to try
 * @param proxyCommand a program that is the way to it, or null
 * @param jumps hosts to go through, in the order in which they are met
 * @param options the rest
 */
record Route(
        String name,
        String host,
        int port,
        String user,
        HostKeys hostKeys,
        List<SshOptions.Key> keys,
        @Nullable String proxyCommand,
        List<Route> jumps,
        SshOptions options) {
    private static final int PORT = 22;
    private static final int DEPTH = 16;

    /**
     * {@return the route to a host}
     *
     * @throws SshRefusedException if the configuration file cannot be read or understood
     */
    static Route to(Host host, SshOptions options) {
        return to(host, options, 0);
    }

    private static Route to(Host host, SshOptions options, int depth) {
        if (depth > DEPTH) {
            throw new SshRefusedException(
                    "the jump hosts never end: " + host + " is reached through itself, or through too many others",
                    null);
        }
        ClientConfig config = ClientConfig.of(options.config(), host.address());
        String name = config.value("hostname");
        String address = name == null ? host.address() : name.replace("%h", host.address());
        int port = host.port() != 0 ? host.port() : port(config, host);
        String user = firstOf(host.user(), options.user(), config.value("user"), System.getProperty("user.name"));
        String jump = firstOf(host.jumpHost(), options.jump(), config.value("proxyjump"), "none");
        if (depth > 0 && jump.equals(host.address())) {
            jump = "none"; // as ssh does: a block for all hosts may name the one that all go through
        }
        String proxy = firstOf(options.proxyCommand(), config.value("proxycommand"), "none");
        return new Route(
                host.toString(),
                address,
                port,
                user,
                hostKeys(options, config),
                keys(options, config),
                isNone(proxy) || !isNone(jump) ? null : expanded(proxy, address, port, user),
                isNone(jump) ? List.of() : jumps(jump, options, depth),
                options.withEnvironment(host.environment()));
    }

    private static int port(ClientConfig config, Host host) {
        String port = config.value("port");
        try {
            return port == null ? PORT : Integer.parseInt(port);
        } catch (NumberFormatException e) {
            throw new SshRefusedException(
                    "the ssh configuration has no number as the port of " + host + ": " + port, e);
        }
    }

    private static String firstOf(@Nullable String... values) {
        return Stream.of(values)
                .filter(value -> value != null && !value.isEmpty())
                .findFirst()
                .orElse("");
    }

    private static boolean isNone(String value) {
        return value.equalsIgnoreCase("none");
    }

    private static String expanded(String command, String host, int port, String user) {
        return command.replace("%%", "\0")
                .replace("%h", host)
                .replace("%p", Integer.toString(port))
                .replace("%r", user)
                .replace("\0", "%");
    }

    /** Each of them may have a way of its own, which comes before it. */
    private static List<Route> jumps(String hosts, SshOptions options, int depth) {
        List<Route> jumps = new ArrayList<>();
        for (String jump : hosts.split(",", -1)) {
            Route route = to(Host.of(jump.strip()), options.jumpOptions(), depth + 1);
            jumps.addAll(route.jumps());
            jumps.add(route);
        }
        return List.copyOf(jumps);
    }

    private static HostKeys hostKeys(SshOptions options, ClientConfig config) {
        HostKeys wanted = options.hostKeys();
        if (wanted != null) {
            return wanted;
        }
        String files = config.value("userknownhostsfile");
        List<Path> paths = files == null
                ? List.of(ClientConfig.expand("~/.ssh/known_hosts"))
                : Stream.of(files.split("\n", -1)).map(ClientConfig::expand).toList();
        String strict = config.value("stricthostkeychecking");
        return switch (strict == null ? "ask" : strict.toLowerCase(Locale.ROOT)) {
            case "no", "off" ->
                paths.contains(Path.of("/dev/null")) ? HostKeys.acceptAny() : HostKeys.acceptNew(paths.get(0));
            case "accept-new" -> HostKeys.acceptNew(paths.get(0));
            default -> files == null ? HostKeys.known() : HostKeys.known(paths.toArray(Path[]::new));
        };
    }

    private static List<SshOptions.Key> keys(SshOptions options, ClientConfig config) {
        if (!options.keys().isEmpty()) {
            return options.keys();
        }
        List<Path> files = config.identities().isEmpty()
                ? Stream.of("id_ed25519", "id_ecdsa", "id_rsa")
                        .map(name -> ClientConfig.expand("~/.ssh/" + name))
                        .toList()
                : config.identities().stream().map(ClientConfig::expand).toList();
        // As ssh does: those that are not there are no fault, where nobody insists on them.
        return files.stream()
                .filter(Files::isReadable)
                .map(file -> new SshOptions.Key(file, null))
                .toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
