package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Offer;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.junitxml.JUnitXmlAggregator;
import org.atex.local.LocalConnection;
import org.atex.local.LocalProvisioner;
import org.atex.testkit.Call;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Uses each block alone in a program, and several runs in one program. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class EmbeddingTest {
    @TempDir
    private Path directory;

    private Artifacts artifacts(String name) throws IOException {
        return Artifacts.at(Files.createDirectory(directory.resolve(name)));
    }

    @Test
    void executorWithoutAnOrchestrator() throws Exception {
        FmfTests tests = FmfTests.from(SmallTree.in(directory)).discover();
        try (var connection = LocalConnection.open();
                var executor = FmfExecutor.factory(tests).open(connection)) {
            Artifacts left = artifacts("left");
            assertThat(executor.run(tests.get(1), left).outcome()).isEqualTo(Outcome.PASSED);
            assertThat(left.files().resolve("output.txt")).hasContent("2\n");
            assertThat(left.results()).isNotEmptyFile();
            assertThat(connection.run(Command.of("true")).succeeded())
                    .as("the connection is still open")
                    .isTrue();
        }
    }

    @Test
    void aggregatorsWithoutAnOrchestrator() throws Exception {
        Path jsonl = directory.resolve("results.jsonl");
        Path report = directory.resolve("junit.xml");
        try (var json = JsonLinesAggregator.open(jsonl, directory.resolve("files"));
                var junit = JUnitXmlAggregator.open(report)) {
            Artifacts left = artifacts("left");
            Files.writeString(left.results(), "{\"status\":\"pass\",\"files\":[\"log\"]}\n");
            Files.createDirectory(left.files());
            Files.writeString(left.files().resolve("log"), "by hand\n");
            json.ingest(TestRecord.of("here", "/mine", TestEnd.exited(0)), left);
            junit.ingest(TestRecord.of("here", "/mine", TestEnd.exited(0)), artifacts("more"));
            junit.ingest(TestRecord.notRun("here", "/other", "it is late"), Artifacts.none());
        }
        assertThat(jsonl).content().contains("\"here\",\"pass\",\"/mine\"");
        assertThat(directory.resolve("files/here/mine/log")).hasContent("by hand\n");
        assertThat(report).content().contains("/mine", "/other", "it is late");
    }

    @Test
    void provisionerWithoutAnOrchestrator() throws Exception {
        try (var systems = LocalProvisioner.withMaxSystems(2)) {
            systems.provision(2);
            try (var first = taken(systems.take(Call.SOON));
                    var second = taken(systems.take(Call.SOON))) {
                assertThat(first.name()).isNotEqualTo(second.name());
                CommandResult result = first.connection().run(Command.bash("echo \"$0\""));
                assertThat(result.succeeded()).isTrue();
            }
        }
    }

    private static Remote taken(Offer offer) {
        assertThat(offer).isInstanceOf(Offer.Ready.class);
        return ((Offer.Ready) offer).remote();
    }

    @Test
    void twoRunsInOneProgramAreIndependent() throws Exception {
        CompletableFuture<RunSummary> failing = CompletableFuture.supplyAsync(() -> run("failing", "false"));
        CompletableFuture<RunSummary> passing = CompletableFuture.supplyAsync(() -> run("passing", "true"));

        assertThat(passing.join().verdict()).isEqualTo(Verdict.PASSED);
        assertThat(failing.join().verdict()).isEqualTo(Verdict.FAILED);
        assertThat(Files.readAllLines(directory.resolve("passing.jsonl")))
                .hasSize(20)
                .allMatch(line -> line.contains("\"/passing/"));
        assertThat(Files.readAllLines(directory.resolve("failing.jsonl")))
                .hasSize(20)
                .allMatch(line -> line.contains("\"/failing/"));
    }

    private RunSummary run(String name, String program) {
        List<CommandTest> tests = IntStream.range(0, 20)
                .mapToObj(i -> CommandTest.of("/" + name + "/" + i, Command.of(program)))
                .toList();
        try (var systems = LocalProvisioner.withMaxSystems(2);
                var results = JsonLinesAggregator.open(
                        directory.resolve(name + ".jsonl"), directory.resolve(name + "-files"));
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .into(results)
                        .build()) {
            return run.run();
        } catch (InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    @Test
    void blocksCanBeReusedInTheNextRun() throws Exception {
        try (var systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(1);
                var results =
                        JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"))) {
            for (String name : List.of("/first", "/second")) {
                try (var run = AdHocOrchestrator.builder(List.of(TestCase.named(name)))
                        .on(systems)
                        .with(FakeExecutors.passing(Duration.ZERO))
                        .into(results)
                        .build()) {
                    assertThat(run.run().verdict()).isEqualTo(Verdict.PASSED);
                }
            }
        }
        assertThat(directory.resolve("results.jsonl")).content().contains("/first", "/second");
    }
}
