package org.atex.ssh;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Expands values of {@code ssh_config(5)}: tokens such as {@code %h}, variables written as <code>${NAME}</code>, and a
 * leading tilde. Immutable.
 */
final class ConfigTokens {
    private static final Pattern TOKEN = Pattern.compile("%(.)");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

    private final Map<Character, String> values = new HashMap<>();

    /**
     * Creates the tokens of one host.
     *
     * @param original the name given by the user
     * @param host the address of the host
     * @param port the port of its sshd
     * @param user the login name
     * @param alias the name by which the host key is looked up
     */
    ConfigTokens(String original, String host, int port, String user, String alias) {
        values.put('%', "%");
        values.put('n', original);
        values.put('h', host);
        values.put('p', Integer.toString(port));
        values.put('r', user);
        values.put('k', alias);
        values.put('d', ClientConfig.home());
        values.put('u', System.getProperty("user.name"));
    }

    /** {@return a text with its tokens expanded; unknown tokens are kept} */
    String expand(String text) {
        return TOKEN.matcher(text)
                .replaceAll(
                        token -> Matcher.quoteReplacement(value(token.group(1).charAt(0))));
    }

    /**
     * {@return a path with its tokens, variables and tilde expanded}
     *
     * @throws SshRefusedException if a variable is not set
     */
    Path path(String text) {
        String value = VARIABLE.matcher(text).replaceAll(variable -> {
            String set = System.getenv(variable.group(1));
            if (set == null) {
                throw new SshRefusedException(
                        "the ssh configuration contains '" + text + "', but the variable " + variable.group(1)
                                + " is not set",
                        null);
            }
            return Matcher.quoteReplacement(set);
        });
        return ClientConfig.expand(expand(value));
    }

    private String value(char token) {
        String value = values.get(token);
        return value != null
                ? value
                // Computed on demand: a look-up of the local name may be slow.
                : switch (token) {
                    case 'l' -> localName();
                    case 'L' -> localName().replaceFirst("\\..*", "");
                    case 'i' -> userNumber();
                    default -> "%" + token;
                };
    }

    private static String localName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    private static String userNumber() {
        try {
            return String.valueOf(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException | UnsupportedOperationException e) {
            return "%i";
        }
    }
}
