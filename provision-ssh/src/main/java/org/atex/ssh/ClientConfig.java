package org.atex.ssh;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a file as {@code ssh_config(5)} says of one host. As there, the first value of a word counts, and identity files
 * add up. {@code Match} blocks other than {@code Match all} are skipped: they take programs and facts that only ssh has.
 */
final class ClientConfig {
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
    private static final Pattern LINE = Pattern.compile("\\s*(\\w+)(?:\\s*=\\s*|\\s+)(.*?)\\s*");
    private static final int DEPTH = 16;

    private final String host;
    private final Map<String, String> first = new HashMap<>();
    private final List<String> identities = new ArrayList<>();

    private ClientConfig(String host) {
        this.host = host;
    }

    /**
     * {@return what a file says of a host}
     *
     * @param file the file, or null for none; one that is not there says nothing
     * @param host the name by which the user calls it
     * @throws SshRefusedException if it cannot be read or understood
     */
    static ClientConfig of(@Nullable Path file, String host) {
        ClientConfig config = new ClientConfig(host);
        if (file != null && Files.exists(file)) {
            config.read(file, true, 0);
        }
        return config;
    }

    private void read(Path file, boolean active, int depth) {
        if (depth > DEPTH) {
            throw new SshRefusedException(file + " is included too deeply: does it include itself?", null);
        }
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new SshRefusedException("cannot read the ssh configuration " + file + ": " + e, e);
        }
        boolean applies = active;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank() || line.strip().startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches() || matcher.group(2).isEmpty()) {
                throw new SshRefusedException(file + ":" + (i + 1) + ": not a word and its value: " + line, null);
            }
            String word = matcher.group(1).toLowerCase(Locale.ROOT);
            List<String> values = words(matcher.group(2));
            switch (word) {
                case "host" -> applies = active && matches(host, values);
                case "match" -> applies = active && values.equals(List.of("all"));
                case "include" -> {
                    if (applies) {
                        include(file, values, depth);
                    }
                }
                case "identityfile" -> {
                    if (applies) {
                        identities.add(values.get(0));
                    }
                }
                // The rest of the line is a command.
                case "proxycommand" -> put(applies, word, matcher.group(2));
                case "userknownhostsfile" -> put(applies, word, String.join("\n", values));
                default -> put(applies, word, values.get(0));
            }
        }
    }

    private void put(boolean applies, String word, String value) {
        if (applies) {
            first.putIfAbsent(word, value);
        }
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        for (Matcher word = WORD.matcher(text); word.find(); ) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2));
        }
        return words;
    }

    /** {@return whether a name matches one of some patterns, and none of those that are negated} */
    static boolean matches(String host, List<String> patterns) {
        boolean matches = false;
        for (String pattern : patterns) {
            boolean not = pattern.startsWith("!");
            if (glob(not ? pattern.substring(1) : pattern).matcher(host).matches()) {
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
        return Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE);
    }

    private void include(Path from, List<String> values, int depth) {
        for (String value : values) {
            Path home = from.toAbsolutePath().getParent();
            Path path = home == null ? expand(value) : home.resolve(expand(value));
            Path directory = path.getParent();
            Path name = path.getFileName();
            Set<Path> found = new TreeSet<>();
            if (directory != null && name != null && Files.isDirectory(directory)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, name.toString())) {
                    files.forEach(found::add);
                } catch (IOException e) {
                    throw new SshRefusedException("cannot read what " + from + " includes: " + e, e);
                }
            }
            found.forEach(file -> read(file, true, depth + 1));
        }
    }

    /** {@return the value of a word, or null} */
    @Nullable
    String value(String word) {
        return first.get(word);
    }

    /** {@return the private keys} */
    List<String> identities() {
        return identities;
    }

    /** {@return a path with the user's home put in place of a tilde} */
    static Path expand(String path) {
        return path.startsWith("~/") ? Path.of(System.getProperty("user.home"), path.substring(2)) : Path.of(path);
    }
}
