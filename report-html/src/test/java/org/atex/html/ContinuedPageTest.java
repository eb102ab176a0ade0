package org.atex.html;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Pages that a killed program has left, and that another one continues. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class ContinuedPageTest {
    private static final HtmlOptions RESUME = HtmlOptions.defaults().withResume();

    @TempDir
    Path directory;

    private Path page;
    private Path journal;

    @BeforeEach
    void page() {
        page = directory.resolve("report.html");
        journal = directory.resolve("report.html.journal");
    }

    private static TestRecord record(String test, int attempt, int exitCode) {
        return TestRecord.of("here", test, TestEnd.exited(exitCode)).withAttempt(attempt, true);
    }

    private Artifacts output(String text) throws IOException {
        return TestArtifacts.below(directory).file("output.txt", text).artifacts();
    }

    /** Copies the files that a killed program would leave now, and puts them back with {@link #putBack}. */
    private void keep() throws IOException {
        for (String file : List.of("report.html.journal", "report.html.lock")) {
            Files.copy(directory.resolve(file), directory.resolve(file + ".kept"), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void putBack() throws IOException {
        for (String file : List.of("report.html.journal", "report.html.lock")) {
            Files.move(directory.resolve(file + ".kept"), directory.resolve(file));
        }
    }

    /** {@return each attempt in the page, with its number and outcome} */
    private List<String> attempts() throws IOException {
        Written written = Written.read(page);
        List<JsonNode> tests = written.of("t");
        return written.of("a").stream()
                .map(attempt -> tests.get(attempt.path("i").asInt()).path("n").asString() + " "
                        + attempt.path("a").asInt() + " " + attempt.path("o").asString())
                .toList();
    }

    @Test
    void resumedRunStoresEachAttemptOnce() throws Exception {
        try (HtmlReport killed = HtmlReport.open(page)) {
            killed.ingest(record("/one", 1, 1), output("first\n"));
            killed.ingest(record("/two", 1, 0), output("fine\n"));
            keep();
        }
        putBack();

        try (HtmlReport report = HtmlReport.open(page, RESUME)) {
            report.resume();
            Artifacts again = output("fine\n");
            report.ingest(record("/two", 1, 0), again);
            assertThat(again.directory())
                    .as("the artifacts of a stored attempt")
                    .doesNotExist();
            report.ingest(record("/one", 2, 0).withCause(AttemptCause.RESUMED), output("second\n"));
            report.ingest(record("/three", 1, 0), output("third\n"));
        }

        assertThat(attempts()).containsExactly("/one 1 FAILED", "/two 1 PASSED", "/one 2 PASSED", "/three 1 PASSED");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(page);
        }
    }

    @Test
    void attemptsOfAnotherRunFollowThoseInThePage() throws Exception {
        try (HtmlReport killed = HtmlReport.open(page)) {
            killed.ingest(record("/one", 1, 1), output("first\n"));
            keep();
        }
        putBack();
        try (HtmlReport alsoKilled = HtmlReport.open(page, RESUME)) {
            alsoKilled.ingest(record("/one", 1, 1), output("second\n"));
            assertThatThrownBy(alsoKilled::resume)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("another one has begun");
            keep();
        }
        putBack();
        try (HtmlReport report = HtmlReport.open(page, RESUME)) {
            report.resume();
            report.ingest(record("/one", 1, 1), output("the one that was killed has stored it\n"));
            report.ingest(record("/one", 2, 0), output("third\n"));
        }

        assertThat(attempts()).containsExactly("/one 1 FAILED", "/one 2 FAILED", "/one 3 PASSED");
    }

    @Test
    void journalIsContinuedWhereverItIsCut() throws Exception {
        int first;
        try (HtmlReport killed = HtmlReport.open(page)) {
            killed.ingest(record("/one", 1, 1), output("first\n"));
            first = (int) Files.size(journal);
            killed.ingest(record("/two", 1, 1), output("second\n"));
            keep();
        }
        putBack();
        byte[] whole = Files.readAllBytes(journal);
        for (int length = 0; length < whole.length; length++) {
            Files.write(journal, Arrays.copyOf(whole, length));
            try (HtmlReport report = HtmlReport.open(page, RESUME)) {
                report.resume();
                report.ingest(record("/two", 1, 0), Artifacts.none());
            }
            assertThat(attempts())
                    .as("after a cut at byte %d of %d", length, whole.length)
                    .isEqualTo(length < first ? List.of("/two 1 PASSED") : List.of("/one 1 FAILED", "/two 1 PASSED"));
            Files.delete(page);
        }
    }

    @Test
    void damagedJournalIsRefusedAndStays() throws Exception {
        try (HtmlReport killed = HtmlReport.open(page)) {
            killed.ingest(record("/one", 1, 1), output("first\n"));
            keep();
        }
        putBack();
        Files.writeString(journal, Files.readString(journal).replace("\"i\":0", "\"i\":7"));
        String damaged = Files.readString(journal);

        assertThatThrownBy(() -> HtmlReport.open(page, RESUME))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("line 1 of " + journal);
        assertThat(journal).hasContent(damaged.strip());
    }

    @Test
    void aClosedPageIsNotContinued() throws Exception {
        HtmlReport.open(page).close();
        assertThatThrownBy(() -> HtmlReport.open(page, RESUME))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("it is not empty");
        Files.delete(page);
        HtmlReport.open(page, RESUME).close();
        assertThat(page).exists();
    }

    @Test
    void outputOfTheKilledProgramCountsAgainstTheLimit() throws Exception {
        try (HtmlReport killed = HtmlReport.open(page)) {
            killed.ingest(record("/one", 1, 1), output("x".repeat(1_000)));
            keep();
        }
        putBack();
        try (HtmlReport report = HtmlReport.open(page, RESUME.withMaxTextBytes(2_500))) {
            report.ingest(record("/two", 1, 1), output("y".repeat(1_000)));
        }
        assertThat(Written.read(page).of("a").get(1).path("f").get(0).has("h"))
                .as("the second file is beside the page")
                .isTrue();
    }

    @Test
    void pageOfARunThatIsResumedHasOneRunAndGivesBackTheSystemsOfTheKilledProgram() throws Exception {
        List<TestCase> tests = List.of(TestCase.named("/good"), TestCase.named("/bad"));
        FakeExecutors executors = FakeExecutors.running(Map.of("/bad", FakeRun.failing(Duration.ZERO)));
        Path runs = directory.resolve("runs");
        HtmlOptions options = RESUME;
        for (int i = 0; i < 2; i++) {
            try (HtmlReport report = HtmlReport.open(page, options);
                    FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                    AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                            .on(systems)
                            .with(executors)
                            .into(report)
                            .listener(report)
                            .keep(runs)
                            .resume()
                            .build()) {
                run.run();
                keep();
            }
            if (i == 0) {
                putBack();
                leaveAtTheFirstAttempt();
                options = RESUME.withFormer(PastRun.latest(runs).orElseThrow());
            }
        }

        Written written = Written.read(page);
        String[] ids =
                written.of("r").stream().map(run -> run.path("r").asString()).toArray(String[]::new);
        assertThat(ids).as("the run that was killed, and one that goes on").hasSize(2);
        assertThat(attempts().stream().filter(attempt -> attempt.startsWith("/good")))
                .as("attempts follow each other")
                .doesNotHaveDuplicates();
        List<JsonNode> events = written.of("e");
        List<String> ready = systemsOf(events, "ready");
        // A system may also be given back before it is ready.
        assertThat(systemsOf(events, "gone").stream().filter(ready::contains))
                .as("systems that were given back")
                .containsExactlyInAnyOrderElementsOf(ready);
        assertThat(events).anyMatch(event -> event.path("n").asString().equals("the program of the run ended"));
    }

    /** {@return the run and the number of the system in each event of a type} */
    private static List<String> systemsOf(List<JsonNode> events, String type) {
        return events.stream()
                .filter(event -> event.path("y").asString().equals(type))
                .map(event -> event.path("r").asString() + " " + event.path("s").asInt())
                .toList();
    }

    /** Cuts the journal after its first attempt, as if the program had been killed then. */
    private void leaveAtTheFirstAttempt() throws IOException {
        List<String> lines = Files.readAllLines(journal);
        int end = 0;
        while (!lines.get(end).startsWith("{\"k\":\"a\"")) {
            end++;
        }
        Files.writeString(journal, String.join("\n", lines.subList(0, end + 1)) + "\n");
    }

    @Test
    void pageWithAComparisonIsCompletedAfterAKill() throws Exception {
        Path run = Files.createDirectories(directory.resolve("runs/run-1"));
        Files.writeString(
                run.resolve("journal.jsonl"),
                "{\"run\":\"1\",\"aggregators\":[],\"started\":\"2026-11-20T10:00:00Z\"}\n"
                        + "{\"planned\":{\"name\":\"/gone\"}}\n");
        HtmlOptions options = HtmlOptions.defaults().withFormer(PastRun.read(run));
        try (HtmlReport killed = HtmlReport.open(page, options)) {
            killed.ingest(record("/one", 1, 1), output("first\n"));
            keep();
        }
        putBack();

        assertThat(HtmlReport.recover(page)).isTrue();

        assertThat(attempts()).containsExactly("/one 1 FAILED");
        assertThat(Written.read(page).of("f")).hasSize(1);
    }
}
