package org.atex.examples;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A Markdown file of the repository.
 *
 * @param file the file
 * @param lines its lines
 */
record Markdown(Path file, List<String> lines) {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern FENCE = Pattern.compile("^( *)(```+)\\s*(\\S*) *(.*)$");
    private static final Pattern HEADING = Pattern.compile("^#{1,6} +(.*?) *#*$");
    private static final Pattern LINK =
            Pattern.compile("(?<!!)\\[[^\\]\\[]*(?:\\[[^\\]]*\\][^\\]\\[]*)*\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("(`+).*?\\1");

    /**
     * A fenced block.
     *
     * @param page the file with the block
     * @param line the number of its first line, that of the fence
     * @param language the first word behind the fence, or an empty string
     * @param mark the remaining words behind the fence
     * @param given the text of a comment directly above it that begins with {@code <!-- given}, or an empty string
     * @param text the content of the block
     */
    record Block(Path page, int line, String language, String mark, String given, String text) {
        @Override
        public String toString() {
            return ROOT.relativize(page) + ":" + line;
        }
    }

    /** {@return all Markdown files of the repository, except generated ones} */
    static List<Markdown> all() throws IOException {
        List<Markdown> all = new ArrayList<>();
        for (Path file : written(".*\\.md")) {
            all.add(new Markdown(file, Files.readAllLines(file)));
        }
        return all;
    }

    /**
     * Lists files of the repository. Directories of builds are not entered: other modules change them at the same time.
     *
     * @param pattern a regular expression for the path of a file from the root of the repository
     * @return the files, sorted
     */
    static List<Path> written(String pattern) throws IOException {
        List<Path> written = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                String path = ROOT.relativize(directory).toString();
                return path.matches("(.*/)?(target|\\.git|results)")
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (ROOT.relativize(file).toString().matches(pattern)) {
                    written.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        Collections.sort(written);
        return written;
    }

    static Markdown of(String name) throws IOException {
        Path file = ROOT.resolve(name);
        return new Markdown(file, Files.readAllLines(file));
    }

    /** {@return the fenced blocks, in order} */
    List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            if (!fence.matches()) {
                continue;
            }
            int begin = i;
            StringBuilder text = new StringBuilder();
            for (i++; i < lines.size() && !lines.get(i).strip().equals(fence.group(2)); i++) {
                text.append(lines.get(i)
                                .substring(indent(lines.get(i), fence.group(1).length())))
                        .append('\n');
            }
            blocks.add(new Block(file, begin + 1, fence.group(3), fence.group(4), given(begin), text.toString()));
        }
        return blocks;
    }

    private static int indent(String line, int most) {
        int indent = 0;
        while (indent < most && indent < line.length() && line.charAt(indent) == ' ') {
            indent++;
        }
        return indent;
    }

    /** {@return the text of a comment that ends directly above a line} */
    private String given(int line) {
        if (line == 0 || !lines.get(line - 1).strip().equals("-->")) {
            return "";
        }
        int begin = line - 2;
        while (begin >= 0 && !lines.get(begin).strip().startsWith("<!--")) {
            begin--;
        }
        return begin >= 0 && lines.get(begin).strip().equals("<!-- given")
                ? lines.subList(begin + 1, line - 1).stream().map(String::strip).collect(Collectors.joining("\n"))
                        + "\n"
                : "";
    }

    /** {@return the numbers of the lines, from 0, that are neither in a fenced block nor a fence} */
    Set<Integer> prose() {
        Set<Integer> prose = new LinkedHashSet<>();
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            if (!fence.matches()) {
                prose.add(i);
                continue;
            }
            for (i++; i < lines.size() && !lines.get(i).strip().equals(fence.group(2)); ) {
                i++;
            }
        }
        return prose;
    }

    /** {@return the targets of all links, by the number of their line, from 1} */
    Map<Integer, List<String>> links() {
        Map<Integer, List<String>> links = new HashMap<>();
        for (int line : prose()) {
            Matcher link = LINK.matcher(CODE.matcher(lines.get(line)).replaceAll("`code`"));
            while (link.find()) {
                links.computeIfAbsent(line + 1, unused -> new ArrayList<>()).add(link.group(1));
            }
        }
        return links;
    }

    /** {@return the anchors of the headings on GitHub and GitLab} */
    Set<String> anchors() {
        Set<String> anchors = new LinkedHashSet<>();
        for (int line : prose()) {
            Matcher heading = HEADING.matcher(lines.get(line));
            if (heading.matches()) {
                String anchor = heading.group(1)
                        .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-');
                String unique = anchor;
                for (int i = 1; !anchors.add(unique); i++) {
                    unique = anchor + "-" + i;
                }
            }
        }
        return anchors;
    }

    @Override
    public String toString() {
        return ROOT.relativize(file).toString();
    }
}
