package org.atex.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Measures a process that starts, loads a tree of 10,000 tests and ends, with and without a class archive. */
final class TreeCold implements Scenario {
    @Override
    public String name() {
        return "tree-cold";
    }

    @Override
    public String about() {
        return "a process that loads a tree of 10,000 tests: with a class archive, against without";
    }

    @Override
    public Sample measure() throws Exception {
        Path root = LargeTree.write();
        Path archive = root.resolveSibling(root.getFileName() + ".archive");
        try {
            ColdStart.seconds(LargeTree.class, ColdStart.making(archive), root);
            return new Sample(
                    ColdStart.seconds(LargeTree.class, ColdStart.using(archive), root),
                    ColdStart.seconds(LargeTree.class, List.of(), root));
        } finally {
            Files.deleteIfExists(archive);
            Runs.delete(root);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, without an archive %.2f s, ratio %.2f (goal: under 3 s)",
                median.seconds(),
                median.baseline(),
                median.ratio());
    }
}
