package org.atex.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.lab.LabImage;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;

/**
 * Measures the time until containers answer, compared to {@code podman run} alone with the best parallelism, and the
 * time of their release.
 */
final class PodmanStarts implements Scenario {
    private static final int COUNT = 20;
    private static final List<Integer> ORDERS = List.of(2, 3, 4, 8);

    private double release;

    @Override
    public String name() {
        return "podman" + COUNT;
    }

    @Override
    public String about() {
        return COUNT + " containers until they answer, against podman run alone, the best of " + ORDERS + " at once";
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
        double bare = Double.MAX_VALUE;
        for (int atOnce : ORDERS) {
            bare = Math.min(bare, podmanAlone(atOnce));
        }
        return new Sample(ours(), bare);
    }

    private double ours() throws Exception {
        try (PodmanProvisioner provisioner = PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .maxSystems(COUNT)
                .build()) {
            List<Remote> taken = new ArrayList<>();
            double seconds = Runs.seconds(() -> {
                provisioner.provision(COUNT);
                while (taken.size() < COUNT) {
                    taken.add(((Offer.Ready) provisioner.take(Duration.ofMinutes(2))).remote());
                }
                return null;
            });
            release = Runs.seconds(() -> {
                provisioner.close();
                return null;
            });
            return seconds;
        }
    }

    private static double podmanAlone(int atOnce) throws Exception {
        String label = "atex.benchmark=" + UUID.randomUUID();
        try (ExecutorService threads = Executors.newFixedThreadPool(atOnce)) {
            return Runs.seconds(() -> {
                List<Future<String>> all = new ArrayList<>();
                for (int i = 0; i < COUNT; i++) {
                    all.add(threads.submit(() -> Containers.run(
                            "run",
                            "--detach",
                            "--pull=never",
                            "--label=" + label,
                            LabImage.PLAIN.reference(),
                            "sleep",
                            "infinity")));
                }
                for (Future<String> one : all) {
                    one.get();
                }
                return null;
            });
        } finally {
            String[] names = Containers.run("ps", "--all", "--quiet", "--filter=label=" + label)
                    .split("\n", -1);
            List<String> line = new ArrayList<>(List.of("rm", "--force", "--time=0"));
            line.addAll(List.of(names));
            Containers.run(line.toArray(new String[0]));
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.1f s until all answer, podman run alone %.1f s: %.2f x as long (goal: at most 1.3); all gone in %.1f s"
                        + " (goal: at most 5)",
                median.seconds(),
                median.baseline(),
                median.ratio(),
                release);
    }
}
