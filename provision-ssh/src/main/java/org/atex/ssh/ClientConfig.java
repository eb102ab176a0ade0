package org.atex.ssh;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ssh_config(5)} says of one host, word by word. OpenSSH's own {@code ssh -G} tells it where there is one, and
 * otherwise {@link ConfigFile}, which knows a part of the language.
 */
final class ClientConfig {
    /** Words of which the first counts, except for those of which all do. */
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    /**
     * {@return what is said of a host}
     *
     * @param options which file is read, and who logs in
     * @param host as the user calls it
     * @throws SshRefusedException if a file cannot be read or understood
     */
    static ClientConfig of(SshOptions options, Host host) {
        Path file = options.config();
        if (file == null) {
            return new ClientConfig();
        }
        Path ssh = OpenSshConfig.program();
        try {
            return ssh != null ? OpenSshConfig.ask(ssh, options, host) : ConfigFile.read(file, options, host);
        } catch (IOException e) {
            throw new SshRefusedException("cannot read the ssh configuration for " + host + ": " + e.getMessage(), e);
        }
    }

    void add(String word, String value) {
        values.computeIfAbsent(word.toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                .add(value);
    }

    /** {@return the first value of a word, or null} */
    @Nullable
    String value(String word) {
        List<String> all = values.get(word);
        return all == null ? null : all.get(0);
    }

    /** {@return all values of a word} */
    List<String> values(String word) {
        return values.getOrDefault(word, List.of());
    }

    /** {@return whether a word is there and says yes} */
    boolean isYes(String word) {
        String value = value(word);
        return value != null && (value.equalsIgnoreCase("yes") || value.equalsIgnoreCase("true"));
    }

    /** {@return whether a name matches one of some patterns, and none of those that are negated} */
    static boolean matches(String name, List<String> patterns) {
        boolean matches = false;
        for (String pattern : patterns) {
            boolean not = pattern.startsWith("!");
            if (glob(not ? pattern.substring(1) : pattern).matcher(name).matches()) {
                if (not) {
                    return false;
                }
                matches = true;
            }
        }
        return matches;
    }

    private static Pattern glob(String pattern) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    /** {@return a path with the user's home put in place of a tilde} */
    static Path expand(String path) {
        return path.equals("~") || path.startsWith("~/") ? Path.of(home() + path.substring(1)) : Path.of(path);
    }

    static String home() {
        return System.getProperty("user.home");
    }
}
