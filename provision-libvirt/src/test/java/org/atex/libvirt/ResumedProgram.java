package org.atex.libvirt;

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
import org.atex.local.LocalConnection;
import org.atex.testkit.RecordingAggregator;

/** A program whose run goes on when it is started again. It prints a line for each event. */
final class ResumedProgram {
    static final int TESTS = 8;

    private ResumedProgram() {}

    /**
     * Runs the program.
     *
     * @param arguments the directory of the run, the URI of libvirt, the directory of virtual machines, and the disk
     */
    public static void main(String[] arguments) throws Exception {
        List<TestCase> tests = IntStream.rangeClosed(1, TESTS)
                .<TestCase>mapToObj(i -> CommandTest.of("/t" + i, Command.bash("sleep 0.3; echo done")))
                .toList();
        GuestTemplate template = Guests.options(arguments[1], Path.of(arguments[2]), Path.of(arguments[3]))
                .withPreparation(guest -> {});
        int exitCode;
        try (LocalConnection host = LocalConnection.open();
                RecordingAggregator results = RecordingAggregator.create();
                LibvirtProvisioner systems =
                        LibvirtProvisioner.builder(host, template).maxSystems(2).build();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .maxSystems(2)
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
