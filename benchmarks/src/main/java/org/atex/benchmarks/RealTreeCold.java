package org.atex.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Measures a process that starts, loads and adjusts a third-party tree, visits its nodes, and ends. */
final class RealTreeCold implements Scenario {
    private final RealTree tree;

    RealTreeCold(RealTree tree) {
        this.tree = tree;
    }

    @Override
    public String name() {
        return tree.text() + "-cold";
    }

    @Override
    public String about() {
        return "a process that loads once the metadata of " + tree.text()
                + ", with a class archive, against one of the reference";
    }

    @Override
    public String missing() {
        return RealTree.missing();
    }

    @Override
    public Sample measure() throws Exception {
        Path copy = tree.copy();
        Path archive = copy.resolveSibling(copy.getFileName() + ".archive");
        try {
            ColdStart.seconds(RealTree.Once.class, ColdStart.making(archive), copy);
            double seconds = ColdStart.seconds(RealTree.Once.class, ColdStart.using(archive), copy);
            return new Sample(seconds, tree.referenceCold() / 1000);
        } finally {
            Files.deleteIfExists(archive);
            Runs.delete(copy);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, the reference %.2f s, ratio %.2f (goal: at most 1)",
                median.seconds(),
                median.baseline(),
                median.ratio());
    }
}
