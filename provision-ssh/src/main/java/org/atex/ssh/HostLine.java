package org.atex.ssh;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a line of JSON says about a host. */
final class HostLine {
    static final String FORM = "{\"host\": \"…\", \"port\": 22, \"arguments\": {…}}";

    /** More than that is a mistake, or an attack. */
    static final int MAX_HOSTS = 10_000;

    private static final Set<String> SETTINGS = Set.of("user", "slots", "cores", "jump_host");
    private static final Pattern VARIABLE = Pattern.compile("[A-Z][A-Z0-9_]*");

    private HostLine() {}

    /** {@return the keys that mean nothing here} */
    static List<String> unknown(JsonLine line) {
        return line.values().keySet().stream()
                .filter(key -> !SETTINGS.contains(key) && !key.equals("host") && !key.equals("port"))
                .toList();
    }

    /**
     * {@return the host}
     *
     * @throws IllegalArgumentException if it is none; the message names the key and what is expected
     */
    static Host host(JsonLine line) {
        String text = line.values().get("host");
        if (text == null || text.isBlank()) {
            throw new IllegalArgumentException("\"host\" is missing; expected " + FORM);
        }
        // A bare IPv6 address needs no brackets here: the port has a key of its own.
        Host named = Host.of(
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
            throw new IllegalArgumentException("not a number of tests at once: '" + text + "' (\"cores\" or \"slots\");"
                    + " expected a whole number of at least 1");
        }
        return slots;
    }

    /** A setting may be said in several places, if they agree. The port is no argument: services use that name freely. */
    private static @Nullable String setting(JsonLine line, String key, @Nullable String otherwise) {
        String said = otherwise;
        for (Map<String, String> place :
                key.equals("port") ? List.of(line.values()) : List.of(line.values(), line.arguments())) {
            String here = place.get(key);
            if (here != null && said != null && !here.equals(said)) {
                throw new IllegalArgumentException(
                        "\"" + key + "\" is said twice: '" + said + "' and '" + here + "'; expected one of them");
            }
            said = here == null ? said : here;
        }
        return said;
    }
}
