package org.atex.benchmarks;

import java.time.Duration;
import java.util.Locale;
import org.atex.adhoc.DestructionPolicy;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.provision.Provisioners;
import org.atex.testkit.FakeConnection;

/** Measures whether the cost of a system is the same for 10,000 systems, of which each runs one test, as for 1,000. */
final class TenThousandSystems implements Scenario {
    private static final int FEW = 1_000;
    private static final int MANY = 10_000;
    private static final int AT_ONCE = 200;

    @Override
    public String name() {
        return "ten-k";
    }

    @Override
    public String about() {
        return "10,000 fake systems made, used once and given back, 200 at once, against 10 times 1,000";
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        double few = seconds(FEW) * MANY / FEW;
        return new Sample(seconds(MANY), few);
    }

    private static double seconds(int count) throws Exception {
        try (Provisioner systems = Provisioners.builder(
                        number -> PlainRemote.builder("s" + number, FakeConnection.obedient())
                                .build())
                .maxSystems(AT_ONCE)
                .build()) {
            return Runs.run(
                    Runs.tests(count),
                    systems,
                    connection -> new WaitingExecutor(Duration.ofMillis(1)),
                    run -> run.destruction(DestructionPolicy.always()));
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f ms a system, ratio %.2f (goal: at most 1.2), heap limit %d MiB (goal: 512)",
                median.seconds() / MANY * 1000,
                median.ratio(),
                Runtime.getRuntime().maxMemory() >> 20);
    }
}
