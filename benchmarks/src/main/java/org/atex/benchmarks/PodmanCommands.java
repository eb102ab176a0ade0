package org.atex.benchmarks;

import java.util.Arrays;
import java.util.Locale;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.lab.LabImage;
import org.atex.local.LocalConnection;
import org.atex.podman.PodmanConnection;

/** Measures commands in a container, compared to processes of this machine. */
final class PodmanCommands implements Scenario {
    private static final Command TRUE = Command.of("true");
    private static final int EACH = 200;

    @Override
    public String name() {
        return "podman";
    }

    @Override
    public String about() {
        return EACH + " x true in a container, against the same on this machine";
    }

    @Override
    public String missing() {
        return Containers.missing();
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        String container = Containers.run("run", "--detach", LabImage.PLAIN.reference(), "sleep", "infinity");
        try (Connection ours = PodmanConnection.open(container);
                Connection local = LocalConnection.open()) {
            double bare = median(() -> local.run(TRUE).orThrow());
            return new Sample(median(() -> ours.run(TRUE).orThrow()), bare);
        } finally {
            Containers.run("rm", "--force", "--time=0", container);
        }
    }

    private interface Work {
        Object run() throws Exception;
    }

    private static double median(Work work) throws Exception {
        double[] times = new double[EACH];
        for (int i = 0; i < EACH; i++) {
            times[i] = Runs.seconds(work::run);
        }
        Arrays.sort(times);
        return times[EACH / 2];
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f ms a command, a process of this machine %.2f ms: %.1f x as long (goal: at most 5)",
                median.seconds() * 1000,
                median.baseline() * 1000,
                median.ratio());
    }
}
