package org.atex.benchmarks;

import java.util.Locale;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.DetachedOptions;
import org.atex.fmf.FmfOptions;
import org.atex.fmf.FmfTests;

/**
 * Measures the cost of detached tests, which survive the loss of a connection: many trivial tests, or one large file.
 */
final class FmfDetached implements Scenario {
    private static final int COUNT = 100;

    private final String name;
    private final boolean ssh;
    private final int megabytes;

    /**
     * Creates a scenario.
     *
     * @param megabytes the size of the file, or 0 for many trivial tests
     */
    FmfDetached(String name, boolean ssh, int megabytes) {
        this.name = name;
        this.ssh = ssh;
        this.megabytes = megabytes;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        String subject = megabytes == 0 ? COUNT + " trivial fmf tests" : megabytes + " MiB from an fmf test";
        return subject + (ssh ? " over ssh" : " here") + ", detached, against the same with the option off";
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        double off = seconds(FmfOptions.defaults());
        double on = seconds(FmfOptions.defaults().withDetached(DetachedOptions.defaults()));
        return new Sample(on, off);
    }

    private double seconds(FmfOptions options) throws Exception {
        String script = megabytes == 0 ? "true" : FmfFile.script((long) megabytes << 20);
        int times = megabytes == 0 ? COUNT : 1;
        try (FmfSystem system = new FmfSystem(ssh)) {
            return system.test(
                    script,
                    options,
                    (executor, tests) -> Runs.seconds(() -> {
                        for (int i = 0; i < times; i++) {
                            run(system, executor, tests);
                        }
                        return executor;
                    }));
        }
    }

    private static void run(FmfSystem system, Executor executor, FmfTests tests) throws Exception {
        TestEnd end = executor.run(tests.get(0), system.artifacts());
        if (end.outcome() != Outcome.PASSED) {
            throw new IllegalStateException("the test did not pass: " + end);
        }
    }

    @Override
    public String describe(Sample median) {
        if (megabytes == 0) {
            return String.format(
                    Locale.ROOT,
                    "%.1f ms a test, with the option off %.1f ms, ratio %.2f",
                    median.seconds() / COUNT * 1000,
                    median.baseline() / COUNT * 1000,
                    median.ratio());
        }
        return String.format(
                Locale.ROOT,
                "%.0f MiB/s, with the option off %.0f MiB/s: %.2f of it",
                megabytes / median.seconds(),
                megabytes / median.baseline(),
                1 / median.ratio());
    }
}
