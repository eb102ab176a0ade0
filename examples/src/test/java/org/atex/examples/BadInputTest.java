package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.fmf.tree.FmfException;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.junitxml.JUnitXmlAggregator;
import org.atex.local.LocalProvisioner;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks mistakes of users: each is reported as one error with the place, the reason and a remedy. */
@Timeout(180)
class BadInputTest {
    @TempDir
    private Path directory;

    private Path tree;

    @BeforeEach
    void makeTree() throws IOException {
        tree = SmallTree.in(directory);
    }

    private static void assertRefused(ThrowingCallable call, Class<?> type, Object... named) {
        assertThatThrownBy(call).isInstanceOf(type).satisfies(e -> {
            for (Object name : named) {
                assertThat(e.getMessage()).contains(name.toString());
            }
            assertThat(e.getMessage().lines().count()).as(e.getMessage()).isLessThanOrEqualTo(4);
        });
    }

    // Trees and plans: refused before a run is built.

    @Test
    void directoryWithoutATree() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        assertRefused(() -> FmfTests.from(empty).discover(), FmfException.class, empty, ".fmf");
    }

    @Test
    void missingDirectory() {
        Path missing = directory.resolve("missing");
        assertRefused(() -> FmfTests.from(missing).discover(), FmfException.class, missing);
    }

    @Test
    void brokenYaml() throws IOException {
        Path file = Files.writeString(tree.resolve("more.fmf"), "/three:\n    test: [echo\n/four:\n    test: x\n");
        assertRefused(() -> FmfTests.from(tree).discover(), FmfException.class, file + ":");
    }

    @Test
    void unknownPlan() {
        assertRefused(
                () -> FmfTests.from(tree).plan("/plans/al").discover(),
                FmfException.class,
                "/plans/al",
                tree,
                "/plans/all");
    }

    @Test
    void planThatIsATest() {
        assertRefused(() -> FmfTests.from(tree).plan("/one").discover(), FmfException.class, "/one", tree, "by name");
    }

    @Test
    void emptySelection() {
        assertRefused(
                () -> FmfTests.from(tree).plan("/plans/all").name("^/three$").discover(),
                FmfException.class,
                tree,
                "^/three$",
                "2",
                "/plans/all");
    }

    // Runs: refused before a system is provisioned.

    private AdHocOrchestrator.Builder run(List<? extends TestCase> tests, Provisioner systems, Aggregator results) {
        return AdHocOrchestrator.builder(tests)
                .on(systems)
                .with(CommandExecutor.factory())
                .into(results);
    }

    @Test
    void duplicateTest() {
        try (var systems = FakeProvisioner.of(FakeSystem.ready());
                var results = RecordingAggregator.create()) {
            var twice = List.of(CommandTest.of("/a", Command.of("true")), CommandTest.of("/a", Command.of("false")));
            assertRefused(() -> run(twice, systems, results).build(), IllegalArgumentException.class, "/a", "name");
            assertThat(systems.asked()).isZero();
        }
    }

    @Test
    void unsatisfiableTest() {
        try (var systems = LocalProvisioner.withMaxSystems(1);
                var results = RecordingAggregator.create()) {
            var test = TestCase.named("/a").withNeed(Need.of("arch", "pdp11"));
            assertRefused(
                    () -> run(List.of(test), systems, results).build(),
                    IllegalArgumentException.class,
                    "/a",
                    "arch=pdp11",
                    systems.labels().get("arch"));
        }
    }

    @Test
    void existingResults() throws IOException {
        Path file = Files.writeString(directory.resolve("results.jsonl"), "[]\n");
        Path files = Files.createDirectories(directory.resolve("files/default")).getParent();
        Path unused = directory.resolve("unused");
        assertRefused(() -> JsonLinesAggregator.open(file, unused), AggregationException.class, file, "withResume");
        assertRefused(() -> JsonLinesAggregator.open(unused, files), AggregationException.class, files);
        assertThat(file).hasContent("[]\n");

        Path report = Files.writeString(directory.resolve("junit.xml"), "<testsuites/>\n");
        assertRefused(() -> JUnitXmlAggregator.open(report), AggregationException.class, report, "delete it");
        assertThat(report).hasContent("<testsuites/>\n");
    }

    @Test
    void resultsInAnImpossiblePlace() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        Path below = file.resolve("results.jsonl");
        assertRefused(
                () -> JsonLinesAggregator.open(below, directory.resolve("files")), AggregationException.class, below);
        assertRefused(() -> JUnitXmlAggregator.open(below), AggregationException.class, below);
    }

    // Names: no file is written outside of the results, and every stored file is reported.

    @ParameterizedTest
    @ValueSource(strings = {"../../../escaped", "/tmp/escaped", "a/../../../../escaped", "nul\\u0000here"})
    void fileNameOutsideOfTheResults(String name) throws Exception {
        Files.writeString(tree.resolve("main.fmf"), """
                /bad:
                    test: |
                        json='{"status":"pass","name":"sub","files":[{"name":"%s","length":1}]}'
                        printf 'result %%d\\n%%sx' "${#json}" "$json" >&"$ATEX_TEST_CONTROL"
                """.formatted(name));
        RunSummary summary = runTree();

        assertThat(summary.problems()).isEmpty();
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 1));
        assertNothingEscaped();
        try (Stream<Path> stored = Files.walk(directory.resolve("files/default/bad"))) {
            assertThat(stored.filter(Files::isRegularFile))
                    .as("its output and the file")
                    .hasSize(2);
        }
    }

    @Test
    void fileNameThatIsTooLong() throws Exception {
        String name = "x".repeat(300);
        Files.writeString(tree.resolve("main.fmf"), """
                /long:
                    test: |
                        json='{"status":"pass","files":[{"name":"%s","length":1}]}'
                        printf 'result %%d\\n%%sx' "${#json}" "$json" >&"$ATEX_TEST_CONTROL"
                """.formatted(name));
        RunSummary summary = runTree();

        assertThat(summary.problems()).isEmpty();
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 1));
        assertNothingEscaped();
        try (Stream<Path> stored = Files.walk(directory.resolve("files"))) {
            assertThat(stored.map(file -> file.getFileName().toString())).anyMatch(file -> file.startsWith("xxxxxxxx"));
        }
    }

    private RunSummary runTree() throws InterruptedException {
        FmfTests tests = FmfTests.from(tree).discover();
        try (var systems = LocalProvisioner.withMaxSystems(1);
                var results = JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"));
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FmfExecutor.factory(tests))
                        .into(results)
                        .workDirectory(directory.resolve("work"))
                        .build()) {
            return run.run();
        }
    }

    private void assertNothingEscaped() throws IOException {
        assertThat(Path.of("/tmp/escaped")).doesNotExist();
        try (Stream<Path> all = Files.walk(directory)) {
            assertThat(all.filter(file -> file.endsWith("escaped")))
                    .allMatch(file -> file.startsWith(directory.resolve("files/default/bad")));
        }
    }

    @Test
    void longTestNamesAndCommonPrefixesAreStored() throws Exception {
        List<CommandTest> tests = Stream.of(
                        "/a", "/a/b", "/a/b/output.txt", "/" + "n".repeat(302), "/x/" + "y/".repeat(150))
                .map(name -> CommandTest.of(name, Command.of("echo", "hello")))
                .toList();
        try (var systems = LocalProvisioner.withMaxSystems(1);
                var json = JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"));
                var run = run(tests, systems, json).build()) {
            RunSummary summary = run.run();
            assertThat(summary.problems()).isEmpty();
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 5));
        }
        try (Stream<Path> stored = Files.walk(directory.resolve("files"))) {
            assertThat(stored.filter(Files::isRegularFile))
                    .hasSize(5)
                    .allSatisfy(file -> assertThat(file).hasContent("hello"));
        }
    }

    // The environment: the run ends and reports the reason.

    @Test
    void fullDisk() throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        assumeTrue(
                ends("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk.toString()) == 0,
                "only root can make a small disk");
        try {
            List<CommandTest> tests = List.of(
                    CommandTest.of("/much", Command.of("head", "-c", "200000", "/dev/zero")),
                    CommandTest.of("/little", Command.of("true")));
            try (var systems = LocalProvisioner.withMaxSystems(1);
                    var json = JsonLinesAggregator.open(disk.resolve("results.jsonl"), disk.resolve("files"));
                    var run = run(tests, systems, json)
                            .workDirectory(directory.resolve("work"))
                            .build()) {
                assertFullDiskIsTold(run.run(), disk);
            }
            assertThat(disk.resolve("results.jsonl"))
                    .content()
                    .contains("/little")
                    .doesNotContain("/much");
        } finally {
            assertThat(ends("umount", disk.toString())).isZero();
        }
        try (Stream<Path> kept = Files.walk(directory.resolve("work"))) {
            assertThat(kept.filter(path -> path.endsWith("1/files/output.txt")))
                    .as("kept")
                    .singleElement()
                    .satisfies(path -> assertThat(path).hasSize(200_000));
        }
    }

    private void assertFullDiskIsTold(RunSummary summary, Path disk) {
        assertThat(summary.verdict()).isEqualTo(Verdict.NOT_STORED);
        assertThat(summary.problems())
                .filteredOn(problem -> problem.verdict() != Verdict.PASSED)
                .singleElement()
                .satisfies(problem -> assertThat(problem.message())
                        .contains(
                                "/much",
                                disk.resolve("results.jsonl").toString(),
                                "No space left",
                                directory.resolve("work").toString()));
    }

    private static int ends(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void malformedResults() throws IOException {
        Path left = Files.createDirectory(directory.resolve("left"));
        Files.writeString(left.resolve("results"), "{\"status\":\"pass\"}\nnonsense\n");
        try (var json = JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"))) {
            TestRecord record = TestRecord.of("here", "/a", TestEnd.exited(0));
            assertRefused(
                    () -> json.ingest(record, Artifacts.at(left)), AggregationException.class, "/a", left, "line 2");
        }
        assertThat(directory.resolve("results.jsonl")).isEmptyFile();
    }

    @Test
    void testThatNeverEnds() throws Exception {
        List<CommandTest> tests = List.of(
                CommandTest.of("/limited", Command.of("sleep", "1000")).withLimit(Duration.ofMillis(200)),
                CommandTest.of("/unlimited", Command.of("sleep", "1000")));
        try (var systems = LocalProvisioner.withMaxSystems(2);
                var results = RecordingAggregator.create();
                var run = run(tests, systems, results)
                        .runWithin(Duration.ofSeconds(2))
                        .build()) {
            RunSummary summary = run.run();
            assertThat(summary.tests())
                    .extracting(test -> test.end().outcome())
                    .containsExactly(Outcome.TIMED_OUT, Outcome.CANCELLED);
            assertThat(summary.tests())
                    .extracting(test -> test.end().note())
                    .satisfiesExactly(
                            note -> assertThat(note).contains("0.2"),
                            note -> assertThat(note).contains("PT2S"));
        }
    }

    @Test
    void provisionerWithoutSystems() throws Exception {
        try (var systems = FakeProvisioner.of(FakeSystem.never());
                var results = RecordingAggregator.create();
                var run = run(List.of(TestCase.named("/a")), systems, results)
                        .systemWithin(Duration.ofMillis(50))
                        .build()) {
            RunSummary summary = run.run();
            assertThat(summary.tests())
                    .extracting(TestSummary::end)
                    .singleElement()
                    .satisfies(end -> {
                        assertThat(end.outcome()).isEqualTo(Outcome.NOT_RUN);
                        assertThat(end.note()).contains("none was provisioned within", "PT0.05S");
                    });
        }
    }
}
