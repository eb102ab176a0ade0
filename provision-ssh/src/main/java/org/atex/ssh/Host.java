package org.atex.ssh;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A machine that can be reached over ssh, as a list of hosts or a reservation service describes it.
 *
 * <p>Immutable: each {@code with…} method returns a changed copy. Two hosts are equal if all their properties are.
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

    /** {@return a host name, an address, or an alias of {@code ~/.ssh/config}} */
    public String address() {
        return address;
    }

    /** {@return the port of its sshd, or 0 for what the configuration says, which is usually 22} */
    public int port() {
        return port;
    }

    /** {@return the user to log in as, or null for what the configuration says} */
    public @Nullable String user() {
        return user;
    }

    /** {@return how many tests it may run at once, at least 1} */
    public int slots() {
        return slots;
    }

    /** {@return {@code [user@]host[:port]} through which it is reached, several separated by commas; or null} */
    public @Nullable String jumpHost() {
        return jumpHost;
    }

    /** {@return variables of every command that runs there} */
    public Map<String, String> environment() {
        return environment;
    }

    /** {@return its labels} */
    public Map<String, String> arguments() {
        return arguments;
    }

    /**
     * {@return a host with one slot and nothing else known of it}
     *
     * @param text {@code [user@]host[:port]}; an IPv6 address stands in brackets: {@code root@[2001:db8::1]:2222}.
     *     {@code ssh://} may stand in front of it, and {@code /} at its end
     * @throws IllegalArgumentException if it is not of that form; the message says where
     */
    public static Host of(String text) {
        return HostSyntax.parse(text);
    }

    /**
     * {@return this host with another port}
     *
     * @param number the port of its sshd, or 0 for what the configuration says
     */
    public Host withPort(int number) {
        return new Host(address, number, user, slots, jumpHost, environment, arguments);
    }

    /**
     * {@return this host with another user}
     *
     * @param name the user to log in as, or null for what the configuration says
     */
    public Host withUser(@Nullable String name) {
        return new Host(address, port, name, slots, jumpHost, environment, arguments);
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
        return port == 0 || port == 22 ? address : HostSyntax.withPort(address, port);
    }

    /** {@return the name by which failures of the machine are counted; behind different jump hosts, addresses may repeat} */
    String machine() {
        return jumpHost == null ? name() : name() + " via " + jumpHost;
    }

    /** {@return {@code [user@]host[:port]}, without variables, which may be secret} */
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
