package org.atex.fmf.tree;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory of a tree with its metadata files and subdirectories, in the order in which they are applied.
 *
 * @param path the path of the directory
 * @param name the name of the directory and of its node
 * @param files the metadata files, {@code main.fmf} first, the others by code points
 * @param directories the subdirectories that belong to the tree, by code points
 * @param hidden whether hidden entries were left out
 */
record Directory(Path path, String name, List<Path> files, List<Directory> directories, boolean hidden) {
    private static final String SUFFIX = ".fmf";
    private static final String MAIN = "main.fmf";

    /** Orders text by code points, as Python does. Java's natural order compares UTF-16 code units. */
    static final Comparator<String> BY_CODE_POINT = Directory::compare;

    // Python fmf does not enter these either.
    private static final Set<Path> SYSTEM = Set.of(Path.of("/dev"), Path.of("/proc"), Path.of("/sys"));

    static int compare(String a, String b) {
        var length = Math.min(a.length(), b.length());
        for (var i = 0; i < length; i++) {
            var left = a.charAt(i);
            var right = b.charAt(i);
            if (left != right) {
                var surrogates = Character.isSurrogate(left) || Character.isSurrogate(right);
                return surrogates ? Integer.compare(ordered(left), ordered(right)) : Character.compare(left, right);
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** {@return the rank of a code unit: surrogates after all others, as they encode code points above U+FFFF} */
    private static int ordered(char c) {
        return Character.isSurrogate(c) ? c + 0x10000 : c;
    }

    /** Lists the directories of a tree. Directories that cannot be listed count as empty. */
    static Directory walk(Path root, Set<String> included) {
        var walk = new Walk(included);
        var directory = walk.directory(root, "", walk.list(root), 0);
        return directory == null ? new Directory(root, "", List.of(), List.of(), false) : directory;
    }

    /** {@return the name of the node that a file describes, or an empty text for {@code main.fmf}} */
    static String nodeName(Path file) {
        var name = file.getFileName().toString();
        return name.equals(MAIN) ? "" : name.substring(0, name.length() - SUFFIX.length());
    }

    private static final class Walk {
        private final Set<String> included;

        /** Targets of symbolic links. Each is entered by one link only, which also ends cycles of links. */
        private final Set<Path> entered = new HashSet<>();

        private int entries;

        Walk(Set<String> included) {
            this.included = included;
        }

        private List<String> list(Path directory) {
            var names = new ArrayList<String>();
            try (var stream = Files.newDirectoryStream(directory)) {
                for (var entry : stream) {
                    names.add(entry.getFileName().toString());
                    if (++entries > Limits.TREE_ENTRIES) {
                        throw Limits.exceeded("The number of files and directories in the tree", Limits.TREE_ENTRIES);
                    }
                }
            } catch (IOException | DirectoryIteratorException e) {
                // Python fmf, too, treats a directory that cannot be listed as empty.
                return List.of();
            }
            names.sort(BY_CODE_POINT);
            return names;
        }

        private @Nullable Directory directory(Path path, String name, List<String> names, int depth) {
            if (SYSTEM.contains(path)) {
                return null;
            }
            if (depth > Limits.NODE_DEPTH) {
                throw Limits.exceeded("The depth of the directory " + path, Limits.NODE_DEPTH);
            }
            var files = new ArrayList<Path>();
            var directories = new ArrayList<Directory>();
            var hidden = false;
            for (var entry : names) {
                var skipped = entry.startsWith(".") && !included.contains(entry);
                hidden |= skipped;
                if (skipped) {
                    continue;
                }
                var child = path.resolve(entry);
                var attributes = attributes(child);
                if (attributes != null && isDirectory(child, attributes)) {
                    var directory = enter(child, entry, attributes.isSymbolicLink(), depth);
                    if (directory != null) {
                        directories.add(directory);
                    }
                } else if (entry.endsWith(SUFFIX)) {
                    files.add(entry.equals(MAIN) ? 0 : files.size(), child);
                }
            }
            return new Directory(path, name, files, directories, hidden);
        }

        private static @Nullable BasicFileAttributes attributes(Path path) {
            try {
                return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            } catch (IOException e) {
                return null;
            }
        }

        private static boolean isDirectory(Path path, BasicFileAttributes attributes) {
            return attributes.isDirectory() || (attributes.isSymbolicLink() && Files.isDirectory(path));
        }

        private @Nullable Directory enter(Path path, String name, boolean link, int depth) {
            if (link && !firstLinkTo(path)) {
                return null;
            }
            // A directory with a .fmf directory of its own is the root of another tree.
            var names = list(path);
            var nested = names.contains(SUFFIX) && Files.isDirectory(path.resolve(SUFFIX));
            return nested ? null : directory(path, name, names, depth + 1);
        }

        private boolean firstLinkTo(Path path) {
            try {
                return entered.add(path.toRealPath());
            } catch (IOException e) {
                return false;
            }
        }
    }
}
