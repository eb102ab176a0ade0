package org.atex.ssh;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The syntax {@code [user@]host[:port]}, optionally with {@code ssh://} before it: parsing, checks and output.
 * Stateless.
 */
final class HostSyntax {
    private static final String FORM = "expected [user@]host[:port], with an IPv6 address in brackets";
    private static final String SCHEME = "ssh://";

    private HostSyntax() {}

    /**
     * {@return the host that a text describes}
     *
     * @throws IllegalArgumentException if the text does not have the form; the message never repeats a password
     */
    static Host parse(String written) {
        String text =
                written.startsWith(SCHEME) ? written.substring(SCHEME.length()).replaceFirst("/$", "") : written;
        int at = text.lastIndexOf('@');
        if (at > 0 && text.lastIndexOf(':', at) >= 0) {
            // A colon before the @ means user:password. The message must not repeat the text up to the @.
            throw new IllegalArgumentException("not a host: a user name cannot contain a colon; give a password by"
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

    /**
     * {@return the port that a text contains}
     *
     * @throws IllegalArgumentException if it is not a number from 1 to 65535
     */
    static int port(String text) {
        int port = number(text);
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("not a port: '" + text + "'; expected 1 to 65535");
        }
        return port;
    }

    /**
     * {@return the number that a text contains, or -1 if the text is not one to nine digits; nine digits fit into an
     * int}
     */
    static int number(String text) {
        return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
    }

    /** {@return {@code address:port}, with an IPv6 address in brackets} */
    static String withPort(String address, int port) {
        return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + port;
    }

    static void checkAddress(String address) {
        if (address.isBlank()) {
            throw new IllegalArgumentException("the address of a host is empty");
        }
        check("address", address, "@/[],;");
    }

    static void checkUser(@Nullable String user) {
        if (user != null) {
            if (user.isBlank()) {
                throw new IllegalArgumentException("the user name is empty");
            }
            check("user", user, "@,;");
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

    /**
     * Checks a part of a host. A leading dash is refused: a program that gets the text as an argument would see an
     * option.
     */
    private static void check(String what, String text, String forbidden) {
        if (text.startsWith("-") || text.chars().anyMatch(c -> c <= ' ' || c == 0x7f || forbidden.indexOf(c) >= 0)) {
            throw new IllegalArgumentException("not a host's " + what + ": '" + text
                    + "' (it must not begin with '-', and must not contain spaces, control characters"
                    + " or any of " + forbidden + ")");
        }
    }
}
