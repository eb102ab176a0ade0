package org.atex.allure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.Call;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(500)
class AllureAggregatorTest {
    @TempDir
    Path directory;

    private Path results;

    @BeforeEach
    void setUp() {
        results = directory.resolve("allure-results");
    }

    private TestArtifacts artifacts() throws IOException {
        return TestArtifacts.below(directory);
    }

    private static TestRecord passed(String test) {
        return TestRecord.of("here", test, TestEnd.exited(0));
    }

    /** Stores one attempt in a new directory, and returns its result. */
    private JsonNode stored(AllureOptions options, TestRecord record, Artifacts artifacts) throws IOException {
        try (AllureAggregator aggregator = AllureAggregator.open(results, options)) {
            aggregator.ingest(record, artifacts);
        }
        return Results.one(results);
    }

    private JsonNode stored(TestRecord record, Artifacts artifacts) throws IOException {
        return stored(AllureOptions.defaults(), record, artifacts);
    }

    @Test
    void identifiersAreTheSameOnAllMachinesAndInAllRuns() throws Exception {
        JsonNode result = stored(TestRecord.of("debian-12", "/net/dns", TestEnd.exited(0)), Artifacts.none());

        // Allure finds the history of a test by these values: they must not change.
        assertThat(Results.text(result, "historyId"))
                .isEqualTo("7d9c6429a5173389af8b634caccbc09060d958e8b175dce5657ad062e97bda48")
                .isEqualTo(Results.text(result, "testCaseId"));
    }

    @Test
    void filesAreLinkedNotCopied() throws Exception {
        Artifacts left = artifacts().file("output.txt", "x").artifacts();
        Object key = Files.getAttribute(left.files().resolve("output.txt"), "unix:ino");
        JsonNode result = stored(passed("/a"), left);

        Path attachment =
                results.resolve(Results.text(result.path("attachments").path(0), "source"));
        assertThat(Files.getAttribute(attachment, "unix:ino")).isEqualTo(key);
        assertThat(attachment.getFileName().toString()).matches("[0-9a-f-]{36}-attachment\\.txt");
        assertThat(left.directory()).doesNotExist();
    }

    @Test
    void symbolicLinksAreNotFollowed() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        Artifacts left = artifacts().results("""
                        {"status": "pass", "files": ["link", "linked/secret", "../../secret", "dangling", "missing"]}
                        {"status": "pass", "name": "../..", "files": ["secret"]}
                        """).file("output.txt", "x").artifacts();
        Files.createSymbolicLink(left.files().resolve("link"), secret);
        Files.createSymbolicLink(left.files().resolve("linked"), directory);
        Files.createSymbolicLink(left.files().resolve("dangling"), Path.of("nowhere"));
        JsonNode result = stored(passed("/../../a"), left);

        assertThat(Results.attachments(result)).containsExactly("output.txt");
        assertThat(Results.attachments(result.path("steps").path(0))).isEmpty();
        assertThat(Results.trace(result).lines().map(line -> line.replaceFirst(".*: ", "")))
                .containsExactlyInAnyOrder(
                        "link", "linked/secret", "../../secret", "dangling", "missing", "../../secret", "linked");
        assertThat(secret).hasContent("secret");
        assertThat(Results.files(results)).hasSize(3); // categories.json, the result and its attachment
    }

    @Test
    void directoryOfFilesThatIsALinkIsNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("secret"), "secret");
        Artifacts left = artifacts().results("{\"files\": [\"secret\"]}\n").artifacts();
        Files.createSymbolicLink(left.files(), elsewhere);
        JsonNode result = stored(passed("/a"), left);

        assertThat(Results.attachments(result)).isEmpty();
        assertThat(elsewhere.resolve("secret")).exists();
    }

    @Test
    void namedPipesDoNotBlock() throws Exception {
        Artifacts left = artifacts()
                .results("{\"files\": [\"pipe\"]}\n")
                .file("output.txt", "x")
                .artifacts();
        Process mkfifo =
                new ProcessBuilder("mkfifo", left.files().resolve("pipe").toString()).start();
        assertThat(mkfifo.waitFor()).isZero();
        JsonNode result = stored(passed("/a"), left);

        assertThat(Results.attachments(result)).containsExactly("output.txt");
        assertThat(Results.trace(result)).contains("pipe");
    }

    @Test
    void hostileNamesOfFilesAreSafe() throws Exception {
        Artifacts left = artifacts()
                .results("{\"files\": [\"a\\u0007b.TXT\", \"..\", \"x.sh;rm\", \"page.html\"]}\n")
                .file("a%07b.TXT", "bell")
                .file("%2E.", "dots")
                .file("x.sh;rm", "script")
                .file("page.html", "<script>alert(1)</script>")
                .artifacts();
        JsonNode result = stored(passed("/a"), left);

        assertThat(Results.content(results, result, "a\u0007b.TXT")).isEqualTo("bell");
        assertThat(Results.content(results, result, "..")).isEqualTo("dots");
        assertThat(Results.content(results, result, "x.sh;rm")).isEqualTo("script");
        assertThat(result.path("attachments").valueStream().map(one -> Results.text(one, "type")))
                .as("types, among them none that a browser executes")
                .containsOnly("text/plain");
        assertThat(Results.files(results))
                .allMatch(name -> name.matches("[0-9a-f-]+-attachment\\.txt|[a-z0-9-]+\\.json"));
    }

    @Test
    void largeFilesAreShortened() throws Exception {
        Artifacts left = artifacts()
                .file("log.txt", "a".repeat(1000) + "b".repeat(1000))
                .file("core", new byte[2000])
                .file("small", "1".repeat(100))
                .artifacts();
        JsonNode result = stored(AllureOptions.defaults().withMaxAttachmentBytes(100), passed("/a"), left);

        assertThat(Results.content(results, result, "log.txt (shortened)"))
                .isEqualTo("a".repeat(25) + "\n[… 1900 bytes omitted …]\n" + "b".repeat(75));
        assertThat(Results.content(results, result, "core (not stored)")).contains("2000 bytes");
        assertThat(Results.content(results, result, "small")).hasSize(100);
    }

    @Test
    void fileThatTwoResultsListIsStoredForBoth() throws Exception {
        Artifacts left = artifacts()
                .results("{\"files\": [\"log\"], \"name\": \"s\"}\n{\"files\": [\"s/log\"]}\n")
                .file("s/log", "x")
                .artifacts();
        JsonNode result = stored(passed("/a"), left);

        String first =
                Results.text(result.path("steps").path(0).path("attachments").path(0), "source");
        String second = Results.text(result.path("attachments").path(0), "source");
        // Allure 3 shows the second attachment of the same file as missing.
        assertThat(first).isNotEqualTo(second);
        assertThat(Results.attachments(result)).hasSize(1);
    }

    @Test
    void longNotesAreCompleteInTheTrace() throws Exception {
        String note = "n".repeat(999) + "\ud83d\ude00".repeat(50_000);
        JsonNode result = stored(
                passed("/a"),
                artifacts().results("{\"note\": \"" + note + "\"}\n").artifacts());

        assertThat(Results.message(result)).isEqualTo("n".repeat(999) + " …");
        assertThat(Results.trace(result)).isEqualTo(note);
    }

    @Test
    void thousandsOfSubtestsAreSteps() throws Exception {
        Artifacts left = artifacts()
                .results("{\"status\": \"fail\", \"name\": \"s\", \"note\": \"why\"}\n".repeat(20_000))
                .artifacts();
        JsonNode result = stored(TestRecord.of("here", "/a", TestEnd.exited(1)), left);

        assertThat(result.path("steps").size()).isEqualTo(20_000);
        assertThat(Results.trace(result).lines()).hasSize(101).endsWith("and 19900 more");
    }

    @Test
    void failedIngestLeavesNothingBehind() throws Exception {
        Artifacts left = artifacts()
                .results("{\"files\": [\"output.txt\"], \"name\": \"s\"}\nnot JSON\n")
                .file("s/output.txt", "x")
                .artifacts();
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            assertThatThrownBy(() -> aggregator.ingest(passed("/a"), left))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContainingAll("/a", "line 2", results.toString());

            assertThat(Results.files(results)).containsExactly("categories.json");
            assertThat(left.files().resolve("s/output.txt")).hasContent("x");
        }
    }

    @Test
    void directoryThatCannotBeWrittenIsReported() throws Exception {
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            Files.move(results, directory.resolve("gone"));
            assertThatThrownBy(() -> aggregator.ingest(passed("/a"), Artifacts.none()))
                    .isInstanceOf(AggregationException.class)
                    .hasCauseInstanceOf(IOException.class)
                    .hasMessageContaining("/a");
            Files.move(directory.resolve("gone"), results);
            aggregator.ingest(passed("/a"), Artifacts.none());
        }
        assertThat(Results.names(results)).containsExactly("/a");
    }

    @Test
    void directoryWithOtherFilesIsRefused() throws Exception {
        Files.createDirectories(results);
        Files.writeString(results.resolve("thesis.tex"), "");

        assertThatThrownBy(() -> AllureAggregator.open(results))
                .isInstanceOf(AggregationException.class)
                .hasMessageContainingAll(results.toString(), "not empty", "withResume()");
        assertThat(directory.resolve("allure-results.lock")).doesNotExist();
    }

    @Test
    void fileInsteadOfADirectoryIsRefused() throws Exception {
        Files.writeString(results, "");

        assertThatThrownBy(() -> AllureAggregator.open(results))
                .isInstanceOf(AggregationException.class)
                .hasMessageContainingAll(results.toString(), "not a directory");
        assertThatThrownBy(() ->
                        AllureAggregator.open(results, AllureOptions.defaults().withResume()))
                .isInstanceOf(AggregationException.class)
                .hasMessageContainingAll(results.toString(), "not a directory");
    }

    @Test
    void filesOfUsersAndCiServicesAreKept() throws Exception {
        Files.createDirectories(results.resolve("history"));
        Files.writeString(results.resolve("categories.json"), "[]");
        Files.writeString(results.resolve("executor.json"), "{}");
        Files.writeString(results.resolve("environment.properties"), "a=b");
        AllureAggregator.open(results).close();

        assertThat(results.resolve("categories.json")).hasContent("[]");
        assertThat(results.resolve("environment.properties")).hasContent("a=b");
        assertThat(Results.files(results))
                .containsExactlyInAnyOrder("history", "categories.json", "executor.json", "environment.properties");
    }

    @Test
    void closedResultsAreRefusedOrContinued() throws Exception {
        stored(passed("/a"), Artifacts.none());

        assertThatThrownBy(() -> AllureAggregator.open(results))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("withResume()");
        try (AllureAggregator aggregator =
                AllureAggregator.open(results, AllureOptions.defaults().withResume())) {
            aggregator.ingest(passed("/a"), Artifacts.none());
            aggregator.ingest(passed("/b"), Artifacts.none());
            assertThatThrownBy(() -> aggregator.ingest(passed("/a"), Artifacts.none()))
                    .isInstanceOf(AggregationException.class);
        }
        assertThat(Results.names(results)).containsExactly("/a", "/a", "/b");
        assertThat(Results.read(results).stream()
                        .map(result -> Results.text(result, "historyId"))
                        .distinct())
                .hasSize(2);
    }

    @Test
    void resumeDeletesIncompleteAttemptsAndKeepsOtherResults() throws Exception {
        stored(passed("/a"), artifacts().file("output.txt", "x").artifacts());
        Files.writeString(results.resolve("01234567-89ab-8def-8123-456700000002-attachment.txt"), "of no result");
        Files.writeString(results.resolve(".01234567-89ab-8def-8123-456700000000-result.json.atex.tmp"), "{");
        Files.writeString(results.resolve("01234567-89ab-4def-8123-456789abcdef-attachment.txt"), "of a program");
        Files.writeString(results.resolve(".notes.tmp"), "of a user");
        AllureAggregator.open(results, AllureOptions.defaults().withResume()).close();

        assertThat(Results.content(results, Results.one(results), "output.txt")).isEqualTo("x");
        assertThat(Results.files(results))
                .hasSize(5)
                .contains("01234567-89ab-4def-8123-456789abcdef-attachment.txt", ".notes.tmp", "categories.json");
    }

    @Test
    void secondWriterIsRefused() {
        try (AllureAggregator first = AllureAggregator.open(results)) {
            assertThat(first).hasToString("results in " + results);
            assertThatThrownBy(() -> AllureAggregator.open(
                            results, AllureOptions.defaults().withResume()))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("already writes it");
        }
    }

    @Test
    void duplicatesGetNumbers() throws Exception {
        try (AllureAggregator aggregator =
                AllureAggregator.open(results, AllureOptions.defaults().withDuplicates())) {
            for (int i = 0; i < 3; i++) {
                aggregator.ingest(passed("/a"), Artifacts.none());
            }
        }
        assertThat(Results.names(results)).containsExactly("/a", "/a (1)", "/a (2)");
        assertThat(Results.read(results).stream()
                        .map(result -> Results.text(result, "historyId"))
                        .distinct())
                .hasSize(3);
    }

    @Test
    void readersNeverSeeIncompleteFiles() throws Exception {
        int threads = 4;
        int each = 20;
        List<Call<Boolean>> writers = new ArrayList<>();
        AtomicBoolean written = new AtomicBoolean();
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            Call<Boolean> reader = Call.to(() -> {
                while (!written.get()) {
                    for (JsonNode result : Results.read(results)) {
                        for (JsonNode attachment : result.path("attachments")) {
                            assertThat(results.resolve(Results.text(attachment, "source")))
                                    .hasSize(20_000);
                        }
                    }
                }
            });
            for (int thread = 0; thread < threads; thread++) {
                String prefix = "/" + thread + "/";
                writers.add(Call.to(() -> {
                    for (int i = 0; i < each; i++) {
                        aggregator.ingest(
                                passed(prefix + i),
                                artifacts()
                                        .file("output.txt", "x".repeat(20_000))
                                        .artifacts());
                    }
                }));
            }
            try {
                for (Call<Boolean> writer : writers) {
                    writer.result();
                }
            } finally {
                written.set(true);
            }
            reader.result();
        }
        assertThat(Results.names(results)).hasSize(threads * each);
    }

    @Test
    void sameAttemptFromManyThreadsIsStoredOnce() throws Exception {
        List<Call<Boolean>> calls = new ArrayList<>();
        int refused = 0;
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            for (int i = 0; i < 16; i++) {
                Artifacts left = artifacts().file("output.txt", "x").artifacts();
                calls.add(Call.to(() -> aggregator.ingest(passed("/a"), left)));
            }
            for (Call<Boolean> call : calls) {
                try {
                    call.result();
                } catch (AggregationException e) {
                    refused++;
                }
            }
        }
        assertThat(refused).isEqualTo(15);
        assertThat(Results.content(results, Results.one(results), "output.txt")).isEqualTo("x");
        assertThat(Results.files(results)).hasSize(3);
    }

    @Test
    void fiveThousandAttemptsAreShown() throws Exception {
        try (AllureAggregator aggregator = AllureAggregator.open(results)) {
            IntStream.range(0, 2500).parallel().forEach(i -> {
                try {
                    TestRecord record = TestRecord.of("here", "/dir-" + i % 50 + "/" + i, TestEnd.exited(1));
                    aggregator.ingest(record.withAttempt(1, false), Artifacts.none());
                    aggregator.ingest(
                            passed(record.name()).withAttempt(2, true),
                            i % 50 == 49
                                    ? artifacts()
                                            .file("output.txt", "passed " + i)
                                            .artifacts()
                                    : Artifacts.none());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        Report report = Report.generate(results, directory.resolve("report"));

        assertThat(report.cases()).hasSize(5000);
        JsonNode statistic = report.widget("summary").path("statistic");
        assertThat(statistic.path("passed").asInt()).isEqualTo(2500);
        assertThat(statistic.path("total").asInt()).isEqualTo(2500);
        List<JsonNode> shown = report.cases().stream()
                .filter(one -> !one.path("hidden").asBoolean())
                .toList();
        assertThat(shown)
                .allMatch(one -> one.path("flaky").asBoolean())
                .allMatch(one -> one.path("retriesCount").asInt() == 1);
        JsonNode last = report.shown("/dir-49/2499");
        assertThat(report.content(last.path("testStage"), "output.txt")).isEqualTo("passed 2499");
    }

    @Test
    void detailsAreStored() throws Exception {
        AllureOptions options = AllureOptions.defaults()
                .withDetails(record -> TestDetails.none()
                        .withDescription("about " + record.name())
                        .withOwner("the network team")
                        .withLabel("severity", "critical")
                        .withIssue("4711", URI.create("https://issues.example/4711"))
                        .withLink("guide", URI.create("HTTP://guide.example/")));
        JsonNode result = stored(options, passed("/a"), Artifacts.none());

        assertThat(Results.text(result, "description")).isEqualTo("about /a");
        assertThat(Results.pairs(result.path("labels"))).contains("owner=the network team", "severity=critical");
        assertThat(result.path("links").valueStream().map(JsonNode::toString))
                .containsExactly(
                        "{\"type\":\"issue\",\"name\":\"4711\",\"url\":\"https://issues.example/4711\"}",
                        "{\"type\":\"link\",\"name\":\"guide\",\"url\":\"HTTP://guide.example/\"}");
    }

    @Test
    void failureToGetDetailsDoesNotLoseResults() throws Exception {
        AllureOptions options = AllureOptions.defaults().withDetails(record -> {
            throw new IllegalStateException("no metadata of " + record.name());
        });
        assertThat(Results.text(stored(options, passed("/a"), Artifacts.none()), "status"))
                .isEqualTo("passed");
    }

    @Test
    void linksThatAreNoWebAddressesAreRejected() {
        URI program = URI.create("javascript:alert(1)");

        assertThatThrownBy(() -> TestDetails.none().withLink("x", program))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("javascript");
        assertThatThrownBy(() -> TestDetails.none().withIssue("x", URI.create("4711")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void optionsRejectInvalidValues() {
        assertThatThrownBy(() -> AllureOptions.defaults().withMaxAttachmentBytes(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }
}
