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
 * Reads a file as {@code ssh_config(5)} has it, for machines without OpenSSH's client. It knows {@code Host},
 * {@code Include}, and {@code Match} by {@code all}, {@code host}, {@code originalhost}, {@code user} and
 * {@code localuser}. What it does not know and what would decide who is reached or trusted is an error, and so is any other
 * {@code Match}.
 */
final class ConfigFile {
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|([^\\s\"#]\\S*)|(#.*)");
    private static final Pattern LINE = Pattern.compile("\\s*(\\w+)(?:\\s*=\\s*|\\s+)(.*?)\\s*");
    private static final int DEPTH = 16;

    private static final Path SYSTEM = Path.of("/etc/ssh/ssh_config");

    /** Of these all values count. */
    private static final Set<String> LISTS = Set.of("identityfile", "certificatefile");

    /** Of these only ssh knows what they mean. */
    private static final Set<String> DECISIVE = Set.of(
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
        if (depth > DEPTH) {
            throw new SshRefusedException(file + " is included too deeply: does it include itself?", null);
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
                throw new SshRefusedException(place + ": not a word and its value: " + line, null);
            }
            String word = matcher.group(1).toLowerCase(Locale.ROOT);
            switch (word) {
                case "host" -> applies = active && ClientConfig.matches(host.address(), values);
                case "match" -> applies = active && matches(values, place);
                case "include" -> {
                    if (applies) {
                        include(file, values, depth);
                    }
                }
                // The rest of the line is a command.
                case "proxycommand" -> put(applies, word, matcher.group(2));
                case "userknownhostsfile", "globalknownhostsfile" -> {
                    if (applies && seen.add(word)) {
                        values.forEach(value -> config.add(word, value));
                    }
                }
                default -> {
                    if (applies && DECISIVE.contains(word) && !values.get(0).equalsIgnoreCase("no")) {
                        throw onlyForSsh(place, matcher.group(1));
                    }
                    put(applies, word, values.get(0));
                }
            }
        }
    }

    private static SshRefusedException onlyForSsh(String place, String what) {
        return new SshRefusedException(
                place + ": '" + what
                        + "' is understood by OpenSSH's client only, which is not on the PATH of this machine."
                        + " Install it (openssh-client), or say by SshOptions what is needed, withoutConfig()",
                null);
    }

    /** Bytes that are no UTF-8 matter in no comment. */
    private static List<String> lines(Path file) {
        try {
            try {
                return Files.readAllLines(file, UTF_8);
            } catch (CharacterCodingException e) {
                return Files.readAllLines(file, ISO_8859_1);
            }
        } catch (IOException e) {
            throw new SshRefusedException("cannot read the ssh configuration " + file + ": " + e, e);
        }
    }

    /** The first that is said of the way counts, by whichever of its two words. */
    private void put(boolean applies, String word, String value) {
        if (!applies) {
            return;
        }
        boolean way = word.equals("proxycommand") || word.equals("proxyjump");
        if (LISTS.contains(word) || seen.add(way ? "way" : word)) {
            config.add(word, value);
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
            boolean not = criterion.startsWith("!");
            String name = (not ? criterion.substring(1) : criterion).toLowerCase(Locale.ROOT);
            if (name.equals("all")) {
                continue;
            }
            String value = i + 1 < criteria.size() ? criteria.get(++i) : "";
            String fact = switch (name) {
                case "host" -> orElse(config.value("hostname"), host.address()).toLowerCase(Locale.ROOT);
                case "originalhost" -> host.address();
                case "user" -> orElse(host.user(), orElse(options.user(), orElse(config.value("user"), me())));
                case "localuser" -> me();
                default -> throw onlyForSsh(place, "Match " + criterion);
            };
            all &= ClientConfig.matches(fact, List.of(value.split(",", -1))) != not;
        }
        return all;
    }

    private static String orElse(@Nullable String value, String other) {
        return value != null ? value : other;
    }

    private static String me() {
        return System.getProperty("user.name");
    }

    /** Names are relative to {@code ~/.ssh}, or to {@code /etc/ssh} in the file of the system, wherever they stand. */
    private void include(Path from, List<String> values, int depth) {
        Path base = from.startsWith("/etc/ssh") ? Path.of("/etc/ssh") : Path.of(ClientConfig.home(), ".ssh");
        for (String value : values) {
            for (Path file : glob(base.resolve(ClientConfig.expand(value)))) {
                read(file, true, depth + 1);
            }
        }
    }

    /** {@return the files of a pattern, any part of which may have wildcards} */
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
                            if (part.toString().startsWith(".") || !Files.exists(file) || !isHidden(file)) {
                                next.add(file);
                            }
                        });
                    } catch (IOException e) {
                        throw new SshRefusedException("cannot read what " + pattern + " includes: " + e, e);
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
