package org.atex.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.local.LocalProvisioner;

/** Measures the overhead per trivial fmf test. */
final class FmfGap implements Scenario {
    private static final int COUNT = 200;

    private final int systems;
    private final String name;

    FmfGap(String name, int systems) {
        this.name = name;
        this.systems = systems;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        return "200 trivial fmf tests on " + systems + " local systems, against starting bash 200 times";
    }

    @Override
    public Sample measure() throws Exception {
        Path tree = FmfTree.of(COUNT);
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(systems)) {
            FmfTests tests = FmfTests.from(tree).discover();
            double bare = Runs.bare(COUNT, systems, List.of("setsid", "bash", "-c", "true"));
            return new Sample(Runs.run(tests, provisioner, FmfExecutor.factory(tests)), bare);
        } finally {
            Runs.delete(tree);
        }
    }

    @Override
    public String describe(Sample median) {
        double ours = median.seconds() / COUNT * 1000;
        double bare = median.baseline() / COUNT * 1000;
        return String.format(
                Locale.ROOT,
                "%.2f ms a test, starting bash %.2f ms, ratio %.2f: own part %.2f ms (goal: under 25)",
                ours,
                bare,
                median.ratio(),
                ours - bare);
    }
}
