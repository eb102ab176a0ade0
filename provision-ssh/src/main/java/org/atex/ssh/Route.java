package org.atex.ssh;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a connection to one host. They are taken from the destination, the options and the configuration
 * file, in this order of precedence. Immutable.
 *
 * @param name the name given by the user
 * @param host the address of the host
 * @param port the port of its sshd
 * @param user the login name
 * @param hostKeys the policy for host keys
 * @param algorithms the names of the allowed host key algorithms, or an empty set for all
 * @param identities the keys for the login
 * @param proxyCommand a program that replaces the socket by its input and output, or null
 * @param jumps the jump hosts, in the order in which they are connected to
 * @param options all other options
 */
record Route(
        String name,
        String host,
        int port,
        String user,
        HostKeys hostKeys,
        Set<String> algorithms,
        Identities identities,
        @Nullable String proxyCommand,
        List<Route> jumps,
        SshOptions options) {
    private static final int PORT = 22;
    /** The maximum nesting of jump hosts; a loop in the configuration would not end otherwise. */
    private static final int MAX_DEPTH = 16;

    /**
     * {@return the route to a host}
     *
     * @throws SshRefusedException if the configuration cannot be read or contains an option that is not supported
     */
    static Route to(Host host, SshOptions options) {
        return to(host, options, 0);
    }

    private static Route to(Host host, SshOptions options, int depth) {
        if (depth > MAX_DEPTH) {
            throw new SshRefusedException(
                    "too many nested jump hosts: " + host + " is reached through itself, or through more than "
                            + MAX_DEPTH + " hosts",
                    null);
        }
        ClientConfig config = ClientConfig.of(options, host);
        // HostName may contain %h, the name given by the user, and %%, a percent sign.
        String name = config.value("hostname");
        String address = name == null
                ? host.address()
                : name.replace("%%", "\0").replace("%h", host.address()).replace("\0", "%");
        int port = host.port() != 0 ? host.port() : port(config, host);
        String user = firstOf(host.user(), options.user(), config.value("user"), System.getProperty("user.name"));
        String alias = config.value("hostkeyalias");
        ConfigTokens tokens =
                new ConfigTokens(host.address(), address, port, user, alias != null ? alias : host.address());
        boolean carried = options.carrier() != null;
        String jump = carried ? "none" : firstOf(host.jumpHost(), options.jump(), config.value("proxyjump"), "none");
        String proxy = carried ? "none" : firstOf(options.proxyCommand(), config.value("proxycommand"), "none");
        boolean direct = !carried && isNone(jump) && isNone(proxy);
        check(config, host, options, direct);
        return new Route(
                host.toString(),
                address,
                port,
                user,
                hostKeys(options, config, tokens, direct),
                options.hostKeys() != null ? Set.of() : algorithms(config),
                Identities.of(options, config, tokens),
                // A carrier takes precedence over a jump host, and that over a proxy command.
                isNone(proxy) || !isNone(jump) ? null : tokens.expand(proxy),
                isNone(jump) ? List.of() : jumps(jump, options, depth),
                options.withEnvironment(host.environment()));
    }

    /** Refuses options that are not supported and decide which host is reached or which key is trusted. */
    private static void check(ClientConfig config, Host host, SshOptions options, boolean direct) {
        for (String word : List.of("knownhostscommand", "revokedhostkeys")) {
            String value = config.value(word);
            if (options.hostKeys() == null && value != null && !isNone(value)) {
                throw unsupported(
                        host,
                        word,
                        value,
                        "revoke keys by lines '@revoked' of a known-hosts file, or set the accepted keys by"
                                + " SshOptions.withHostKeys");
            }
        }
        if (!direct && config.isYes("proxyusefdpass")) {
            throw unsupported(host, "proxyusefdpass", "yes", "use a ProxyCommand that copies its input and output");
        }
        for (String word : List.of("bindinterface", "bindaddress")) {
            String value = config.value(word);
            if (direct && value != null && !isNone(value)) {
                throw unsupported(
                        host, word, value, "remove it, so that the routing table decides, or use a ProxyCommand");
            }
        }
    }

    private static SshRefusedException unsupported(Host host, String word, String value, String instead) {
        return new SshRefusedException(
                "the ssh configuration for " + host + " has '" + word + " " + value + "', which is not supported: "
                        + instead,
                null);
    }

    private static int port(ClientConfig config, Host host) {
        String port = config.value("port");
        try {
            return port == null ? PORT : Integer.parseInt(port);
        } catch (NumberFormatException e) {
            throw new SshRefusedException(
                    "the port of " + host + " in the ssh configuration is not a number: " + port, e);
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

    /**
     * The first jump host may have jump hosts of its own, which precede it. Each other is reached through the one
     * before.
     */
    private static List<Route> jumps(String hosts, SshOptions options, int depth) {
        List<Route> jumps = new ArrayList<>();
        SshOptions there = options.jumpOptions();
        for (String jump : hosts.split(",", -1)) {
            Route route = to(Host.of(jump.strip()), jumps.isEmpty() ? there : there.withJumpHosts("none"), depth + 1);
            jumps.addAll(route.jumps());
            jumps.add(route);
        }
        return List.copyOf(jumps);
    }

    private static HostKeys hostKeys(SshOptions options, ClientConfig config, ConfigTokens tokens, boolean direct) {
        HostKeys wanted = options.hostKeys();
        if (wanted != null) {
            return wanted;
        }
        return new ConfiguredHostKeys(
                files(config.values("userknownhostsfile"), ConfiguredHostKeys.USER_FILES, tokens),
                files(config.values("globalknownhostsfile"), ConfiguredHostKeys.GLOBAL_FILES, tokens),
                StrictHostKeyChecking.of(config.value("stricthostkeychecking")),
                config.value("hostkeyalias"),
                direct && config.isYes("nohostauthenticationforlocalhost"));
    }

    private static List<Path> files(List<String> named, List<Path> usual, ConfigTokens tokens) {
        if (named.isEmpty()) {
            return usual;
        }
        return named.equals(List.of("none"))
                ? List.of()
                : named.stream().map(tokens::path).toList();
    }

    private static Set<String> algorithms(ClientConfig config) {
        String names = config.value("hostkeyalgorithms");
        return names == null ? Set.of() : Set.of(names.split(",", -1));
    }

    @Override
    public String toString() {
        return name;
    }
}
