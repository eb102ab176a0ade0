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
 * The client configuration of one host: the keywords of {@code ssh_config(5)} and their values. It comes from OpenSSH's
 * {@code ssh -G} if {@code ssh} is on the PATH, otherwise from {@link ConfigFile}, which supports a part of the
 * language.
 *
 * <p>Thread safety: immutable once the factory has returned it.
 */
final class ClientConfig {
    /** Keywords in lower case. For most of them the first value counts, for some (see {@link #values(String)}) all. */
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    /**
     * {@return the configuration of a host; empty if the options name no file}
     *
     * @param options the file to read and the user to log in as
     * @param host the host by the name that the caller uses, which the patterns of the file are matched with
     * @throws SshRefusedException if a file cannot be read or has a mistake
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
            throw new SshRefusedException(
                    "could not read the ssh configuration for " + host + ": " + e.getMessage(), e);
        }
    }

    void add(String keyword, String value) {
        values.computeIfAbsent(keyword.toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                .add(value);
    }

    /** {@return the first value of a keyword in lower case, or null} */
    @Nullable
    String value(String keyword) {
        List<String> all = values.get(keyword);
        return all == null ? null : all.get(0);
    }

    /** {@return all values of a keyword in lower case, in the order of the configuration} */
    List<String> values(String keyword) {
        return values.getOrDefault(keyword, List.of());
    }

    /** {@return whether a keyword is set to yes} {@code ssh -G} prints {@code true} for some keywords. */
    boolean isYes(String keyword) {
        String value = value(keyword);
        return value != null && (value.equalsIgnoreCase("yes") || value.equalsIgnoreCase("true"));
    }

    /**
     * {@return whether a name matches a pattern list as {@code ssh_config(5)} defines it: at least one pattern and no
     * negated one}
     */
    static boolean matches(String name, List<String> patterns) {
        boolean matches = false;
        for (String pattern : patterns) {
            boolean negated = pattern.startsWith("!");
            if (glob(negated ? pattern.substring(1) : pattern).matcher(name).matches()) {
                if (negated) {
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

    /** {@return a path, with {@code ~/} at its beginning replaced by the home directory of the user} */
    static Path expand(String path) {
        return path.equals("~") || path.startsWith("~/") ? Path.of(home() + path.substring(1)) : Path.of(path);
    }

    static String home() {
        return System.getProperty("user.home");
    }
}
