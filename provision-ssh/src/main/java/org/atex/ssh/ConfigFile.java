package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A reader of {@code ssh_config(5)} files for machines without OpenSSH's client. It supports {@code Host},
 * {@code Include}, and {@code Match} with the criteria {@code all}, {@code host}, {@code originalhost}, {@code user}
 * and {@code localuser}. Any other {@code Match} is an error, and so is an unsupported keyword that decides which host
 * is reached or trusted. Other keywords have no effect.
 */
final class ConfigFile {
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|([^\\s\"#]\\S*)|(#.*)");
    private static final Pattern LINE = Pattern.compile("\\s*(\\w+)(?:\\s*=\\s*|\\s+)(.*?)\\s*");

    /** The limit of OpenSSH for files that include each other. */
    private static final int MAX_DEPTH = 16;

    private static final Path SYSTEM = Path.of("/etc/ssh/ssh_config");

    /** Keywords for which all values count, not the first one only. */
    private static final Set<String> MULTI_VALUED = Set.of("identityfile", "certificatefile");

    /** Unsupported keywords that must not be ignored: they decide which host is reached or which key is trusted. */
    private static final Set<String> UNSUPPORTED = Set.of(
            "canonicalizehostname",
            "knownhostscommand",
            "revokedhostkeys",
            "proxyusefdpass",
            "bindinterface",
            "hostkeyalgorithms",
            "casignaturealgorithms",
            "tag");

    private final SshOptions options;
    private final Host host;
    private final ClientConfig config = new ClientConfig();
    private final Set<String> seen = new HashSet<>();

    private ConfigFile(SshOptions options, Host host) {
        this.options = options;
        this.host = host;
    }

    static ClientConfig read(Path file, SshOptions options, Host host) {
        ConfigFile reader = new ConfigFile(options, host);
        if (Files.exists(file)) {
            reader.read(file, true, 0);
        }
        if (options.hasUsualConfig() && Files.exists(SYSTEM)) {
            reader.read(SYSTEM, true, 0);
        }
        return reader.config;
    }

    private void read(Path file, boolean active, int depth) {
        if (depth > MAX_DEPTH) {
            throw new SshRefusedException(
                    "could not read the ssh configuration: " + file + " is included more than " + MAX_DEPTH
                            + " levels deep (does it include itself?)",
                    null);
        }
        boolean applies = active;
        int number = 0;
        for (String line : lines(file)) {
            number++;
            if (line.isBlank() || line.strip().startsWith("#")) {
                continue;
            }
            String place = file + ":" + number;
            Matcher matcher = LINE.matcher(line);
            List<String> values = matcher.matches() ? words(matcher.group(2)) : List.of();
            if (values.isEmpty()) {
                throw new SshRefusedException(place + ": not a keyword with a value: " + line, null);
            }
            String keyword = matcher.group(1).toLowerCase(Locale.ROOT);
            switch (keyword) {
                case "host" -> applies = active && ClientConfig.matches(host.address(), values);
                case "match" -> applies = active && matches(values, place);
                case "include" -> {
                    if (applies) {
                        include(file, values, depth);
                    }
                }
                // The command is the rest of the line as it stands, quotes and # included.
                case "proxycommand" -> put(applies, keyword, matcher.group(2));
                case "userknownhostsfile", "globalknownhostsfile" -> {
                    // The first line counts, with all its files.
                    if (applies && seen.add(keyword)) {
                        values.forEach(value -> config.add(keyword, value));
                    }
                }
                default -> {
                    if (applies
                            && UNSUPPORTED.contains(keyword)
                            && !values.get(0).equalsIgnoreCase("no")) {
                        throw unsupported(place, matcher.group(1));
                    }
                    put(applies, keyword, values.get(0));
                }
            }
        }
    }

    private static SshRefusedException unsupported(String place, String what) {
        return new SshRefusedException(
                place + ": '" + what
                        + "' is supported by OpenSSH's client only, which is not on the PATH of this machine"
                        + " (install it, openssh-client, or set these options on SshOptions and call withoutConfig())",
                null);
    }

    /**
     * {@return the lines of a file} A file that is not UTF-8 is read as Latin-1: most often only a comment is affected.
     */
    private static List<String> lines(Path file) {
        try {
            try {
                return Files.readAllLines(file, UTF_8);
            } catch (CharacterCodingException e) {
                return Files.readAllLines(file, ISO_8859_1);
            }
        } catch (IOException e) {
            throw new SshRefusedException("could not read the ssh configuration " + file + ": " + e, e);
        }
    }

    /**
     * Adds a value, unless it does not apply or an earlier one counts. ProxyCommand and ProxyJump exclude each other.
     */
    private void put(boolean applies, String keyword, String value) {
        if (!applies) {
            return;
        }
        boolean proxy = keyword.equals("proxycommand") || keyword.equals("proxyjump");
        if (MULTI_VALUED.contains(keyword) || seen.add(proxy ? "proxy" : keyword)) {
            config.add(keyword, value);
        }
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        for (Matcher word = WORD.matcher(text); word.find() && word.group(3) == null; ) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2));
        }
        return words;
    }

    private boolean matches(List<String> criteria, String place) {
        boolean all = true;
        for (int i = 0; i < criteria.size(); i++) {
            String criterion = criteria.get(i);
            boolean negated = criterion.startsWith("!");
            String name = (negated ? criterion.substring(1) : criterion).toLowerCase(Locale.ROOT);
            if (name.equals("all")) {
                continue;
            }
            // "all" above is the only criterion without a value.
            String value = i + 1 < criteria.size() ? criteria.get(++i) : "";
            String actual = switch (name) {
                case "host" -> orElse(config.value("hostname"), host.address()).toLowerCase(Locale.ROOT);
                case "originalhost" -> host.address();
                case "user" -> orElse(host.user(), orElse(options.user(), orElse(config.value("user"), localUser())));
                case "localuser" -> localUser();
                default -> throw unsupported(place, "Match " + criterion);
            };
            all &= ClientConfig.matches(actual, List.of(value.split(",", -1))) != negated;
        }
        return all;
    }

    private static String orElse(@Nullable String value, String other) {
        return value != null ? value : other;
    }

    private static String localUser() {
        return System.getProperty("user.name");
    }

    /** Reads included files. Relative names are relative to {@code ~/.ssh}, in a system file to {@code /etc/ssh}. */
    private void include(Path from, List<String> values, int depth) {
        Path base = from.startsWith("/etc/ssh") ? Path.of("/etc/ssh") : Path.of(ClientConfig.home(), ".ssh");
        for (String value : values) {
            for (Path file : glob(base.resolve(ClientConfig.expand(value)))) {
                read(file, true, depth + 1);
            }
        }
    }

    /** {@return the files that match a pattern, in alphabetical order} Each name in the path can have wildcards. */
    private static Set<Path> glob(Path pattern) {
        Set<Path> found = new TreeSet<>(Set.of(Path.of("/")));
        for (Path part : pattern.toAbsolutePath()) {
            Set<Path> next = new TreeSet<>();
            for (Path directory : found) {
                if (!part.toString().matches(".*[*?\\[].*")) {
                    next.add(directory.resolve(part));
                } else if (Files.isDirectory(directory)) {
                    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, part.toString())) {
                        files.forEach(file -> {
                            // As in a shell, a wildcard at the beginning does not match a hidden file.
                            if (part.toString().startsWith(".") || !Files.exists(file) || !isHidden(file)) {
                                next.add(file);
                            }
                        });
                    } catch (IOException e) {
                        throw new SshRefusedException("could not read the included files " + pattern + ": " + e, e);
                    }
                }
            }
            found = next;
        }
        found.removeIf(file -> !Files.isRegularFile(file));
        return found;
    }

    private static boolean isHidden(Path file) {
        return file.getFileName().toString().startsWith(".");
    }
}
