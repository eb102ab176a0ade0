package org.atex.benchmarks;

import java.util.Locale;
import org.atex.api.Command;
import org.atex.command.CommandExecutor;
import org.atex.local.LocalProvisioner;

/** Measures many short commands on eight systems at once. */
final class CommandsOnEight implements Scenario {
    private static final int COUNT = 1000;
    private static final int SYSTEMS = 8;

    @Override
    public String name() {
        return "eight";
    }

    @Override
    public String about() {
        return "1,000 x true on 8 local systems, against 8 loops of bash that start true";
    }

    @Override
    public Sample measure() throws Exception {
        double bare = Runs.shell(COUNT, SYSTEMS, "true");
        try (LocalProvisioner eight = LocalProvisioner.withMaxSystems(SYSTEMS)) {
            return new Sample(
                    Runs.run(Runs.tests(COUNT), eight, CommandExecutor.factory(test -> Command.of("true"))), bare);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, the loops %.2f s, ratio %.2f (goal: at most 2.5)",
                median.seconds(),
                median.baseline(),
                median.ratio());
    }
}
