package org.atex.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.atex.api.Artifacts;

/** Measures the time from the end of an fmf test, or from an interrupt, to the return of the executor. */
final class FmfEnd implements Scenario {
    private final String name;
    private final boolean ssh;
    private final boolean interrupt;

    FmfEnd(String name, boolean ssh, boolean interrupt) {
        this.name = name;
        this.ssh = ssh;
        this.interrupt = interrupt;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        return (interrupt
                        ? "from the interrupt of an fmf test to its end and the return of the executor"
                        : "from the last byte of an fmf test to the return of the executor")
                + (ssh ? ", over ssh" : "") + ", against starting bash";
    }

    @Override
    public int samples() {
        return 15;
    }

    @Override
    public Sample measure() throws Exception {
        try (FmfSystem system = new FmfSystem(ssh)) {
            double bare = Runs.bare(1, 1, List.of("bash", "-c", "true"));
            return new Sample(interrupt ? interrupted(system) : ended(system), bare);
        }
    }

    private static double ended(FmfSystem system) throws Exception {
        return system.test("echo warm\necho $EPOCHREALTIME", (executor, tests) -> {
            for (int i = 0; i < 5; i++) {
                executor.run(tests.get(0), system.artifacts());
            }
            Artifacts artifacts = system.artifacts();
            executor.run(tests.get(0), artifacts);
            Instant now = Instant.now();
            String last =
                    Files.readAllLines(artifacts.files().resolve("output.txt")).get(1);
            return now.getEpochSecond() + now.getNano() / 1e9 - Double.parseDouble(last);
        });
    }

    private static double interrupted(FmfSystem system) throws Exception {
        return system.test("setsid sleep 1000 &\necho begun\nsleep 1000", (executor, tests) -> {
            Artifacts artifacts = system.artifacts();
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    executor.run(tests.get(0), artifacts);
                } catch (InterruptedException e) {
                    // expected: the test is interrupted
                }
            });
            Path output = artifacts.directory().resolve("output");
            while (!Files.exists(output) || Files.size(output) == 0) {
                Thread.onSpinWait();
            }
            return Runs.seconds(() -> {
                thread.interrupt();
                return thread.join(Duration.ofSeconds(30));
            });
        });
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.1f ms (goal: under %d), starting bash %.1f ms",
                median.seconds() * 1000,
                interrupt ? 500 : 10,
                median.baseline() * 1000);
    }
}
