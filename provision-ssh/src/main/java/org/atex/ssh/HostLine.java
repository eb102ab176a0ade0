package org.atex.ssh;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Converts descriptions of hosts with arguments to a {@link Host}: JSON lines of a hosts file or of a reservation
 * service, and texts. Stateless.
 */
final class HostLine {
    /** The expected form, for messages. */
    static final String FORM = "{\"host\": \"…\", \"port\": 22, \"arguments\": {…}}";

    /** The limit of hosts from one source. It bounds the memory that a mistake or an attack can take. */
    static final int MAX_HOSTS = 10_000;

    /** Keys that are accepted among the arguments and beside them. */
    private static final Set<String> SETTINGS = Set.of("user", "slots", "cores", "jump_host");

    /** Arguments with such a name are environment variables, all others are labels. */
    private static final Pattern VARIABLE = Pattern.compile("[A-Z][A-Z0-9_]*");

    private HostLine() {}

    /**
     * {@return the host that a text describes: {@code [user@]host[:port]}, followed by {@code ;name=value} for each
     * argument}
     *
     * @throws IllegalArgumentException if the text does not have that form; the message does not repeat values of
     *     variables, as they can be secret
     */
    static Host parse(String text) {
        String[] parts = text.split(";", -1);
        Host named = HostSyntax.parse(parts[0]);
        Map<String, String> arguments = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int end = parts[i].indexOf('=');
            String name = end < 0 ? "" : parts[i].substring(0, end).strip();
            if (name.isEmpty()) {
                throw new IllegalArgumentException("not a host: argument " + i + " of '" + parts[0] + "' has "
                        + (end < 0 ? "no '='" : "no name") + "; expected [user@]host[:port];name=value;name=value");
            }
            if (arguments.put(name, parts[i].substring(end + 1)) != null) {
                throw new IllegalArgumentException(
                        "not a host: '" + parts[0] + "' has the argument " + name + " twice; give it once");
            }
        }
        if (arguments.isEmpty()) {
            return named;
        }
        try {
            return host(new JsonLine(Map.of("host", named.toString()), arguments));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "not a host: an argument of '" + parts[0] + "' is not usable: " + e.getMessage(), e);
        }
    }

    /** {@return the keys beside the arguments that have no meaning} */
    static List<String> unknownKeys(JsonLine line) {
        return line.values().keySet().stream()
                .filter(key -> !SETTINGS.contains(key) && !key.equals("host") && !key.equals("port"))
                .toList();
    }

    /**
     * {@return the host that a line describes}
     *
     * @throws IllegalArgumentException if a value is missing, invalid or contradicts another; the message names the key
     *     and the expected value
     */
    static Host host(JsonLine line) {
        String text = line.values().get("host");
        if (text == null || text.isBlank()) {
            throw new IllegalArgumentException("\"host\" is missing; expected " + FORM);
        }
        // The port has a key of its own, so that an IPv6 address is unambiguous without brackets.
        Host named = HostSyntax.parse(
                text.chars().filter(c -> c == ':').count() > 1 && !text.contains("[")
                        ? text.replaceFirst("([^@]*)$", "[$1]")
                        : text);
        String user = setting(line, "user", named.user());
        String port = setting(line, "port", named.port() == 0 ? null : String.valueOf(named.port()));
        String slots = setting(line, "slots", setting(line, "cores", null));
        Map<String, String> environment = new LinkedHashMap<>();
        Map<String, String> labels = new LinkedHashMap<>();
        line.arguments().forEach((key, value) -> {
            if (VARIABLE.matcher(key).matches()) {
                environment.put(key, value);
            } else if (!SETTINGS.contains(key)) {
                labels.put(key, value);
            }
        });
        return new Host(
                named.address(),
                port == null ? 0 : HostSyntax.port(port),
                user,
                slots == null ? 1 : slots(slots),
                setting(line, "jump_host", null),
                environment,
                labels);
    }

    private static int slots(String text) {
        int slots = HostSyntax.number(text);
        if (slots < 1) {
            throw new IllegalArgumentException("not a number of slots: '" + text + "' (\"slots\" or \"cores\");"
                    + " expected a whole number of at least 1");
        }
        return slots;
    }

    /**
     * {@return the value of a setting, or the fallback} A setting may be given in several places if the values are
     * equal. The port is not looked for among the arguments, as services use that name for other purposes.
     */
    private static @Nullable String setting(JsonLine line, String key, @Nullable String fallback) {
        String value = fallback;
        for (Map<String, String> place :
                key.equals("port") ? List.of(line.values()) : List.of(line.values(), line.arguments())) {
            String other = place.get(key);
            if (other != null && value != null && !other.equals(value)) {
                throw new IllegalArgumentException(
                        "\"" + key + "\" is given twice, as '" + value + "' and '" + other + "'; expected one value");
            }
            value = other == null ? value : other;
        }
        return value;
    }
}
