package org.atex.jsonl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JsonLinesAggregatorTest {
    @TempDir
    Path directory;

    private Path results;
    private Path files;

    @BeforeEach
    void setPaths() {
        results = directory.resolve("out/results.jsonl");
        files = directory.resolve("out/FILES");
    }

    @Test
    void writesOneLinePerResultAndMovesTheFiles() throws IOException {
        Artifacts artifacts = left().results("""
            {"status":"fail","name":"sub/test","note":"why","files":["some/log"],"more":1}
            {"status":"pass","files":["output.txt"]}
            """)
                .file("sub/test/some/log", "log")
                .file("output.txt", "out")
                .artifacts();
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(passed("/a/b"), artifacts);

            assertThat(results).hasContent("""
                ["here","fail","/a/b","sub/test",["some/log"],"why"]
                ["here","pass","/a/b",null,["output.txt"],null]
                """);
        }
        assertThat(files.resolve("here/a/b/sub/test/some/log")).hasContent("log");
        assertThat(files.resolve("here/a/b/output.txt")).hasContent("out");
        assertThat(artifacts.directory()).doesNotExist();
    }

    @Test
    void addsAResultOfTheRunnerIfTheTestReportedNoneForItself() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(
                    TestRecord.of("here", "/silent", TestEnd.exited(3)),
                    left().results("{\"status\":\"pass\",\"name\":\"sub\"}\n")
                            .file("output.txt", "x")
                            .artifacts());
            aggregator.ingest(TestRecord.notRun("here", "/never", "no system has 64 cores"), Artifacts.none());
            aggregator.ingest(passed("/nothing"), left().artifacts());
            aggregator.ingest(passed("/empty"), left().results("{}\n").artifacts());
        }
        assertThat(results).hasContent("""
            ["here","pass","/silent","sub",[],null]
            ["here","fail","/silent",null,["output.txt"],null]
            ["here","infra","/never",null,[],"no system has 64 cores"]
            ["here","pass","/nothing",null,[],null]
            ["here","pass","/empty",null,[],null]
            """);
    }

    @ParameterizedTest
    @EnumSource(names = {"TIMED_OUT", "LOST", "SETUP_FAILED", "CANCELLED"})
    void addsTheOutcomeToATestThatReportedAPass(Outcome outcome) throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            TestRecord record = TestRecord.of("here", "/a", TestEnd.of(outcome, "because"));
            aggregator.ingest(record, left().results("{\"status\":\"pass\"}\n").artifacts());
        }
        assertThat(Files.readAllLines(results))
                .containsExactly(
                        "[\"here\",\"pass\",\"/a\",null,[],null]",
                        "[\"here\",\"" + outcome.status() + "\",\"/a\",null,[],\"because\"]");
    }

    @Test
    void doesNotRepeatAResultWrittenByTheExecutor() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            TestRecord record = TestRecord.of("here", "/a", TestEnd.of(Outcome.TIMED_OUT, "took more than 5 min"));
            String line = "{\"status\":\"error\",\"note\":\"took more than 5 min\",\"files\":[\"output.txt\"]}\n";
            aggregator.ingest(record, left().results(line).artifacts());
        }
        assertThat(Files.readAllLines(results)).hasSize(1);
    }

    @Test
    void storesAllResultsOfATestOrNone() throws IOException {
        TestArtifacts broken =
                left().results("{\"status\":\"pass\"}\n{\"status\":\n").file("log", "x");
        try (JsonLinesAggregator aggregator = open()) {
            assertThatThrownBy(() -> aggregator.ingest(passed("/a"), broken.artifacts()))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("/a on here")
                    .hasMessageContaining(broken.artifacts().results() + ", line 2: ")
                    .hasMessageContaining("fix the cause, and ingest");
            assertThat(results).isEmptyFile();
            assertThat(files).isEmptyDirectory();
            assertThat(broken.artifacts().files().resolve("log")).hasContent("x");

            broken.results("{\"status\":\"pass\"}\n");
            aggregator.ingest(passed("/a"), broken.artifacts());
        }
        assertThat(Files.readAllLines(results)).hasSize(1);
    }

    @Test
    void refusesADuplicateTestAndKeepsItsArtifacts() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(passed("/a"), left().artifacts());
            aggregator.ingest(TestRecord.of("there", "/a", TestEnd.exited(0)), left().artifacts());
            Artifacts again = left().file("log", "x").artifacts();

            assertThatThrownBy(() -> aggregator.ingest(passed("/a"), again))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("/a on here")
                    .hasMessageContaining("withDuplicates");
            assertThat(again.files().resolve("log")).hasContent("x");
        }
        assertThat(Files.readAllLines(results)).hasSize(2);
    }

    @Test
    void numbersDuplicatesIfAllowed() throws IOException {
        try (JsonLinesAggregator aggregator = open(JsonLinesOptions.defaults().withDuplicates())) {
            for (int i = 0; i < 3; i++) {
                aggregator.ingest(passed("/a"), left().file("log", "log " + i).artifacts());
            }
        }
        assertThat(Files.readAllLines(results)).element(2).isEqualTo("[\"here\",\"pass\",\"/a (2)\",null,[],null]");
        assertThat(files.resolve("here/a (2)/log")).hasContent("log 2");
    }

    @Test
    void keepsEarlierAttemptsUnlessToldOtherwise() throws IOException {
        Artifacts dropped = left().file("log", "first").artifacts();
        try (JsonLinesAggregator aggregator = open(JsonLinesOptions.defaults().withLastAttemptsOnly())) {
            aggregator.ingest(attempt(1, false), dropped);
            aggregator.ingest(attempt(2, true), left().artifacts());
        }
        assertThat(dropped.directory()).doesNotExist();
        assertThat(Files.readAllLines(results)).hasSize(1);

        Path other = directory.resolve("other");
        try (JsonLinesAggregator aggregator = JsonLinesAggregator.open(other, directory.resolve("F"))) {
            aggregator.ingest(attempt(1, false), left().artifacts());
            aggregator.ingest(attempt(2, true), left().artifacts());
        }
        assertThat(other).hasContent("""
            ["here","fail","/a (attempt 1)",null,[],null]
            ["here","fail","/a",null,[],null]
            """);
    }

    @Test
    void flakyTestsAreMarked() throws IOException {
        TestRecord passed = passed("/a").withAttempt(3, true).withCause(AttemptCause.RERUN);
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(attempt(1, false), left().artifacts());
            aggregator.ingest(
                    TestRecord.of("here", "/a", TestEnd.of(Outcome.LOST, "gone"))
                            .withAttempt(2, false),
                    left().artifacts());
            aggregator.ingest(
                    passed,
                    left().results("{\"status\":\"pass\",\"note\":\"ok\"}\n").artifacts());
            TestRecord onBadHost =
                    TestRecord.of("here", "/b", TestEnd.exited(1)).withAttempt(1, false);
            aggregator.ingest(onBadHost, left().artifacts());
            aggregator.ingest(
                    passed("/b").withAttempt(2, true).withCause(AttemptCause.HOST_QUARANTINED), left().artifacts());
        }
        assertThat(results).hasContent("""
            ["here","fail","/a (attempt 1)",null,[],null]
            ["here","infra","/a (attempt 2)",null,[],"gone"]
            ["here","pass","/a",null,[],"flaky, failed in attempt 1; ok"]
            ["here","fail","/b (attempt 1)",null,[],null]
            ["here","pass","/b",null,[],null]
            """);
    }

    @Test
    void flakyTestsAreThoseOfTheirPlatform() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(attempt(1, false), left().artifacts());
            aggregator.ingest(TestRecord.of("there", "/a", TestEnd.exited(0)), left().artifacts());
            aggregator.ingest(passed("/a").withAttempt(2, true), left().artifacts());
            aggregator.ingest(passed("/a (attempt 1)"), left().artifacts());
        }
        assertThat(results).hasContent("""
            ["here","fail","/a (attempt 1)",null,[],null]
            ["there","pass","/a",null,[],null]
            ["here","pass","/a",null,[],"flaky, failed in attempt 1"]
            ["here","pass","/a (attempt 1) (run 2)",null,[],null]
            """);
    }

    @Test
    void knownFailuresAreWarnings() throws IOException {
        KnownFailure known = KnownFailure.of("/a", "the disk team", LocalDate.of(2027, 1, 31), "issue 4711");
        TestRecord record = TestRecord.of("here", "/a", TestEnd.exited(1)).withKnown(known);
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(
                    record,
                    left().results("{\"name\":\"s\",\"status\":\"error\",\"note\":\"n\"}\n"
                                    + "{\"name\":\"t\",\"status\":\"pass\"}\n")
                            .artifacts());
        }
        assertThat(results).hasContent("""
            ["here","warn","/a","s",[],"was error: n"]
            ["here","pass","/a","t",[],null]
            ["here","warn","/a",null,[],"known failure until 2027-01-31, owner: the disk team: issue 4711; was fail"]
            """);
    }

    @Test
    void everyTestNameGetsASafeDirectory() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(passed("/a/b"), left().file("log", "of a/b").artifacts());
            aggregator.ingest(passed("/a"), left().file("log", "of a").artifacts());
            aggregator.ingest(
                    passed("/" + "x".repeat(300)), left().file("log", "x").artifacts());
            aggregator.ingest(passed("/../../etc"), left().file("log", "etc").artifacts());
            aggregator.ingest(
                    TestRecord.of("../p", "/a", TestEnd.exited(0)),
                    left().file("log", "p").artifacts());
        }
        assertThat(files.resolve("here/a/b/log")).hasContent("of a/b");
        assertThat(files.resolve("here/a/log")).hasContent("of a");
        assertThat(files.resolve("here/%2E./%2E./etc/log")).hasContent("etc");
        assertThat(files.resolve("..%2Fp/a/log")).hasContent("p");
        try (var all = Files.walk(directory)) {
            assertThat(all.filter(Files::isRegularFile)).hasSize(6);
        }
    }

    @Test
    void testWhosePathIsOccupiedByAFileIsStoredBesideIt() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(
                    passed("/a"),
                    left().results("{\"files\":[\"b\"]}\n")
                            .file("b", "file b of a")
                            .artifacts());
            aggregator.ingest(
                    passed("/a/b"),
                    left().results("{\"files\":[\"x\"]}\n").file("x", "of a/b").artifacts());
            aggregator.ingest(
                    passed("/a/b/c"),
                    left().results("{\"files\":[\"y\"]}\n")
                            .file("y", "of a/b/c")
                            .artifacts());
        }
        assertThat(results).hasContent("""
            ["here","pass","/a",null,["b"],null]
            ["here","pass","/a/b",null,["../b (1)/x"],null]
            ["here","pass","/a/b/c",null,["../../b (2)/c/y"],null]
            """);
        assertThat(files.resolve("here/a/b")).hasContent("file b of a");
        assertThat(files.resolve("here/a/b (1)/x")).hasContent("of a/b");
        assertThat(files.resolve("here/a/b (2)/c/y")).hasContent("of a/b/c");
    }

    @Test
    void fileWhosePathIsOccupiedByADirectoryIsStoredBesideIt() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(passed("/a/b"), left().file("x", "of a/b").artifacts());
            Artifacts artifacts = left().results("{\"name\":\"s\",\"files\":[\"l\"]}\n{\"files\":[\"b\",\"c\"]}\n")
                    .file("b", "file b of a")
                    .file("c", "file c of a")
                    .file("s/l", "of s")
                    .artifacts();
            aggregator.ingest(passed("/a"), artifacts);
            // The same directory as for "/a": a leading slash is dropped.
            aggregator.ingest(
                    passed("a"),
                    left().results("{\"name\":\"s\",\"files\":[\"l\"]}\n")
                            .file("s/l", "2")
                            .artifacts());
        }
        assertThat(results).hasContent("""
            ["here","pass","/a/b",null,[],null]
            ["here",null,"/a","s",["l"],null]
            ["here","pass","/a",null,["b (1)","c"],null]
            ["here",null,"a","s",["l (1)"],null]
            ["here","pass","a",null,[],null]
            """);
        assertThat(files.resolve("here/a/b (1)")).hasContent("file b of a");
        assertThat(files.resolve("here/a/s/l")).hasContent("of s");
        assertThat(files.resolve("here/a/s/l (1)")).hasContent("2");
    }

    @Test
    void symbolicLinksAreNotFollowed() throws IOException {
        Path outside = Files.createDirectory(directory.resolve("outside"));
        try (JsonLinesAggregator aggregator = open()) {
            TestArtifacts evil = left().file("x", "x");
            Files.createSymbolicLink(evil.artifacts().files().resolve("b"), outside);
            aggregator.ingest(passed("/a"), evil.artifacts());
            aggregator.ingest(passed("/a/b"), left().file("x", "of a/b").artifacts());
            aggregator.ingest(passed("/a/b/c"), left().file("x", "of a/b/c").artifacts());
        }
        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void refusesFilesAndDirectoriesThatAreNotEmpty() throws IOException {
        open().close();
        open().close();
        Files.writeString(results, "[]\n");
        assertThatThrownBy(this::open)
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining(results.toString())
                .hasMessageContaining("withResume");

        Files.delete(results);
        Files.createDirectories(files.resolve("x"));
        assertThatThrownBy(this::open).isInstanceOf(AggregationException.class).hasMessageContaining(files.toString());
    }

    @Test
    void closedAggregatorRefusesTestsAndClosesTwice() throws IOException {
        JsonLinesAggregator aggregator = open();
        aggregator.close();
        aggregator.close();
        Artifacts artifacts = left().file("log", "x").artifacts();

        assertThatThrownBy(() -> aggregator.ingest(passed("/a"), artifacts)).isInstanceOf(IllegalStateException.class);
        assertThat(artifacts.files().resolve("log")).exists();
    }

    @Test
    void interruptStaysPendingAndDoesNotDisturbIngest() throws IOException {
        try (JsonLinesAggregator aggregator = open()) {
            Artifacts artifacts = left().results("{}\n").file("log", "x").artifacts();
            Thread.currentThread().interrupt();
            aggregator.ingest(passed("/a"), artifacts);
            assertThat(Thread.interrupted()).isTrue();
            aggregator.ingest(passed("/b"), left().artifacts());
        }
        assertThat(Files.readAllLines(results)).hasSize(2);
    }

    @Test
    void linesOfParallelTestsAreNotMixed() throws Exception {
        int threads = 100;
        try (JsonLinesAggregator aggregator = open();
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                String test = "/t/" + i;
                all.add(pool.submit(() -> {
                    String lines = "{\"status\":\"pass\",\"name\":\"s\"}\n".repeat(100);
                    aggregator.ingest(
                            passed(test),
                            left().results(lines).file("log", test).artifacts());
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        List<String> lines = Files.readAllLines(results);
        assertThat(lines).hasSize(threads * 101);
        for (int i = 0; i < lines.size(); i += 101) {
            assertThat(lines.subList(i, i + 100).stream().distinct()).hasSize(1);
        }
        for (int i = 0; i < threads; i++) {
            assertThat(files.resolve("here/t/" + i + "/log")).hasContent("/t/" + i);
        }
    }

    @Test
    void testWithManyResultsLeavesNoTemporaryFiles() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            lines.append("{\"status\":\"pass\",\"name\":\"sub ").append(i).append("\"}\n");
        }
        try (JsonLinesAggregator aggregator = open()) {
            aggregator.ingest(passed("/many"), left().results(lines.toString()).artifacts());
        }
        assertThat(Files.readAllLines(results)).hasSize(50_001);
        assertThat(files).isEmptyDirectory();
    }

    private JsonLinesAggregator open() {
        return open(JsonLinesOptions.defaults());
    }

    private JsonLinesAggregator open(JsonLinesOptions options) {
        return JsonLinesAggregator.open(results, files, options);
    }

    private TestArtifacts left() throws IOException {
        return TestArtifacts.below(directory);
    }

    private static TestRecord passed(String test) {
        return TestRecord.of("here", test, TestEnd.exited(0));
    }

    private static TestRecord attempt(int number, boolean last) {
        return TestRecord.of("here", "/a", TestEnd.exited(1)).withAttempt(number, last);
    }
}
