package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.atex.fmf.tree.YamlEvent.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Finds the line of a key in the metadata files, for an error message.
 *
 * <p>Reads the files again. Recording the line of each key while loading would cost memory in trees without errors.
 */
final class KeyLocator {
    private final YamlParser events;
    private final List<String> path;
    private final Predicate<String> key;
    private int line;

    /**
     * The files that describe a node.
     *
     * @param name the full name of the node
     * @param files the files of the node itself, in the order in which they were applied
     * @param above the files of the parent, or null for the root
     */
    record NodeFiles(
            String name, List<Path> files, @Nullable NodeFiles above) {
        /**
         * {@return the beginning of a message: the file and line of a key, else the last file, else an empty text}
         *
         * <p>Searches the node, then its ancestors, as the key may be inherited; for each of them the files of the node
         * itself, then those of its ancestors, as a file can describe nodes below its own.
         */
        String place(Predicate<String> key) {
            for (var node = this; node != null; node = node.above) {
                for (var owner = node; owner != null; owner = owner.above) {
                    for (var file : owner.files.reversed()) {
                        var line = line(file, owner.name, node.name, key);
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

    private KeyLocator(String text, List<String> path, Predicate<String> key) {
        this.events = new YamlParser(text);
        this.path = path;
        this.key = key;
    }

    /**
     * {@return the line, from 1, of a key of a node in a file, or 0 if it is not found}
     *
     * @param owner the name of the node that the file describes: the node itself or an ancestor
     */
    static int line(Path file, String owner, String node, Predicate<String> key) {
        if (owner.length() > node.length()) {
            // The content of the file as a whole is invalid, which is reported for the parent node: no key to find.
            return 0;
        }
        try {
            var below = node.substring(owner.length());
            var places = new KeyLocator(MetadataFile.text(file), segments(below), key);
            places.search();
            return places.line;
        } catch (FmfException e) {
            // The file has changed since it was loaded, or is not YAML.
            return 0;
        }
    }

    /** {@return a test for a key, with or without a merge operator} */
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

    /** Searches a mapping of a node for the key. The rest of the path leads to the node that has it. */
    private void mapping(List<String> rest) {
        for (var event = events.next(); event.kind() != Kind.MAPPING_END; event = events.next()) {
            var found = event.kind() == Kind.SCALAR ? event.value() : "";
            var child = found.startsWith("/") ? segments(found) : List.<String>of();
            if (event.kind() != Kind.SCALAR) {
                skip(event);
            }
            // "/name/" is short for the directives "/" of the node "/name".
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
