package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.atex.fmf.tree.YamlEvent.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Finds out where in the files something is said, when an error has to name the place.
 *
 * <p>The files are read once more for that: remembering lines would cost all the trees that have no errors.
 */
final class Places {
    private final YamlParser events;
    private final List<String> path;
    private final Predicate<String> key;
    private int line;

    /** A node, and what leads to the files that describe it. */
    record Site(String name, List<Path> files, @Nullable Site above) {
        /** {@return the file and line where a key of the node is said, or the last file, or nothing, to begin a message} */
        String of(Predicate<String> key) {
            for (var node = this; node != null; node = node.above) {
                for (var site = node; site != null; site = site.above) {
                    for (var file : site.files.reversed()) {
                        var line = line(file, site.name, node.name, key);
                        if (line > 0) {
                            return file + ":" + line + ": ";
                        }
                    }
                }
            }
            return file();
        }

        private String file() {
            return !files.isEmpty() ? files.getLast() + ": " : above == null ? "" : above.file();
        }
    }

    private Places(String text, List<String> path, Predicate<String> key) {
        this.events = new YamlParser(text);
        this.path = path;
        this.key = key;
    }

    /** {@return the line where a key of a node is said in the file of an ancestor or of itself, or 0} */
    static int line(Path file, String owner, String node, Predicate<String> key) {
        if (owner.length() > node.length()) {
            // All of the file is wrong, so that the node above it is said to be.
            return 0;
        }
        try {
            var below = node.substring(owner.length());
            var places = new Places(MetadataFile.text(file), segments(below), key);
            places.search();
            return places.line;
        } catch (FmfException e) {
            // The file is no longer what it was, or no YAML at all: then there is no line to name.
            return 0;
        }
    }

    /** {@return a test for the keys that act on this one, with an operator or without} */
    static Predicate<String> actingOn(String key) {
        return found -> Merge.target(found).equals(key);
    }

    private static List<String> segments(String name) {
        return Arrays.stream(name.split("/")).filter(part -> !part.isEmpty()).toList();
    }

    private void search() {
        events.next();
        if (events.next().kind() == Kind.MAPPING_START) {
            mapping(path);
        }
    }

    /** Reads a mapping that describes the node to which the rest of the path leads. */
    private void mapping(List<String> rest) {
        for (var event = events.next(); event.kind() != Kind.MAPPING_END; event = events.next()) {
            var found = event.kind() == Kind.SCALAR ? event.value() : "";
            var child = found.startsWith("/") ? segments(found) : List.<String>of();
            if (event.kind() != Kind.SCALAR) {
                skip(event);
            }
            var directive = !child.isEmpty() && found.endsWith("/") && rest.equals(child) && key.test("/");
            if (directive || (rest.isEmpty() && key.test(found))) {
                line = event.line() + 1;
            }
            var value = events.next();
            var leads = !child.isEmpty()
                    && !found.endsWith("/")
                    && child.size() <= rest.size()
                    && rest.subList(0, child.size()).equals(child);
            if (leads && value.kind() == Kind.MAPPING_START) {
                mapping(rest.subList(child.size(), rest.size()));
            } else {
                skip(value);
            }
        }
    }

    private void skip(YamlEvent first) {
        var open = 0;
        for (var event = first; ; event = events.next()) {
            switch (event.kind()) {
                case SEQUENCE_START, MAPPING_START -> open++;
                case SEQUENCE_END, MAPPING_END -> open--;
                default -> {}
            }
            if (open == 0) {
                return;
            }
        }
    }
}
