package org.atex.fmf.tree;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** The root directory of a tree, with the version and the configuration in its {@code .fmf} directory. */
final class FmfRoot {
    private final Path directory;
    private final @Nullable Object config;
    private final boolean configured;

    private FmfRoot(Path directory) {
        this.directory = directory;
        checkVersion(directory.resolve(".fmf/version"));
        var file = directory.resolve(".fmf/config");
        this.configured = Files.exists(file);
        this.config = configured ? MetadataFile.read(file).value() : null;
    }

    /** Finds the root of the tree that a directory belongs to. */
    static FmfRoot of(Path path) {
        var start = path.toAbsolutePath().normalize();
        if (!Files.isDirectory(start)) {
            throw new FmfException(
                    Kind.FILE,
                    "Could not read fmf metadata from " + start + ": "
                            + (Files.exists(start) ? "it is not a directory" : "no such directory"));
        }
        if (!Files.isReadable(start)) {
            throw new FmfException(Kind.FILE, "Could not read the directory " + start + ": check its permissions");
        }
        for (var directory = start; directory != null; directory = directory.getParent()) {
            if (Files.isDirectory(directory.resolve(".fmf"))) {
                return new FmfRoot(directory);
            }
        }
        throw new FmfException(
                Kind.ROOT,
                "Could not find an fmf tree at " + start
                        + " or above: no .fmf directory. Create one with a file \"version\" that contains 1");
    }

    private static void checkVersion(Path file) {
        String text;
        try {
            if (!Files.isRegularFile(file)) {
                throw new NoSuchFileException(file.toString());
            }
            // A longer file is no version: it is not read into memory, and reported as an empty one.
            text = Files.size(file) > 1000 ? "" : Files.readString(file);
        } catch (IOException e) {
            throw new FmfException(Kind.FORMAT, "Could not read the version file " + file + ": it must contain 1", e);
        }
        if (PyInt.parse(text) == null) {
            throw new FmfException(
                    Kind.FORMAT,
                    file + ":1: The version must be an integer, such as 1, found \"" + text.strip() + "\"");
        }
    }

    Path directory() {
        return directory;
    }

    /**
     * {@return the names of hidden files and directories to read}
     *
     * @throws FmfException if the configuration is invalid
     */
    Set<String> included() {
        if (!configured) {
            return Set.of();
        }
        if (!(config instanceof Mapping mapping)) {
            throw bad(Kind.INVALID_VALUE, "the file must contain a mapping, found " + Values.typeOf(config));
        }
        var explore = mapping.containsKey("explore") ? mapping.get("explore") : new Mapping();
        if (!(explore instanceof Mapping section)) {
            throw bad(Kind.INVALID_VALUE, "explore must be a mapping, found " + Values.typeOf(explore));
        }
        var value = section.containsKey("include") ? section.get("include") : Sequence.EMPTY;
        var include = Values.list(value);
        if (include == null) {
            throw bad(Kind.GENERAL, "explore.include must be a list, found " + Values.typeOf(value));
        }
        var names = include.stream()
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .collect(Collectors.toSet());
        if (names.contains(".fmf")) {
            throw bad(Kind.GENERAL, "explore.include must not contain .fmf");
        }
        return names;
    }

    private FmfException bad(Kind kind, String what) {
        return new FmfException(kind, "Invalid configuration " + directory.resolve(".fmf/config") + ": " + what);
    }
}
