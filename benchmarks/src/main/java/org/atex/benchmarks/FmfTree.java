package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes trees of trivial tests. */
final class FmfTree {
    private FmfTree() {}

    static Path of(int tests) throws IOException {
        Path root = Files.createTempDirectory("atex-tree-");
        Files.createDirectory(root.resolve(".fmf"));
        Files.writeString(root.resolve(".fmf/version"), "1\n");
        Files.writeString(
                root.resolve("main.fmf"),
                IntStream.range(0, tests)
                        .mapToObj("/t%03d:\n    test: \"true\"\n    duration: 5m\n"::formatted)
                        .collect(Collectors.joining()));
        return root;
    }
}
