package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Checks all Markdown files of the repository: valid links, short lines, and names that exist. */
class MarkdownTest {
    private static final Pattern COORDINATES = Pattern.compile("org\\.atex:([a-z-]+)(?::([0-9][^\\s`,\"]*))?");
    private static final Pattern MEMBER = Pattern.compile("`([A-Z]\\w+)\\.(?!java`)([a-z]\\w+)[^`]*`");
    private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");
    private static final Pattern JOINED = Pattern.compile("\"\\s*\\+\\s*\"");
    private static final Pattern MESSAGE = Pattern.compile("\\| `(.+?)` \\|.*");

    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Markdown page : Markdown.all()) {
            for (var links : page.links().entrySet()) {
                for (String link : links.getValue()) {
                    if (!leadsSomewhere(page, link)) {
                        broken.add(page + ":" + links.getKey() + " " + link);
                    }
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    /** Addresses on the network are not checked. */
    private static boolean leadsSomewhere(Markdown page, String link) throws IOException {
        if (link.matches("[a-z]+:.*")) {
            return true;
        }
        String[] parts = link.split("#", 2);
        Path file = parts[0].isEmpty()
                ? page.file()
                : page.file().resolveSibling(parts[0]).normalize();
        if (!file.startsWith(Markdown.ROOT) || !Files.exists(file)) {
            return false;
        }
        return parts.length == 1
                || new Markdown(file, Files.readAllLines(file)).anchors().contains(parts[1]);
    }

    @ParameterizedTest
    @CsvSource({"README.md#no-such-heading", "no-such-file.md", "#no-such-heading", "../../outside"})
    void aBrokenLinkIsFound(String link) throws IOException {
        assertThat(leadsSomewhere(Markdown.of("README.md"), link)).isFalse();
    }

    /** {@code -Ddocs.mend=true} wraps them. */
    @Test
    void linesAreShort() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Markdown page : Markdown.all()) {
            List<String> lines = page.lines();
            if (Boolean.getBoolean("docs.mend") && lines.stream().anyMatch(Wrapping::isTooLong)) {
                lines = Wrapping.wrapped(lines);
                Files.write(page.file(), lines);
            }
            for (int i = 0; i < lines.size(); i++) {
                if (Wrapping.isTooLong(lines.get(i))) {
                    tooLong.add(page + ":" + (i + 1));
                }
            }
        }
        assertThat(tooLong)
                .as("lines of more than %d characters, tables excepted; -Ddocs.mend=true wraps text", Wrapping.WIDTH)
                .isEmpty();
    }

    @Test
    void wrappingKeepsCodeAndIndents() {
        String words = "word ".repeat(30);
        assertThat(Wrapping.wrapped(List.of("- " + words + "`code with blanks`", "", "    " + words, "| " + words)))
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("- word").hasSizeLessThanOrEqualTo(Wrapping.WIDTH),
                        second -> assertThat(second).startsWith("  word").endsWith("`code with blanks`"),
                        empty -> assertThat(empty).isEmpty(),
                        code -> assertThat(code).isEqualTo("    " + words),
                        table -> assertThat(table).isEqualTo("| " + words));
    }

    @Test
    void artifactsThatAreNamedExistInThisVersion() throws IOException {
        Matcher version = Pattern.compile("<version>(.*?)</version>")
                .matcher(Files.readString(Markdown.ROOT.resolve("bom/pom.xml")));
        assertThat(version.find()).isTrue();
        List<String> wrong = new ArrayList<>();
        for (Markdown page : Markdown.all()) {
            Matcher named = COORDINATES.matcher(String.join("\n", page.lines()));
            while (named.find()) {
                Path pom = Markdown.ROOT.resolve(named.group(1).replaceFirst("^atex-", "") + "/pom.xml");
                boolean exists = Files.exists(pom)
                        && Files.readString(pom).contains("<artifactId>" + named.group(1) + "</artifactId>");
                if (!exists || named.group(2) != null && !named.group(2).equals(version.group(1))) {
                    wrong.add(page + ": " + named.group());
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void workflowsAreValid() throws IOException {
        int found = 0;
        for (Markdown page : Markdown.all()) {
            for (Markdown.Block block : page.blocks()) {
                if (block.language().equals("yaml")) {
                    Load load = new Load(
                            LoadSettings.builder().setLabel(block.toString()).build());
                    assertThat(load.loadFromString(block.text()))
                            .as(block.toString())
                            .isNotNull();
                    found++;
                }
            }
        }
        assertThat(found).isGreaterThanOrEqualTo(4);
    }

    /** {@return the names of classes of this library, with their classes, those of one name together} */
    private static Map<String, List<Class<?>>> classes() throws IOException {
        Map<String, List<Class<?>>> classes = new HashMap<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path place = Path.of(entry);
            if (entry.startsWith(Markdown.ROOT.toString()) && Files.isDirectory(place)) {
                add(place, classes);
            } else if (entry.startsWith(Markdown.ROOT.toString()) && entry.endsWith(".jar")) {
                try (FileSystem jar = FileSystems.newFileSystem(place)) {
                    add(jar.getPath("/"), classes);
                }
            }
        }
        return classes;
    }

    private static void add(Path place, Map<String, List<Class<?>>> classes) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.filter(one -> one.toString().endsWith(".class"))
                    .filter(one -> !one.endsWith("module-info.class") && !one.endsWith("package-info.class"))
                    .toList()) {
                String name = place.relativize(file)
                        .toString()
                        .replaceFirst("\\.class$", "")
                        .replace('/', '.');
                try {
                    Class<?> type = Class.forName(name, false, MarkdownTest.class.getClassLoader());
                    classes.computeIfAbsent(type.getSimpleName(), unused -> new ArrayList<>())
                            .add(type);
                } catch (ClassNotFoundException | LinkageError e) {
                    throw new AssertionError(name, e);
                }
            }
        }
    }

    private static boolean hasMember(Class<?> type, String name) {
        return Stream.of(type.getMethods()).map(Method::getName).anyMatch(name::equals)
                || Stream.of(type.getDeclaredMethods()).map(Method::getName).anyMatch(name::equals)
                || Stream.of(type.getDeclaredFields()).map(Field::getName).anyMatch(name::equals);
    }

    @Test
    void membersThatAreNamedExist() throws IOException {
        Map<String, List<Class<?>>> classes = classes();
        assertThat(classes).containsKeys("FmfOptions", "Command", "FanOut");
        Set<String> unknown = new TreeSet<>();
        for (Markdown page : Markdown.all()) {
            if (page.toString().equals("CHANGELOG.md")) {
                continue; // the change log also names removed members
            }
            for (int line : page.prose()) {
                Matcher member = MEMBER.matcher(page.lines().get(line));
                while (member.find()) {
                    List<Class<?>> types = classes.getOrDefault(member.group(1), List.of());
                    if (!types.isEmpty() && types.stream().noneMatch(type -> hasMember(type, member.group(2)))) {
                        unknown.add(page + ":" + (line + 1) + " " + member.group());
                    }
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    /** {@return all string literals in the code; concatenated literals are joined} */
    private static String texts() throws IOException {
        StringBuilder texts = new StringBuilder();
        for (Path file : Markdown.written("[^/]+/src/main/.*\\.(java|sh)")) {
            String source = Files.readString(file);
            if (file.toString().endsWith(".java")) {
                for (MatchResult text : LITERAL.matcher(JOINED.matcher(source).replaceAll(""))
                        .results()
                        .toList()) {
                    texts.append(text.group(1).replace("\\\"", "\"").replace("\\n", "\n"))
                            .append('\0');
                }
            } else {
                texts.append(source).append('\0');
            }
        }
        return texts.toString();
    }

    @Test
    void messagesThatAreExplainedExist() throws IOException {
        String texts = texts();
        List<String> gone = new ArrayList<>();
        Set<String> explained = new HashSet<>();
        for (String line : Markdown.of("docs/troubleshooting.md").lines()) {
            Matcher message = MESSAGE.matcher(line);
            if (message.matches() && !message.group(1).matches("[A-Z_`, ]+")) {
                String longest = Stream.of(message.group(1).split("…"))
                        .max(Comparator.comparing(String::length))
                        .orElse("");
                explained.add(longest);
                if (!texts.contains(longest.strip())) {
                    gone.add(message.group(1));
                }
            }
        }
        assertThat(gone).as("explained messages that do not exist in the code").isEmpty();
        assertThat(explained.stream().filter(text -> text.strip().length() < 8).collect(Collectors.toSet()))
                .as("pieces that are too short to search for")
                .isEmpty();
        assertThat(explained).hasSizeGreaterThanOrEqualTo(100);
    }
}
