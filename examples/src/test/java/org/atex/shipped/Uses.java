package org.atex.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.OpenTelemetry;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.allure.AllureAggregator;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Outcome;
import org.atex.api.ProvisioningException;
import org.atex.api.ReportedResult;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.RunSummary;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.artifacts.FanOut;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.ResultWriter;
import org.atex.ci.CiOptions;
import org.atex.ci.CiReport;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.ctrf.CtrfAggregator;
import org.atex.findings.FindingsReport;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfTree;
import org.atex.html.HtmlReport;
import org.atex.interleave.Interleaving;
import org.atex.jsonl.Compression;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.jsonl.JsonLinesOptions;
import org.atex.junit.DynamicRun;
import org.atex.junitxml.JUnitXmlAggregator;
import org.atex.junitxml.JUnitXmlOptions;
import org.atex.junitxml.Profile;
import org.atex.libvirt.GuestTemplate;
import org.atex.libvirt.LibvirtProvisioner;
import org.atex.local.LocalConnection;
import org.atex.local.LocalProvisioner;
import org.atex.opentelemetry.TelemetryListener;
import org.atex.opentest.OpenTestReport;
import org.atex.podman.PodmanConnection;
import org.atex.reportportal.ReportPortalAggregator;
import org.atex.reportportal.ReportPortalOptions;
import org.atex.reportportal.ReportPortalProject;
import org.atex.scenario.Action;
import org.atex.scenario.Scenario;
import org.atex.scenario.ScenarioExecutor;
import org.atex.scenario.ScenarioReader;
import org.atex.slurm.SlurmNodes;
import org.atex.slurm.SlurmOptions;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.atex.tap.TapAggregator;
import org.atex.testingfarm.TestingFarmApi;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;

/**
 * A user's program, started with published files only on its path. Each use is a separate class, because a path may
 * contain the libraries of one use only.
 */
public final class Uses {
    private Uses() {}

    /** A use of a block. */
    interface Use {
        void in(Path directory) throws Exception;
    }

    /** Runs the given uses: {@code DIRECTORY USE ...}. */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        for (String name : List.of(args).subList(1, args.length)) {
            var use = Class.forName(Uses.class.getName() + "$" + name).getDeclaredConstructor();
            ((Use) use.newInstance()).in(Files.createDirectories(directory.resolve(name)));
            System.out.println("did " + name);
        }
        // Some libraries leave threads running.
        System.exit(0);
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static void commandAndTransfers(Connection connection, Path directory) throws Exception {
        check(
                connection.run(Command.of("echo", "here")).orThrow().stdout().equals("here\n"),
                "a command has its output");
        Path file = Files.createDirectories(directory.resolve("tree/sub")).resolve("file");
        Files.writeString(file, "text");
        String there = "/tmp/atex-shipped-" + ProcessHandle.current().pid();
        connection.upload(directory.resolve("tree"), there);
        connection.download(there, directory.resolve("back"));
        connection.run(Command.of("rm", "-r", there)).orThrow();
        check(Files.readString(directory.resolve("back/sub/file")).equals("text"), "a tree comes back");
    }

    private static Artifacts left(Path directory, String name) throws Exception {
        Artifacts artifacts = Artifacts.at(Files.createDirectories(directory.resolve(name)));
        Files.createDirectories(artifacts.files());
        Files.writeString(artifacts.files().resolve("output.txt"), "its output\n");
        Files.writeString(artifacts.results(), "{\"status\":\"fail\",\"name\":\"part\",\"note\":\"why\"}\n");
        return artifacts;
    }

    private static void ingestInto(Aggregator aggregator, Path directory) throws Exception {
        Artifacts left = left(directory, "left");
        aggregator.ingest(TestRecord.of("here", "/a", TestEnd.exited(1)), left);
        aggregator.ingest(TestRecord.notRun("here", "/b", "it is late"), Artifacts.none());
        check(Files.notExists(left.directory()), "what was left is stored");
    }

    static final class Api implements Use {
        @Override
        public void in(Path directory) {
            check(TestCase.named("/a").withPriority(1).priority() == 1, "a test has its priority");
            check(TestEnd.exited(0).outcome() == Outcome.PASSED, "0 is passed");
        }
    }

    static final class Results implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Artifacts artifacts = Artifacts.at(directory);
            try (ResultWriter writer = ResultWriter.append(artifacts.results())) {
                writer.write(ReportedResult.of(Status.PASS, "all is well", List.of()));
            }
            try (ResultReader reader = ResultReader.of(artifacts)) {
                check(reader.next() != null && reader.next() == null, "one result is read");
            }
        }
    }

    static final class Local implements Use {
        @Override
        public void in(Path directory) throws Exception {
            try (LocalConnection connection = LocalConnection.open()) {
                commandAndTransfers(connection, directory);
            }
        }
    }

    static final class Ssh implements Use {
        @Override
        public void in(Path directory) throws Exception {
            SshOptions options = SshOptions.defaults()
                    .withoutConfig()
                    .withoutAgent()
                    .withKey(Path.of(System.getProperty("ssh.key")))
                    .withHostKeys(HostKeys.knownHosts(Path.of(System.getProperty("ssh.known"))));
            try (SshConnection connection = SshConnection.open(System.getProperty("ssh.destination"), options)) {
                commandAndTransfers(connection, directory);
            }
        }
    }

    static final class Podman implements Use {
        @Override
        public void in(Path directory) throws Exception {
            try (PodmanConnection connection = PodmanConnection.open(System.getProperty("podman.container"))) {
                commandAndTransfers(connection, directory);
            }
        }
    }

    static final class Libvirt implements Use {
        @Override
        public void in(Path directory) throws Exception {
            GuestTemplate options = GuestTemplate.domain("no machine")
                    .withUri("qemu+unix:///system?socket=" + directory.resolve("none"))
                    .withDirectory(directory.resolve("machines").toString());
            try (LocalConnection host = LocalConnection.open()) {
                LibvirtProvisioner.builder(host, options).build().close();
                check(false, "a host without libvirt is refused");
            } catch (ProvisioningException e) {
                check(String.valueOf(e.getMessage()).contains("could not"), "the message has the cause");
            }
        }
    }

    static final class Slurm implements Use {
        @Override
        public void in(Path directory) throws Exception {
            try {
                SlurmNodes.of(Map.of(), SlurmOptions.defaults()).close();
                check(false, "a program outside an allocation is refused");
            } catch (ProvisioningException e) {
                check(String.valueOf(e.getMessage()).contains("SLURM_JOB_ID"), "the message names the variable");
            }
        }
    }

    static final class TestingFarm implements Use {
        @Override
        public void in(Path directory) throws Exception {
            HttpServer service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            service.createContext("/", exchange -> {
                byte[] answer = "{\"version\": \"v1\"}".getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().add("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, answer.length);
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(answer);
                }
            });
            service.start();
            URI address = URI.create("http://127.0.0.1:" + service.getAddress().getPort());
            try (TestingFarmApi api = TestingFarmApi.builder(address).build()) {
                check(api.about().equals("v1"), "the service says what it is");
            } finally {
                service.stop(0);
            }
        }
    }

    static final class ACommand implements Use {
        @Override
        public void in(Path directory) throws Exception {
            try (var connection = LocalConnection.open();
                    var executor = CommandExecutor.factory().open(connection)) {
                CommandTest test = CommandTest.of("/a", Command.of("true"));
                check(executor.run(test, Artifacts.at(directory)).outcome() == Outcome.PASSED, "a command passes");
            }
        }
    }

    static final class AScenario implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path description = Files.writeString(
                    directory.resolve("a.json"),
                    "{\"test_name\": \"a\", \"total_hours\": 0.00001, \"events\": [{\"name\": \"true\"}]}");
            Scenario test = ScenarioReader.of(Map.of("true", Action.command(Command.of("true"))))
                    .read(description);
            try (var connection = LocalConnection.open();
                    var executor = ScenarioExecutor.factory().open(connection)) {
                check(executor.run(test, Artifacts.at(directory)).outcome() == Outcome.PASSED, "a scenario passes");
            }
        }
    }

    static final class FmfTrees implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Files.writeString(Files.createDirectory(directory.resolve(".fmf")).resolve("version"), "1\n");
            Files.writeString(
                    directory.resolve("main.fmf"),
                    "duration: 1m\n/a:\n  adjust:\n  - duration+: 30s\n    when: arch == s390x\n");
            FmfTree tree = FmfTree.load(directory).adjust(FmfContext.empty().with("arch", "s390x"));
            check(tree.climb().getFirst().text("duration", "").equals("1m30s"), "a tree is merged and adjusted");
        }
    }

    static final class Fmf implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path tree = Files.createDirectories(directory.resolve("tree"));
            Files.writeString(Files.createDirectory(tree.resolve(".fmf")).resolve("version"), "1\n");
            Files.writeString(tree.resolve("main.fmf"), "/a:\n  test: echo here\n  duration: 1m\n");
            FmfTests tests = FmfTests.from(tree).discover();
            Artifacts left = Artifacts.at(Files.createDirectory(directory.resolve("left")));
            try (var connection = LocalConnection.open();
                    var executor = FmfExecutor.factory(tests).open(connection)) {
                check(executor.run(tests.getFirst(), left).outcome() == Outcome.PASSED, "an fmf test passes");
            }
            check(Files.readString(left.files().resolve("output.txt")).equals("here\n"), "its output is kept");
        }
    }

    static final class Allure implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path results = directory.resolve("allure-results");
            try (var aggregator = AllureAggregator.open(results)) {
                ingestInto(aggregator, directory);
            }
            try (var files = Files.list(results)) {
                check(
                        files.filter(file -> file.toString().endsWith("-result.json"))
                                        .count()
                                == 2,
                        "there are results");
            }
        }
    }

    static final class Ctrf implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path report = directory.resolve("ctrf.json");
            try (var aggregator = CtrfAggregator.open(report)) {
                ingestInto(aggregator, directory);
            }
            check(Files.readString(report).contains("it is late"), "there is a report");
        }
    }

    static final class OpenTest implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path file = directory.resolve("opentest.xml");
            try (var report = OpenTestReport.open(file)) {
                ingestInto(report, directory);
            }
            check(Files.readString(file).contains("it is late"), "there is a report");
        }
    }

    static final class Tap implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path report = directory.resolve("results.tap");
            try (var aggregator = TapAggregator.open(report)) {
                ingestInto(aggregator, directory);
            }
            check(Files.readString(report).contains("it is late"), "there is a report");
        }
    }

    static final class ReportPortal implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path spool = directory.resolve("reportportal");
            // Nothing listens at this port: the results stay in the spool.
            var project = ReportPortalProject.of(URI.create("http://127.0.0.1:1"), "kernel", "token");
            var options = ReportPortalOptions.defaults().withLimit(Duration.ofMillis(1));
            var aggregator = ReportPortalAggregator.open(spool, project, options);
            ingestInto(aggregator, directory);
            try {
                aggregator.close();
                check(false, "results that were not sent are reported");
            } catch (AggregationException e) {
                check(String.valueOf(e.getMessage()).contains("resend"), "the message says how to send them");
            }
            try (var files = Files.walk(spool)) {
                check(files.filter(file -> file.endsWith("calls.jsonl")).count() == 2, "the results are kept");
            }
        }
    }

    private static void sendFailure(RunListener listener) {
        var test = TestCase.named("/t");
        var end = TestEnd.exited(1);
        var record = TestRecord.of("default", test, end);
        listener.on(new RunEvent.RunStarted(
                new RunEvent.Stamp("run", 1, Instant.EPOCH), List.of(test), RunEvent.RunStarted.DEFAULT_PLATFORM));
        listener.on(new RunEvent.RunEnded(
                new RunEvent.Stamp("run", 2, Instant.EPOCH),
                new RunSummary(List.of(TestSummary.of(test, end, List.of(record))), List.of(), Duration.ZERO)));
    }

    static final class FindingsFiles implements Use {
        @Override
        public void in(Path directory) throws Exception {
            try (var findings = FindingsReport.open(directory.resolve("findings"))) {
                sendFailure(findings);
            }
            String json = Files.readString(directory.resolve("findings").resolve("findings.json"));
            check(json.contains("\"verdict\": \"FAILED\""), "there is JSON");
        }
    }

    static final class CiJob implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path summary = directory.resolve("summary.md");
            var environment = Map.of("GITHUB_ACTIONS", "true", "GITHUB_STEP_SUMMARY", summary.toString());
            var out = new ByteArrayOutputStream();
            sendFailure(CiReport.of(
                    new PrintStream(out, true, UTF_8), CiOptions.defaults().withEnvironment(environment)));
            check(out.toString(UTF_8).startsWith("::error title=/t failed::"), "there is an annotation");
            check(Files.readString(summary).contains("`/t` failed"), "there is a summary");
        }
    }

    static final class Html implements Use {
        @Override
        public void in(Path directory) throws Exception {
            Path page = directory.resolve("report.html");
            try (var report = HtmlReport.open(page)) {
                ingestInto(report, directory);
            }
            check(Files.readString(page).startsWith("<!DOCTYPE html>"), "there is a page");
        }
    }

    static final class JsonLines implements Use {
        @Override
        public void in(Path directory) throws Exception {
            JsonLinesOptions plain = JsonLinesOptions.defaults();
            try (var lines = JsonLinesAggregator.open(directory.resolve("a.jsonl"), directory.resolve("a"), plain);
                    var yaml = JsonLinesAggregator.open(
                            directory.resolve("b.yaml"), directory.resolve("b"), plain.withYaml());
                    var gzip = JsonLinesAggregator.open(
                            directory.resolve("c.gz"),
                            directory.resolve("c"),
                            plain.withCompression(Compression.GZIP).withCompressedFiles(Compression.GZIP));
                    var xz = JsonLinesAggregator.open(
                            directory.resolve("d.xz"),
                            directory.resolve("d"),
                            plain.withCompression(Compression.XZ).withCompressedFiles(Compression.XZ));
                    var all = FanOut.of(lines, yaml, gzip, xz)) {
                ingestInto(all, directory);
            }
            check(Files.readAllLines(directory.resolve("a.jsonl")).size() >= 2, "there are lines");
            check(Files.exists(directory.resolve("d/here/a/output.txt.xz")), "there are compressed files");
        }
    }

    static final class JUnitXml implements Use {
        @Override
        public void in(Path directory) throws Exception {
            for (Profile profile : Profile.values()) {
                Path report = directory.resolve(profile + ".xml");
                JUnitXmlOptions options = JUnitXmlOptions.defaults().withProfile(profile);
                try (var aggregator = JUnitXmlAggregator.open(report, options)) {
                    ingestInto(aggregator, directory);
                }
                check(Files.readString(report).contains("it is late"), "there is a report");
            }
        }
    }

    static final class AdHoc implements Use {
        @Override
        public void in(Path directory) throws Exception {
            List<CommandTest> tests = List.of(CommandTest.of("/a", Command.of("true")));
            try (var systems = LocalProvisioner.withMaxSystems(1);
                    var results = JUnitXmlAggregator.open(directory.resolve("report.xml"));
                    var run = AdHocOrchestrator.builder(tests)
                            .on(systems)
                            .with(CommandExecutor.factory())
                            .into(results)
                            .build()) {
                check(run.run().exitCode() == 0, "a run passes");
            }
        }
    }

    static final class Interleave implements Use {
        @Override
        public void in(Path directory) throws Exception {
            StringBuffer log = new StringBuffer();
            try (var run = Interleaving.plan()
                    .withActor("a", checkpoints -> log.append('a'))
                    .withActor("b", checkpoints -> log.append('b'))
                    .withOrder("b:start", "a:start")
                    .start()) {
                run.runToEnd();
            }
            check(log.toString().equals("ba"), "actors move in the planned order");
        }
    }

    static final class JUnit implements Use {
        @Override
        public void in(Path directory) {
            DynamicRun.create()
                    .sources(directory)
                    .on(new RunEvent.Heartbeat(new RunEvent.Stamp("run", 1, Instant.now())));
        }
    }

    static final class Telemetry implements Use {
        @Override
        public void in(Path directory) {
            var listener = TelemetryListener.of(OpenTelemetry.noop(), "suite");
            listener.on(new RunEvent.RunStarted(new RunEvent.Stamp("run", 1, Instant.now()), List.of(), "default"));
        }
    }

    static final class Testkit implements Use {
        @Override
        public void in(Path directory) throws Exception {
            try (var systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(1)) {
                systems.provision(1);
                Offer offer = systems.take(Duration.ofMinutes(1));
                check(offer instanceof Offer.Ready, "a fake is handed out");
                ((Offer.Ready) offer).remote().close();
            }
        }
    }
}
