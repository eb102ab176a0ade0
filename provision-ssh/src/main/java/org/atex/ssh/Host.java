package org.atex.ssh;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.atex.api.Capability;
import org.jspecify.annotations.Nullable;

/**
 * A machine that is reached over ssh, as a list of hosts or a reservation service describes it.
 *
 * <p>Immutable and therefore thread-safe: each {@code with…} method returns a changed copy. Two hosts are equal if all
 * their properties are equal.
 */
public final class Host {
    private final String address;
    private final int port;
    private final @Nullable String user;
    private final int slots;
    private final @Nullable String jumpHost;
    private final Map<String, String> environment;
    private final Map<String, String> arguments;

    Host(
            String address,
            int port,
            @Nullable String user,
            int slots,
            @Nullable String jumpHost,
            Map<String, String> environment,
            Map<String, String> arguments) {
        HostSyntax.checkAddress(address);
        HostSyntax.checkUser(user);
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("not a port: " + port + " (of " + address + "); expected 1 to 65535");
        }
        if (slots < 1) {
            throw new IllegalArgumentException("a host needs at least one slot: " + address + " has " + slots);
        }
        HostSyntax.checkJumps(jumpHost);
        this.address = Objects.requireNonNull(address);
        this.port = port;
        this.user = user;
        this.slots = slots;
        this.jumpHost = jumpHost;
        this.environment = Map.copyOf(environment);
        this.arguments = Map.copyOf(arguments);
    }

    /** {@return the host name, the IP address without brackets, or an alias of {@code ~/.ssh/config}} */
    public String address() {
        return address;
    }

    /** {@return the port of the ssh server; 0 for the port of the ssh configuration, which is 22 by default} */
    public int port() {
        return port;
    }

    /** {@return the user to log in as; null for the user of the ssh configuration} */
    public @Nullable String user() {
        return user;
    }

    /** {@return the number of tests that may run at once, at least 1} */
    public int slots() {
        return slots;
    }

    /**
     * {@return the jump hosts, each {@code [user@]host[:port]}, separated by commas in the order from this machine to
     * the host; null for none}
     */
    public @Nullable String jumpHost() {
        return jumpHost;
    }

    /** {@return the environment variables of every command on the host} */
    public Map<String, String> environment() {
        return environment;
    }

    /** {@return the labels that the description of the host gives; {@link #labels()} has more} */
    public Map<String, String> arguments() {
        return arguments;
    }

    /**
     * {@return the host that a text describes; by default with one slot, without jump host, variables and labels}
     *
     * @param text {@code [user@]host[:port]}, with an IPv6 address in brackets: {@code root@[2001:db8::1]:2222}.
     *     {@code ssh://} before it and {@code /} after it are accepted. Arguments may follow, which have the same
     *     meaning as in {@link Hosts#file}: {@code a.example:2222;cores=4;jump_host=gate.example;LANG=C;arch=x86_64}. A
     *     value cannot contain a semicolon
     * @throws IllegalArgumentException if the text does not have that form; the message says where
     */
    public static Host of(String text) {
        return HostLine.parse(text);
    }

    /**
     * {@return a copy with this port}
     *
     * @param number the port of the ssh server, 1 to 65535; 0 for the port of the ssh configuration
     * @throws IllegalArgumentException if the number is not a port
     */
    public Host withPort(int number) {
        return new Host(address, number, user, slots, jumpHost, environment, arguments);
    }

    /**
     * {@return a copy with this user}
     *
     * @param name the user to log in as; null for the user of the ssh configuration
     * @throws IllegalArgumentException if the name is empty or contains forbidden characters
     */
    public Host withUser(@Nullable String name) {
        return new Host(address, port, name, slots, jumpHost, environment, arguments);
    }

    /**
     * {@return a copy with this number of slots}
     *
     * @param count the number of tests that may run at once, at least 1
     * @throws IllegalArgumentException if the count is less than 1
     */
    public Host withSlots(int count) {
        return new Host(address, port, user, count, jumpHost, environment, arguments);
    }

    /**
     * {@return a copy with these jump hosts}
     *
     * @param jumps {@code [user@]host[:port]}, several separated by commas; null for none
     * @throws IllegalArgumentException if one of them does not have that form
     */
    public Host withJumpHost(@Nullable String jumps) {
        return new Host(address, port, user, slots, jumps, environment, arguments);
    }

    /**
     * {@return a copy with additional environment variables; they replace variables of the same name}
     *
     * @param more the variables
     */
    public Host withEnvironment(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        return new Host(address, port, user, slots, jumpHost, all, arguments);
    }

    /**
     * {@return a copy with additional labels; they replace labels of the same name}
     *
     * @param more the labels
     */
    public Host withArguments(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(arguments);
        all.putAll(more);
        return new Host(address, port, user, slots, jumpHost, environment, all);
    }

    /**
     * {@return the labels that tests can require: {@link #arguments()}, {@code host} with the address, {@code port}
     * unless the port is 0, and {@link Capability#THROWAWAY} with {@code no} unless the arguments say otherwise}
     */
    public Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>(Map.of(Capability.THROWAWAY, "no"));
        labels.putAll(arguments);
        labels.put("host", address);
        if (port != 0) {
            labels.put("port", String.valueOf(port));
        }
        return Map.copyOf(labels);
    }

    /**
     * The properties that identify a machine: a list must not have two hosts with equal ones. The jump host is one of
     * them, as private networks behind different jump hosts use the same addresses.
     */
    record Identity(
            String address,
            int port,
            @Nullable String user,
            @Nullable String jumpHost) {}

    Identity identity() {
        return new Identity(address.toLowerCase(Locale.ROOT), port == 0 ? 22 : port, user, jumpHost);
    }

    /** {@return the display name: the address, and the port unless it is 0 or 22} */
    String name() {
        return port == 0 || port == 22 ? address : HostSyntax.withPort(address, port);
    }

    /** {@return the name by which failures of the machine are counted: the display name and the jump hosts} */
    String machine() {
        return jumpHost == null ? name() : name() + " via " + jumpHost;
    }

    /** {@return {@code [user@]host[:port]}; never the environment variables, as they can be secret} */
    @Override
    public String toString() {
        return (user == null ? "" : user + "@") + (port == 0 ? address : HostSyntax.withPort(address, port));
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(address, port, user, slots, jumpHost, environment, arguments);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Host that && properties().equals(that.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }
}
