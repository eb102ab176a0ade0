package org.atex.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.allure.AllureAggregator;
import org.atex.allure.AllureOptions;
import org.atex.api.Command;
import org.atex.api.Provisioner;
import org.atex.api.RunEvent;
import org.atex.api.TestCase;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.html.HtmlOptions;
import org.atex.html.HtmlReport;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.jsonl.JsonLinesOptions;
import org.atex.junitxml.JUnitXmlAggregator;
import org.atex.junitxml.JUnitXmlOptions;
import org.atex.lab.LabImage;
import org.atex.local.LocalProvisioner;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;
import org.atex.ssh.Host;
import org.atex.ssh.HostKeys;
import org.atex.ssh.Hosts;
import org.atex.ssh.SshOptions;
import org.atex.ssh.SshProvisioner;

/** A program that is killed and started again until its run has ended. It prints a line for each event. */
final class ResumedProgram {
    static final int TESTS = 40;
    private static final int SYSTEMS = 2;

    private ResumedProgram() {}

    /**
     * Runs the program.
     *
     * @param args the directory of results, and the kind of systems; for ssh also its key, known hosts and destination
     */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        List<TestCase> tests = IntStream.rangeClosed(1, TESTS)
                .<TestCase>mapToObj(i -> CommandTest.of("/t" + i, Command.bash("seq $((RANDOM % 3000)); sleep 0.05")))
                .toList();
        int exitCode;
        try (Provisioner systems = systems(args);
                var lines = JsonLinesAggregator.open(
                        directory.resolve("results.jsonl"),
                        directory.resolve("files"),
                        JsonLinesOptions.defaults().withResume());
                var xml = JUnitXmlAggregator.open(
                        directory.resolve("junit.xml"),
                        JUnitXmlOptions.defaults().withResume());
                var allure = AllureAggregator.open(
                        directory.resolve("allure-results"),
                        AllureOptions.defaults().withResume());
                var page = HtmlReport.open(
                        directory.resolve("report.html"), HtmlOptions.defaults().withResume());
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(lines)
                        .into(xml)
                        .into(allure)
                        .into(page)
                        .maxSystems(SYSTEMS)
                        .keep(directory.resolve("runs"))
                        .resume()
                        .listener(page)
                        .listener(ResumedProgram::print)
                        .build()) {
            exitCode = run.run().exitCode();
        }
        System.exit(exitCode);
    }

    private static void print(RunEvent event) {
        System.out.println(event);
    }

    private static Provisioner systems(String[] args) throws Exception {
        return switch (args[1]) {
            case "local" -> LocalProvisioner.withMaxSystems(SYSTEMS);
            case "podman" ->
                PodmanProvisioner.builder(LabImage.PLAIN.reference())
                        .pull(PullPolicy.NEVER)
                        .runOptions("--network=none")
                        .maxSystems(SYSTEMS)
                        .build();
            default ->
                SshProvisioner.builder(
                                Hosts.of(List.of(Host.of(args[4]))),
                                SshOptions.defaults()
                                        .withoutConfig()
                                        .withoutAgent()
                                        .withKey(Path.of(args[2]))
                                        .withHostKeys(HostKeys.knownHosts(Path.of(args[3]))))
                        .build();
        };
    }
}
