package org.atex.jsonl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.atex.api.AggregationException;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.lab.Logs;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.XZInputStream;

/** Tests how the next run renames or continues results that their writer did not close. */
class UnclosedResultsTest {
    private static final JsonLinesOptions OPTIONS = JsonLinesOptions.defaults();

    @TempDir
    Path directory;

    private Path results;
    private Path files;

    @BeforeEach
    void setPaths() {
        results = directory.resolve("out/results.jsonl");
        files = directory.resolve("out/FILES");
    }

    @ParameterizedTest
    @EnumSource
    void nextRunRenamesTheResultsOfAKilledRun(Compression compression) throws IOException {
        JsonLinesOptions options = OPTIONS.withCompression(compression);
        for (int run = 1; run <= 3; run++) {
            try (Logs logs = new Logs();
                    JsonLinesAggregator aggregator = open(options)) {
                ingest(aggregator, "/of/" + run);
                ingest(aggregator, "/same");
                assertThat(tests(results)).containsExactly("/of/" + run, "/same");
                if (run > 1) {
                    assertThat(logs.messages(Level.WARN))
                            .singleElement()
                            .asString()
                            .contains(results.toString(), files.toString(), "." + (run - 1), "withResume");
                } else {
                    assertThat(logs.messages(Level.WARN)).isEmpty();
                }
            }
            killed();
        }
        for (int run = 1; run <= 2; run++) {
            assertThat(tests(directory.resolve("out/results.jsonl." + run))).containsExactly("/of/" + run, "/same");
            assertThat(directory.resolve("out/FILES." + run + "/here/same/output.txt"))
                    .hasContent("output of /same");
        }
        assertThat(files.resolve("here/same/output.txt")).exists();
    }

    @ParameterizedTest
    @EnumSource
    void completeTestsAreKeptWhereverTheFileIsCut(Compression compression) throws IOException {
        JsonLinesOptions options = OPTIONS.withCompression(compression);
        try (JsonLinesAggregator aggregator = open(options)) {
            ingest(aggregator, "/a");
        }
        int one = (int) Files.size(results);
        try (JsonLinesAggregator aggregator = open(options.withResume())) {
            ingest(aggregator, "/b");
        }
        byte[] two = Files.readAllBytes(results);
        for (int length = 1; length < two.length; length += 7) {
            Files.write(results, Arrays.copyOf(two, length));
            killed();
            // The next run may have other options.
            open(OPTIONS.withYaml()).close();
            assertThat(tests(directory.resolve("out/results.jsonl.1")))
                    .containsExactlyElementsOf(length < one ? List.of() : List.of("/a"));
            assertThat(directory.resolve("out/FILES.1/here/a/output.txt")).exists();
            Files.delete(files);
            Files.move(directory.resolve("out/FILES.1"), files);
            Files.delete(directory.resolve("out/results.jsonl.1"));
        }
    }

    @Test
    void corruptResultsAreKeptUnchanged() throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS.withCompression(Compression.GZIP))) {
            ingest(aggregator, "/a");
            ingest(aggregator, "/b");
        }
        byte[] broken = Files.readAllBytes(results);
        broken[broken.length / 4] ^= 0x55;
        Files.write(results, broken);
        killed();
        try (Logs logs = new Logs();
                JsonLinesAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/a");
            assertThat(logs.messages(Level.WARN)).singleElement().asString().contains("could not be completed", "gzip");
        }
        assertThat(directory.resolve("out/results.jsonl.1")).hasBinaryContent(broken);
        assertThat(tests(results)).containsExactly("/a");
    }

    @Test
    void emptyResultsOfAKilledRunAreReused() throws IOException {
        open(OPTIONS).close();
        killed();
        try (Logs logs = new Logs();
                JsonLinesAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/a");
            assertThat(logs.messages(Level.WARN)).isEmpty();
        }
        assertThat(entries()).containsExactly("FILES", "results.jsonl");
    }

    @Test
    void closedResultsAreRefused() throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/a");
        }
        assertThatThrownBy(() -> open(OPTIONS))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("withResume");
        assertThat(entries()).containsExactly("FILES", "results.jsonl");
    }

    @Test
    void openResultsAreRefused() throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/a");
            for (JsonLinesOptions options : List.of(OPTIONS, OPTIONS.withResume())) {
                assertThatThrownBy(() -> open(options))
                        .isInstanceOf(AggregationException.class)
                        .hasMessageContaining(results.toString())
                        .hasMessageContaining("this program already writes it");
            }
            ingest(aggregator, "/b");
        }
        assertThat(tests(results)).containsExactly("/a", "/b");
        assertThat(entries()).containsExactly("FILES", "results.jsonl");
    }

    @Test
    void resultsInTheDirectoryOfFilesAreRenamedWithIt() throws IOException {
        results = files.resolve("results.jsonl");
        for (int run = 1; run <= 2; run++) {
            try (JsonLinesAggregator aggregator = open(OPTIONS)) {
                ingest(aggregator, "/a");
                assertThatThrownBy(() -> open(OPTIONS)).hasMessageContaining("this program");
            }
            killed();
        }
        assertThat(tests(directory.resolve("out/FILES.1/results.jsonl"))).containsExactly("/a");
        assertThat(directory.resolve("out/FILES.1/here/a/output.txt")).exists();
        assertThat(directory.resolve("out/FILES.1/results.jsonl.lock")).doesNotExist();
        assertThat(tests(results)).containsExactly("/a");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void continuedRunStoresATestAgainUnderAnotherName(boolean earlierAttempts) throws IOException {
        JsonLinesOptions options = earlierAttempts ? OPTIONS : OPTIONS.withLastAttemptsOnly();
        for (int run = 1; run <= 3; run++) {
            try (JsonLinesAggregator aggregator = open(options.withResume())) {
                TestRecord first = record("/twice", 1, false);
                ingest(aggregator, first, "first of run " + run);
                TestRecord last = record("/twice", 2, true);
                ingest(aggregator, last, "last of run " + run);
                ingest(aggregator, record("/b" + run, 1, true), "b");
                assertThatThrownBy(() -> ingest(aggregator, last, "again"))
                        .as("the same attempt in the same run")
                        .isInstanceOf(AggregationException.class);
                assertThat(aggregator.files(last).orElseThrow().resolve("output.txt"))
                        .hasContent("last of run " + run);
                assertThat(aggregator.files(first).isPresent()).isEqualTo(earlierAttempts);
                if (run > 1) {
                    assertThat(aggregator.files(record("/b1", 1, true)))
                            .as("files of a test that this run did not store")
                            .isEmpty();
                }
            }
            killed();
        }
        List<String> expected = earlierAttempts
                ? List.of(
                        "/twice (attempt 1)",
                        "/twice",
                        "/b1",
                        "/twice (run 2) (attempt 1)",
                        "/twice (run 2)",
                        "/b2",
                        "/twice (run 3) (attempt 1)",
                        "/twice (run 3)",
                        "/b3")
                : List.of("/twice", "/b1", "/twice (run 2)", "/b2", "/twice (run 3)", "/b3");
        assertThat(tests(results)).containsExactlyElementsOf(expected);
        assertThat(files.resolve("here/twice/output.txt")).hasContent("last of run 1");
        assertThat(files.resolve("here/twice (run 2)/output.txt")).hasContent("last of run 2");
    }

    @Test
    void runKilledBetweenTwoAttemptsIsDistinguishedFromTheNext() throws IOException {
        JsonLinesOptions options = OPTIONS.withResume();
        try (JsonLinesAggregator aggregator = open(options)) {
            ingest(aggregator, record("/a", 1, false), "killed after this one");
        }
        try (JsonLinesAggregator aggregator = open(options)) {
            ingest(aggregator, record("/a", 1, false), "first");
            ingest(aggregator, record("/a", 2, true), "last");
        }
        assertThat(tests(results)).containsExactly("/a (attempt 1)", "/a (run 2) (attempt 1)", "/a (run 2)");
    }

    @Test
    void testsWhoseNamesEndWithARunAreStored() throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS)) {
            ingest(aggregator, "/a");
        }
        try (JsonLinesAggregator aggregator = open(OPTIONS.withResume())) {
            ingest(aggregator, "/a (run 2)");
            ingest(aggregator, "/a");
            ingest(aggregator, "/a (run 3)");
        }
        assertThat(tests(results)).containsExactly("/a", "/a (run 2)", "/a (run 3)", "/a (run 3) (run 2)");
    }

    @Test
    void filesReturnsTheDirectoryOfAnAttempt() throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS)) {
            TestRecord none = record("/none", 1, true);
            aggregator.ingest(none, TestArtifacts.below(directory).artifacts());
            assertThat(aggregator.files(none)).isEmpty();
            TestArtifacts holder = TestArtifacts.below(directory).file("b", "in the way");
            aggregator.ingest(record("/a", 1, true), holder.artifacts());
            TestRecord moved = record("/a/b", 1, true);
            ingest(aggregator, moved, "elsewhere");
            assertThat(aggregator.files(moved).orElseThrow().resolve("output.txt"))
                    .hasContent("elsewhere");
            TestRecord broken = record("/broken", 1, true);
            assertThatThrownBy(() -> aggregator.ingest(
                            broken,
                            TestArtifacts.below(directory)
                                    .results("nonsense")
                                    .file("x", "x")
                                    .artifacts()))
                    .isInstanceOf(AggregationException.class);
            assertThat(aggregator.files(broken)).isEmpty();
        }
    }

    /** Creates the lock file that a killed writer leaves. */
    private void killed() throws IOException {
        Files.writeString(
                results.resolveSibling("results.jsonl.lock"), "", StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private JsonLinesAggregator open(JsonLinesOptions options) {
        return JsonLinesAggregator.open(results, files, options);
    }

    private void ingest(JsonLinesAggregator aggregator, String test) throws IOException {
        ingest(aggregator, record(test, 1, true), "output of " + test);
    }

    private void ingest(JsonLinesAggregator aggregator, TestRecord record, String output) throws IOException {
        aggregator.ingest(
                record,
                TestArtifacts.below(directory).file("output.txt", output).artifacts());
    }

    private static TestRecord record(String test, int attempt, boolean last) {
        TestEnd end = TestEnd.of(last ? Outcome.PASSED : Outcome.FAILED, null);
        return TestRecord.of("here", test, end).withAttempt(attempt, last);
    }

    private List<String> entries() throws IOException {
        try (Stream<Path> entries = Files.list(directory.resolve("out"))) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** {@return the names of the tests in a complete file, of any compression} */
    private static List<String> tests(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length == 0) {
            return List.of();
        }
        InputStream in = new ByteArrayInputStream(bytes);
        InputStream plain = switch (bytes[0]) {
            case 0x1f -> new GZIPInputStream(in);
            case (byte) 0xfd -> new XZInputStream(in);
            default -> in;
        };
        String text = new String(plain.readAllBytes(), StandardCharsets.UTF_8);
        assertThat(text).endsWith("\n");
        return text.lines().map(line -> line.split("\"", -1)[5]).toList();
    }
}
