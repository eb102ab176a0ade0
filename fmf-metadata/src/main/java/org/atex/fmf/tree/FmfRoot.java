package org.atex.fmf.tree;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** The root directory of a tree and what its {@code .fmf} directory says. */
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
                    "Cannot read fmf metadata from " + start + ": "
                            + (Files.exists(start) ? "it is not a directory" : "there is no such directory"));
        }
        if (!Files.isReadable(start)) {
            throw new FmfException(Kind.FILE, "Cannot read the directory " + start + ": check its permissions");
        }
        for (var directory = start; directory != null; directory = directory.getParent()) {
            if (Files.isDirectory(directory.resolve(".fmf"))) {
                return new FmfRoot(directory);
            }
        }
        throw new FmfException(
                Kind.ROOT,
                "There is no fmf tree at " + start
                        + " or above. Make one: a directory .fmf with a file version that holds 1");
    }

    private static void checkVersion(Path file) {
        String text;
        try {
            if (!Files.isRegularFile(file)) {
                throw new NoSuchFileException(file.toString());
            }
            text = Files.size(file) > 1000 ? "" : Files.readString(file);
        } catch (IOException e) {
            throw new FmfException(Kind.FORMAT, "Cannot read the version file " + file + ": it should hold 1", e);
        }
        if (PyInt.parse(text) == null) {
            throw new FmfException(
                    Kind.FORMAT,
                    file + ":1: The version has to be an integer, 1 for now, found \"" + text.strip() + "\"");
        }
    }

    Path directory() {
        return directory;
    }

    /** {@return the hidden names to read, or throws if the configuration is wrong} */
    Set<String> included() {
        if (!configured) {
            return Set.of();
        }
        if (!(config instanceof Mapping mapping)) {
            throw bad(Kind.INVALID_VALUE, "it has to be a mapping, found " + Values.typeOf(config));
        }
        var explore = mapping.containsKey("explore") ? mapping.get("explore") : new Mapping();
        if (!(explore instanceof Mapping section)) {
            throw bad(Kind.INVALID_VALUE, "explore has to be a mapping, found " + Values.typeOf(explore));
        }
        var value = section.containsKey("include") ? section.get("include") : Sequence.EMPTY;
        var include = Values.list(value);
        if (include == null) {
            throw bad(Kind.GENERAL, "explore.include has to be a list, found " + Values.typeOf(value));
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
        return new FmfException(kind, "Bad configuration " + directory.resolve(".fmf/config") + ": " + what);
    }
}
