package org.atex.ssh;

import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A machine that somebody says can be reached over ssh. Immutable.
 *
 * @param address a host name, an address, or an alias of {@code ~/.ssh/config}
 * @param port the port of its sshd, or 0 for what the configuration says, which is usually 22
 * @param user who to log in as, or null for what the configuration says
 * @param slots how many tests it may run at once, at least 1
 * @param jumpHost {@code [user@]host[:port]} through which it is reached, several separated by commas; or null
 * @param environment variables of every command that runs there
 * @param arguments whatever else was said of it: its labels
 */
public record Host(
        String address,
        int port,
        @Nullable String user,
        int slots,
        @Nullable String jumpHost,
        Map<String, String> environment,
        Map<String, String> arguments) {
    // A name with more than one colon is an IPv6 address without a port.
    private static final Pattern DESTINATION = Pattern.compile(
            "(?:([^@\\s]+)@)?(?:\\[([^\\]\\s]+)\\]|([^\\[\\]:@\\s]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.%\\w]*:[0-9A-Fa-f:.%\\w]*))(?::([0-9]{1,5}))?");

    /** Checks and copies what it is given. */
    public Host {
        Objects.requireNonNull(address);
        environment = Map.copyOf(environment);
        arguments = Map.copyOf(arguments);
        if (address.isBlank()) {
            throw new IllegalArgumentException("a host needs an address");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("not a port: " + port + " (of " + address + ")");
        }
        if (slots < 1) {
            throw new IllegalArgumentException("a host needs at least one slot: " + address + " has " + slots);
        }
    }

    /**
     * {@return a host of one slot, about which nothing more is known}
     *
     * @param destination {@code [user@]host[:port]}; an IPv6 address with a port is in brackets
     */
    public static Host of(String destination) {
        Matcher parts = DESTINATION.matcher(destination);
        if (!parts.matches()) {
            throw new IllegalArgumentException("not a host: '" + destination + "' (write [user@]host[:port])");
        }
        String bracketed = parts.group(2);
        String port = parts.group(4);
        return new Host(
                bracketed != null ? bracketed : parts.group(3),
                port == null ? 0 : Integer.parseInt(port),
                parts.group(1),
                1,
                null,
                Map.of(),
                Map.of());
    }

    @Override
    public String toString() {
        String name = address.indexOf(':') < 0 ? address : "[" + address + "]";
        return (user == null ? "" : user + "@") + name + (port == 0 ? "" : ":" + port);
    }
}
