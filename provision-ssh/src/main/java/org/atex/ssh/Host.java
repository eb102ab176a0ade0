package org.atex.ssh;

import java.util.Map;
import java.util.Objects;
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

    @Override
    public String toString() {
        return (user == null ? "" : user + "@") + address + (port == 0 ? "" : ":" + port);
    }
}
