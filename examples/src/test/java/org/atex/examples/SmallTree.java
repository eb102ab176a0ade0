package org.atex.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An fmf tree with two tests that pass immediately, and the plan {@code /plans/all}. */
final class SmallTree {
    private SmallTree() {}

    static Path in(Path directory) throws IOException {
        Path tree = of(directory, "/one:\n    test: echo 1\n/two:\n    test: echo 2\n");
        Files.writeString(tree.resolve("plans.fmf"), "/all:\n    execute: {how: tmt}\n    discover: {how: fmf}\n");
        return tree;
    }

    /** {@return a tree with these tests and no plan} */
    static Path of(Path directory, String tests) throws IOException {
        Path tree = directory.resolve("tree");
        Files.createDirectories(tree.resolve(".fmf"));
        Files.writeString(tree.resolve(".fmf/version"), "1\n");
        Files.writeString(tree.resolve("main.fmf"), tests);
        return tree;
    }
}
