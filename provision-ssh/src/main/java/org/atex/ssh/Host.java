package org.atex.ssh;

import java.util.LinkedHashMap;
import java.util.Locale;
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
        HostText.checkAddress(address);
        HostText.checkUser(user);
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("not a port: " + port + " (of " + address + "); expected 1 to 65535");
        }
        if (slots < 1) {
            throw new IllegalArgumentException("a host needs at least one slot: " + address + " has " + slots);
        }
        HostText.checkJumps(jumpHost);
    }

    /**
     * {@return a host with one slot and nothing else known of it}
     *
     * @param text {@code [user@]host[:port]}; an IPv6 address stands in brackets: {@code root@[2001:db8::1]:2222}.
     *     {@code ssh://} may stand in front of it, and {@code /} at its end
     * @throws IllegalArgumentException if it is not of that form; the message says where
     */
    public static Host of(String text) {
        return HostText.parse(text);
    }

    /**
     * {@return this host with room for several tests at once}
     *
     * @param count how many, at least 1
     */
    public Host withSlots(int count) {
        return new Host(address, port, user, count, jumpHost, environment, arguments);
    }

    /**
     * {@return this host, reached through others}
     *
     * @param jumps {@code [user@]host[:port]}, several separated by commas, or null for none
     */
    public Host withJumpHost(@Nullable String jumps) {
        return new Host(address, port, user, slots, jumps, environment, arguments);
    }

    /**
     * {@return this host with more variables; they replace those of the same name}
     *
     * @param more the variables
     */
    public Host withEnvironment(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        return new Host(address, port, user, slots, jumpHost, all, arguments);
    }

    /**
     * {@return this host with more labels; they replace those of the same name}
     *
     * @param more the labels
     */
    public Host withArguments(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(arguments);
        all.putAll(more);
        return new Host(address, port, user, slots, jumpHost, environment, all);
    }

    /** {@return what tests may ask for: the arguments, {@code host} and, if it is known, {@code port}} */
    public Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>(arguments);
        labels.put("host", address);
        if (port != 0) {
            labels.put("port", String.valueOf(port));
        }
        return Map.copyOf(labels);
    }

    /** Two lines about the same of these are about one machine: behind different jump hosts, addresses may repeat. */
    record Identity(
            String address,
            int port,
            @Nullable String user,
            @Nullable String jumpHost) {}

    Identity identity() {
        return new Identity(address.toLowerCase(Locale.ROOT), port == 0 ? 22 : port, user, jumpHost);
    }

    /** {@return what people call it: the address, and the port unless it is the usual one} */
    String name() {
        return port == 0 || port == 22 ? address : HostText.withPort(address, port);
    }

    /** {@return the name by which failures of the machine are counted; behind different jump hosts, addresses may repeat} */
    String machine() {
        return jumpHost == null ? name() : name() + " via " + jumpHost;
    }

    /** {@return {@code [user@]host[:port]}, without variables, which may be secret} */
    @Override
    public String toString() {
        return (user == null ? "" : user + "@") + (port == 0 ? address : HostText.withPort(address, port));
    }
}
