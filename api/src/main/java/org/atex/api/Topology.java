package org.atex.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The systems of a {@link MultihostTest}, as one of them sees them. The words are those of tmt: each system is a guest
 * with a name, a role and a host name.
 *
 * <p>Thread safety: immutable.
 *
 * @param test the name of the test
 * @param self the name of the guest on which the test runs
 * @param guests all guests, in the order of their roles
 */
public record Topology(String test, String self, List<Guest> guests) {
    /**
     * A system of the test.
     *
     * @param name its name in the test, such as {@code client-1}
     * @param role its role, such as {@code client}
     * @param hostname the host name or IP address by which the other systems reach it, see {@link Remote#address()}
     */
    public record Guest(String name, String role, String hostname) {}

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if the guest on which the test runs is not among the guests
     */
    public Topology {
        guests = List.copyOf(guests);
        if (find(guests, self) == null) {
            throw new IllegalArgumentException("the guest " + self + " is not one of " + guests);
        }
    }

    private static @Nullable Guest find(List<Guest> guests, String name) {
        return guests.stream()
                .filter(guest -> guest.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** {@return the guest on which the test runs} */
    public Guest guest() {
        Guest guest = find(guests, self);
        if (guest == null) {
            throw new IllegalStateException("checked by the constructor");
        }
        return guest;
    }

    /** {@return the guests of each role, in the order of the roles} */
    public Map<String, List<Guest>> roles() {
        Map<String, List<Guest>> roles = new LinkedHashMap<>();
        guests.forEach(guest ->
                roles.computeIfAbsent(guest.role(), role -> new ArrayList<>()).add(guest));
        return roles;
    }

    /**
     * {@return environment variables that describe the guests} {@code ATEX_GUEST} and {@code ATEX_ROLE} are the name and
     * the role of this guest. For each role there is a variable with the host names of its guests, separated by spaces:
     * {@code ATEX_HOSTS_} and the name of the role in upper case, with {@code _} for each character that is not a letter
     * or digit.
     */
    public Map<String, String> variables() {
        Map<String, String> variables = new TreeMap<>();
        variables.put("ATEX_GUEST", self);
        variables.put("ATEX_ROLE", guest().role());
        roles().forEach((role, members) -> variables.merge(
                variable(role),
                members.stream().map(Guest::hostname).collect(Collectors.joining(" ")),
                (a, b) -> a + " " + b));
        return variables;
    }

    static String variable(String role) {
        return "ATEX_HOSTS_" + role.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }
}
