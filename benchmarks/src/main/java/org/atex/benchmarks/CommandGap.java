package org.atex.benchmarks;

import java.util.Locale;
import org.atex.api.Command;
import org.atex.command.CommandExecutor;
import org.atex.local.LocalProvisioner;

/** Measures the overhead per command, for 1,000 commands on one system. */
final class CommandGap implements Scenario {
    private static final int COUNT = 1000;

    @Override
    public String name() {
        return "gap";
    }

    @Override
    public String about() {
        return "1,000 x true on 1 local system, against a loop of bash that starts true";
    }

    @Override
    public Sample measure() throws Exception {
        double bare = Runs.shell(COUNT, 1, "true");
        try (LocalProvisioner one = LocalProvisioner.withMaxSystems(1)) {
            return new Sample(
                    Runs.run(Runs.tests(COUNT), one, CommandExecutor.factory(test -> Command.of("true"))), bare);
        }
    }

    @Override
    public String describe(Sample median) {
        double ours = median.seconds() / COUNT * 1000;
        double bare = median.baseline() / COUNT * 1000;
        return String.format(
                Locale.ROOT,
                "%.2f ms a test, the loop %.2f ms, ratio %.2f: own gap %.2f ms (goal: at most 1)",
                ours,
                bare,
                median.ratio(),
                ours - bare);
    }
}
