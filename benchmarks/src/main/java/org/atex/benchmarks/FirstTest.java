package org.atex.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.RunEvent;
import org.atex.api.TestCase;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.local.LocalProvisioner;

/** Measures the time from the first system to the first test, against 50 ms. */
final class FirstTest implements Scenario {
    private static final double GOAL = 0.050;

    private final boolean fmf;

    FirstTest(boolean fmf) {
        this.fmf = fmf;
    }

    @Override
    public String name() {
        return fmf ? "first-fmf" : "first";
    }

    @Override
    public String about() {
        return "the time from the first local system to the start of the first " + (fmf ? "fmf test" : "command")
                + ", against 50 ms";
    }

    @Override
    public int samples() {
        return 21;
    }

    @Override
    public Sample measure() throws Exception {
        Path tree = FmfTree.of(1);
        AtomicLong offered = new AtomicLong();
        AtomicLong started = new AtomicLong();
        try (Provisioner systems = new Watched(LocalProvisioner.withMaxSystems(1), offered)) {
            FmfTests tests = FmfTests.from(tree).discover();
            List<? extends TestCase> chosen = fmf ? tests : List.of(CommandTest.of("/t", Command.of("true")));
            Executor.Factory executors = fmf ? FmfExecutor.factory(tests) : CommandExecutor.factory();
            Runs.run(
                    chosen,
                    systems,
                    executors,
                    run -> run.listener(event -> {
                        if (event instanceof RunEvent.TestStarted) {
                            started.set(System.nanoTime());
                        }
                    }));
            return new Sample((started.get() - offered.get()) / 1e9, GOAL);
        } finally {
            Runs.delete(tree);
        }
    }

    /** Remembers when the provisioner handed out a system. */
    private record Watched(Provisioner systems, AtomicLong offered) implements Provisioner {
        @Override
        public void provision(int count) {
            systems.provision(count);
        }

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            Offer offer = systems.take(atMost);
            if (offer instanceof Offer.Ready) {
                offered.compareAndSet(0, System.nanoTime());
            }
            return offer;
        }

        @Override
        public void clear() {
            systems.clear();
        }

        @Override
        public void close() {
            systems.close();
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(Locale.ROOT, "%.1f ms (goal: under 50)", median.seconds() * 1000);
    }
}
