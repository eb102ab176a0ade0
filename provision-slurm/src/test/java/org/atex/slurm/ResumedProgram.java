package org.atex.slurm;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.Command;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.testkit.RecordingAggregator;

/** A program whose run goes on when it is started again. It prints a line for each event. */
final class ResumedProgram {
    static final int TESTS = 24;

    private ResumedProgram() {}

    /**
     * Runs the program.
     *
     * @param arguments the directory of the run, and the configuration of Slurm
     */
    public static void main(String[] arguments) throws Exception {
        List<TestCase> tests = IntStream.rangeClosed(1, TESTS)
                .<TestCase>mapToObj(i -> CommandTest.of("/t" + i, Command.bash("sleep 0.3; echo done")))
                .toList();
        int exitCode;
        try (RecordingAggregator results = RecordingAggregator.create();
                SlurmProvisioner systems = SlurmProvisioner.here(Clusters.options(Path.of(arguments[1])));
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .maxSystems(4)
                        .reruns(RerunPolicy.maxReruns(2, Outcome.LOST))
                        .keep(Path.of(arguments[0]))
                        .resume()
                        .listener(System.out::println)
                        .build()) {
            exitCode = run.run().exitCode();
        }
        System.exit(exitCode);
    }
}
