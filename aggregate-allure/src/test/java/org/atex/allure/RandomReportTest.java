package org.atex.allure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.Size;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.ResultWriter;
import org.atex.artifacts.SafePath;
import tools.jackson.databind.JsonNode;

/** Compares reports of Allure 2 with the random records and results that were ingested. */
class RandomReportTest {
    private static final Instant START = Instant.parse("2026-05-04T10:00:00Z");

    /** A test with its outcomes, one for each attempt, and the results that each attempt reports. */
    record Ran(String platform, String name, List<TestEnd> ends, List<ReportedResult> results) {
        String key() {
            return Words.wellFormed(platform + ":" + name);
        }
    }

    private static Arbitrary<String> text() {
        // All characters, including control characters and unpaired surrogates.
        return Arbitraries.strings().all().ofMaxLength(20);
    }

    @Provide
    Arbitrary<List<Ran>> runs() {
        Arbitrary<String> note = text().injectNull(0.3);
        Arbitrary<TestEnd> end =
                Combinators.combine(Arbitraries.of(Outcome.class), note).as(TestEnd::of);
        Arbitrary<String> part = text().filter(text -> !text.isEmpty()).injectNull(0.3);
        Arbitrary<ReportedResult> result = Combinators.combine(
                        Arbitraries.of("pass", "fail", "warn", "info", "skip", "error", "odd\u0000"),
                        part,
                        note,
                        text().list().uniqueElements().ofMaxSize(2))
                .as((status, name, why, files) ->
                        ReportedResult.of(new Status(status), why, files).withName(name));
        Arbitrary<String> name = text().filter(text -> !text.isEmpty());
        return Combinators.combine(
                        Arbitraries.of("a", "b", "a:b"),
                        name,
                        end.list().ofMinSize(1).ofMaxSize(3),
                        result.list().ofMaxSize(5))
                .as(Ran::new)
                .list()
                .uniqueElements(Ran::key)
                .ofMaxSize(8);
    }

    @Property(tries = 20, shrinking = ShrinkingMode.OFF)
    void reportShowsWhatWasIngested(@ForAll("runs") @Size(min = 1) List<Ran> runs) throws IOException {
        Path directory = Files.createTempDirectory("random-report");
        try {
            Path results = directory.resolve("allure-results");
            try (AllureAggregator aggregator = AllureAggregator.open(results)) {
                for (Ran ran : runs) {
                    ingest(aggregator, ran, directory);
                }
            }
            compare(runs, Report.generate(results, directory.resolve("report")));
        } finally {
            Artifacts.at(directory).delete();
        }
    }

    private static void ingest(AllureAggregator aggregator, Ran ran, Path directory) throws IOException {
        int attempts = ran.ends().size();
        for (int i = 1; i <= attempts; i++) {
            TestRecord record = TestRecord.of(
                            ran.platform(),
                            TestCase.named(ran.name()).withTags(Set.of(ran.name())),
                            ran.ends().get(i - 1))
                    .withAttempt(i, i == attempts)
                    .withTimes(START.plusSeconds(i), Duration.ofMillis(7));
            Artifacts left = Artifacts.at(Files.createTempDirectory(directory, "left"));
            try (ResultWriter writer = ResultWriter.append(left.results())) {
                for (ReportedResult result : ran.results()) {
                    writer.write(result);
                }
            }
            for (ReportedResult result : ran.results()) {
                for (String file : result.files()) {
                    // As in the results file, which cannot contain unpaired surrogates.
                    String name = result.name() == null ? null : Words.wellFormed(result.name());
                    create(left.files().resolve(SafePath.ofFile(name, Words.wellFormed(file))));
                }
            }
            aggregator.ingest(record, left);
            assertThat(left.directory()).doesNotExist();
        }
    }

    private static void create(Path file) throws IOException {
        // The path may be that of a directory or below that of a file, if names contain slashes.
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, "content");
        } catch (IOException e) {
            assertThat(Files.exists(file.getParent())).isTrue();
        }
    }

    private static void compare(List<Ran> runs, Report report) throws IOException {
        Map<String, JsonNode> shown = new HashMap<>();
        for (JsonNode one : report.cases()) {
            if (!one.path("hidden").asBoolean()) {
                assertThat(shown.put(Results.text(one, "fullName"), one)).isNull();
            }
        }
        assertThat(report.cases())
                .hasSize(runs.stream().mapToInt(ran -> ran.ends().size()).sum());
        for (Ran ran : runs) {
            TestEnd last = ran.ends().getLast();
            JsonNode one = shown.get(ran.key());
            assertThat(one).as(ran.key()).isNotNull();
            assertThat(Results.text(one, "status")).isEqualTo(Words.status(last.outcome()));
            if (last.note() != null && !last.note().isBlank()) {
                assertThat(Results.text(one, "statusMessage")).contains(Words.wellFormed(last.note()));
            }
            assertThat(one.path("retriesCount").asInt()).isEqualTo(ran.ends().size() - 1);
            assertThat(one.path("flaky").asBoolean()).isEqualTo(isFlaky(ran));
            List<String> steps = new ArrayList<>();
            one.path("testStage").path("steps").forEach(step -> steps.add(Results.text(step, "name")));
            int expected =
                    ran.results().size() - (ran.results().stream().anyMatch(result -> result.name() == null) ? 1 : 0);
            assertThat(steps).hasSize(expected);
        }
    }

    private static boolean isFlaky(Ran ran) {
        int last = ran.ends().size() - 1;
        return ran.ends().get(last).outcome() == Outcome.PASSED
                && ran.ends().subList(0, last).stream()
                        .anyMatch(end -> Set.of(Outcome.FAILED, Outcome.ERROR, Outcome.TIMED_OUT)
                                .contains(end.outcome()));
    }
}
