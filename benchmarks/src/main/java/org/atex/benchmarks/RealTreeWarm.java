package org.atex.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Measures loading and adjusting a third-party tree and visiting its nodes, in a warm JVM. */
final class RealTreeWarm implements Scenario {
    private static final int ROUNDS = 10;
    private static final int WARM_UP = 100;

    private final RealTree tree;
    private boolean warm;

    RealTreeWarm(RealTree tree) {
        this.tree = tree;
    }

    @Override
    public String name() {
        return tree.text();
    }

    @Override
    public String about() {
        return "load the metadata of " + tree.text() + ", against the time of the reference";
    }

    @Override
    public String missing() {
        return RealTree.missing();
    }

    @Override
    public Sample measure() throws Exception {
        Path copy = tree.copy();
        try {
            List<Path> roots = RealTree.roots(copy);
            for (int i = 0; i < WARM_UP && !warm; i++) {
                RealTree.use(roots);
            }
            warm = true;
            double seconds = Runs.seconds(() -> {
                int tests = 0;
                for (int i = 0; i < ROUNDS; i++) {
                    tests += RealTree.use(roots);
                }
                return tests;
            });
            return new Sample(seconds / ROUNDS, tree.reference() / 1000);
        } finally {
            Runs.delete(copy);
        }
    }

    @Override
    public String describe(Sample median) {
        double ours = median.seconds() * 1000;
        double quiet = tree.referenceWithoutDebugging();
        return String.format(
                Locale.ROOT,
                "%.1f ms, the reference %.1f ms, %.0f × faster (goal: at least %d ×)%s",
                ours,
                tree.reference(),
                1 / median.ratio(),
                tree.goal(),
                quiet == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "; %.0f × without the reference's debug messages, %.1f ms",
                                quiet / ours,
                                quiet));
    }
}
