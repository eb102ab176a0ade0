package org.atex.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.atex.interleave.ActorBody;
import org.atex.interleave.Interleaving;
import org.atex.interleave.Point;

/** Measures the time of one step of an ordered interleaving, against 100 µs. */
final class InterleavingSteps implements Scenario {
    private static final int LOOPS = 10_000;
    private static final double GOAL = 0.000_1;

    @Override
    public String name() {
        return "interleave";
    }

    @Override
    public String about() {
        return "the time of one step of an ordered interleaving of two threads, against 100 µs";
    }

    @Override
    public Sample measure() throws Exception {
        ActorBody loop = checkpoints -> {
            for (int i = 0; i < LOOPS; i++) {
                checkpoints.reach("loop");
            }
        };
        List<Point> order = new ArrayList<>();
        for (int i = 0; i < LOOPS; i++) {
            order.add(new Point("a", "loop"));
            order.add(new Point("b", "loop"));
        }
        try (Interleaving run = Interleaving.plan()
                .withActor("a", loop)
                .withActor("b", loop)
                .withOrder(order)
                .start()) {
            long start = System.nanoTime();
            run.runToEnd();
            return new Sample((System.nanoTime() - start) / 1e9 / order.size(), GOAL);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(Locale.ROOT, "%.1f µs a step (goal: under 100)", median.seconds() * 1e6);
    }
}
