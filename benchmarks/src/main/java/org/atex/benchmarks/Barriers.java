package org.atex.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.MultihostTest;
import org.atex.api.Provisioner;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.lab.LabImage;
import org.atex.local.LocalProvisioner;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;

/** Measures how fast the parts of a test on several systems pass barriers. */
final class Barriers implements Scenario {
    private static final int SYSTEMS = 3;
    private static final int COUNT = 100;
    private static final int GOAL_PER_MINUTE = 1000;

    private final String name;
    private final boolean containers;

    Barriers(String name, boolean containers) {
        this.name = name;
        this.containers = containers;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        return COUNT + " barriers of a test on " + SYSTEMS + (containers ? " containers" : " local systems")
                + ", against starting bash as often on each";
    }

    @Override
    public String missing() {
        return containers ? Containers.missing() : "";
    }

    @Override
    public Sample measure() throws Exception {
        double bare = Runs.bare(COUNT * SYSTEMS, SYSTEMS, List.of("bash", "-c", "true"));
        Path tree = Files.createTempDirectory("atex-tree-");
        Files.createDirectory(tree.resolve(".fmf"));
        Files.writeString(tree.resolve(".fmf/version"), "1\n");
        Files.writeString(tree.resolve("main.fmf"), test());
        ConcurrentLinkedQueue<Double> seconds = new ConcurrentLinkedQueue<>();
        try (Provisioner systems = systems()) {
            FmfTests tests = FmfTests.from(tree).discover();
            Executor.Factory fmf = FmfExecutor.factory(tests);
            TestCase test = MultihostTest.named("/meeting")
                    .withRole("node", SYSTEMS, tests.stream().findFirst().orElseThrow());
            Runs.run(List.of(test), systems, remote -> new Reading(fmf.open(remote), seconds));
        } finally {
            Runs.delete(tree);
        }
        return new Sample(seconds.stream().mapToDouble(one -> one).max().orElseThrow(), bare);
    }

    /**
     * Returns a test that prints the times before and after the barriers. They follow a first one, at which the parts
     * wait for the last of them to start.
     */
    private static String test() {
        return """
                /part:
                    test: |
                        atex-barrier begin
                        begin=$EPOCHREALTIME
                        for ((i = 0; i < %d; i++)); do atex-barrier again; done
                        echo "$begin $EPOCHREALTIME"
                """.formatted(COUNT);
    }

    private Provisioner systems() throws InterruptedException {
        return containers
                ? PodmanProvisioner.builder(LabImage.PLAIN.reference())
                        .pull(PullPolicy.NEVER)
                        .maxSystems(SYSTEMS)
                        .build()
                : LocalProvisioner.withMaxSystems(SYSTEMS);
    }

    /** Reads the times that the parts print. */
    private record Reading(Executor executor, ConcurrentLinkedQueue<Double> seconds) implements Executor {
        @Override
        public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
            TestEnd end = executor.run(test, into);
            try {
                String[] times = Files.readString(into.files().resolve("output.txt"))
                        .strip()
                        .split(" ", -1);
                seconds.add(Double.parseDouble(times[1]) - Double.parseDouble(times[0]));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return end;
        }

        @Override
        public void close() {
            executor.close();
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.0f barriers a minute (goal: at least %d); %.1f ms each, starting bash %.1f ms, ratio %.1f",
                COUNT / median.seconds() * 60,
                GOAL_PER_MINUTE,
                median.seconds() / COUNT * 1000,
                median.baseline() / COUNT * 1000,
                median.ratio());
    }
}
