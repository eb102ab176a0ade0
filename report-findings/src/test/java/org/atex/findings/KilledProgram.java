package org.atex.findings;

import java.nio.file.Path;
import java.util.List;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Command;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.local.LocalProvisioner;
import org.atex.testkit.RecordingAggregator;

/** A program with a test that fails and one that waits for a file, until the program is killed. */
final class KilledProgram {
    private KilledProgram() {}

    static List<CommandTest> tests(Path directory) {
        return List.of(
                CommandTest.of("/fails", Command.bash("echo 'the disk is full'; exit 3")),
                CommandTest.of(
                        "/waits", Command.bash("until [ -e '" + directory.resolve("go") + "' ]; do sleep 0.1; done")));
    }

    static RunSummary run(Path directory) throws InterruptedException {
        FindingsOptions options = FindingsOptions.defaults().withRuns(directory.resolve("runs"));
        try (LocalProvisioner systems = LocalProvisioner.withMaxSystems(1);
                RecordingAggregator results = RecordingAggregator.create();
                FindingsReport findings = FindingsReport.open(directory.resolve("out"), options);
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests(directory))
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .keep(directory.resolve("runs"))
                        .resume()
                        .listener(findings)
                        .listener(event -> {
                            if (event instanceof RunEvent.Ingested) {
                                System.out.println("a result is stored");
                            }
                        })
                        .build()) {
            return run.run();
        }
    }

    public static void main(String[] args) throws InterruptedException {
        RunSummary unused = run(Path.of(args[0]));
    }
}
