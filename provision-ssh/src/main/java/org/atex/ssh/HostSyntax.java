package org.atex.ssh;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code [user@]host[:port]}, with {@code ssh://} in front if one likes, read and checked. */
final class HostSyntax {
    private static final String FORM = "expected [user@]host[:port], with an IPv6 address in brackets";
    private static final String SCHEME = "ssh://";

    private HostSyntax() {}

    static Host parse(String written) {
        String text =
                written.startsWith(SCHEME) ? written.substring(SCHEME.length()).replaceFirst("/$", "") : written;
        int at = text.lastIndexOf('@');
        if (at > 0 && text.lastIndexOf(':', at) >= 0) {
            // Without the text, which holds a password if this is one.
            throw new IllegalArgumentException("not a host: a user's name holds no colon, and a password is given by"
                    + " SshOptions.withPassword (at " + text.substring(at) + "); " + FORM);
        }
        String user = at < 0 ? null : text.substring(0, at);
        String rest = text.substring(at + 1);
        int end = rest.startsWith("[")
                ? rest.indexOf(']') + 1
                : rest.indexOf(':') < 0 ? rest.length() : rest.indexOf(':');
        if (rest.startsWith("[") && end == 0) {
            throw new IllegalArgumentException("not a host: '" + text + "' (a bracket is not closed); " + FORM);
        }
        String address = rest.startsWith("[") ? rest.substring(1, end - 1) : rest.substring(0, end);
        String tail = rest.substring(end);
        if (!rest.startsWith("[") && tail.indexOf(':', 1) > 0) {
            throw new IllegalArgumentException("not a host: '" + text + "' (more than one colon); " + FORM);
        }
        if (!tail.isEmpty() && !tail.startsWith(":")) {
            throw new IllegalArgumentException("not a host: '" + text + "' (text after the bracket); " + FORM);
        }
        try {
            int port = tail.isEmpty() ? 0 : port(tail.substring(1));
            return new Host(address, port, user, 1, null, Map.of(), Map.of());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("not a host: '" + text + "' (" + e.getMessage() + "); " + FORM, e);
        }
    }

    static int port(String text) {
        int port = number(text);
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("not a port: '" + text + "'; expected 1 to 65535");
        }
        return port;
    }

    /** {@return the number, or -1 if it is none of up to nine digits: more than any port or slot} */
    static int number(String text) {
        return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
    }

    static String withPort(String address, int port) {
        return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + port;
    }

    static void checkAddress(String address) {
        if (address.isBlank()) {
            throw new IllegalArgumentException("a host needs an address");
        }
        check("address", address, "@/[],");
    }

    static void checkUser(@Nullable String user) {
        if (user != null) {
            if (user.isBlank()) {
                throw new IllegalArgumentException("the user's name is empty");
            }
            check("user", user, "@,");
        }
    }

    static void checkJumps(@Nullable String jumps) {
        if (jumps != null) {
            for (String jump : jumps.split(",", -1)) {
                try {
                    parse(jump.strip());
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("not a jump host: " + e.getMessage(), e);
                }
            }
        }
    }

    /** What begins with a dash would be an option to whatever program is given it. */
    private static void check(String what, String text, String forbidden) {
        if (text.startsWith("-") || text.chars().anyMatch(c -> c <= ' ' || c == 0x7f || forbidden.indexOf(c) >= 0)) {
            throw new IllegalArgumentException("not a host's " + what + ": '" + text
                    + "' (it must not begin with '-' nor hold spaces or any of " + forbidden + ")");
        }
    }
}
