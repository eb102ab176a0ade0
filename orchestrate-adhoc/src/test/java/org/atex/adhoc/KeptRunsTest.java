package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.After;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.Retention;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A kept run tells what happened in it, and what to run again. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class KeptRunsTest {
    private static final List<PlainTest> TESTS = List.of(
            TestCase.named("/passes").withTags(Set.of("fast")),
            TestCase.named("/fails"),
            TestCase.named("/flaky"),
            TestCase.named("/lost"),
            TestCase.named("/needs").withAfter(After.passOf("/fails")));

    @TempDir
    private Path directory;

    private final AtomicInteger flaky = new AtomicInteger();
    private Retention retention = Retention.all();

    /** Runs tests, and returns the records that the aggregator got. */
    private List<TestRecord> run(List<PlainTest> tests) throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> switch (test.name()) {
            case "/fails" -> FakeRun.failing(Duration.ZERO);
            case "/flaky" ->
                flaky.incrementAndGet() == 1 ? FakeRun.failing(Duration.ZERO) : FakeRun.passing(Duration.ZERO);
            case "/lost" -> FakeRun.ending(Duration.ZERO, Outcome.LOST);
            default -> FakeRun.passing(Duration.ZERO);
        });
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(results)
                        .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED))
                        .keep(directory.resolve("runs"), retention)
                        .build()) {
            RunSummary unused = run.run();
            return results.records();
        }
    }

    private PastRun latest() {
        try {
            return PastRun.latest(directory.resolve("runs")).orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void pastRunTellsWhatTheAggregatorsGot() throws Exception {
        List<TestRecord> stored = run(TESTS);
        PastRun past = latest();
        assertThat(past.problems()).isEmpty();
        // Records do not contain what a test comes after.
        assertThat(past.attempts().stream().map(TestRecord::toString))
                .containsExactlyInAnyOrderElementsOf(
                        stored.stream().map(TestRecord::toString).toList());
        assertThat(past.tests())
                .extracting(PlainTest::name)
                .containsExactly("/passes", "/fails", "/flaky", "/lost", "/needs");
        assertThat(past.tests().get(0).tags()).containsExactly("fast");
        assertThat(past.failed()).containsExactly("/fails");
        assertThat(past.unknown()).containsExactly("/lost");
        assertThat(past.flaky()).containsExactly("/flaky");
        assertThat(past.failedSince(past)).isEmpty();
        assertThat(past.notRun()).containsExactly("/needs");
        assertThat(past.notPassed()).containsExactly("/fails", "/lost", "/needs");
        assertThat(past.durations()).containsOnlyKeys("/passes", "/fails", "/flaky");
        assertThat(past.ends().get("/flaky").attempt()).isEqualTo(2);
    }

    @Test
    void keptRunNeedsNoAggregator() throws Exception {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(TESTS.subList(0, 1))
                        .on(systems)
                        .with(Runs.reporting("{\"name\": \"part\", \"status\": \"pass\"}\n"))
                        .keep(directory.resolve("runs"))
                        .build()) {
            RunSummary summary = run.run();
            assertThat(summary.exitCode()).as(summary.toString()).isZero();
        }
        PastRun past = latest();
        assertThat(past.problems()).isEmpty();
        assertThat(past.ends()).containsOnlyKeys("/passes");
        assertThat(past.ends().get("/passes").end().outcome()).isEqualTo(Outcome.PASSED);
        assertThat(Files.readString(past.artifacts(past.attempts().getFirst()).results()))
                .contains("part");
    }

    @Test
    void onlyWhatHasNotPassedRunsAgain() throws Exception {
        run(TESTS);
        List<PlainTest> again = latest().notPassed(TESTS);
        assertThat(again).extracting(PlainTest::name).containsExactly("/fails", "/lost", "/needs");
        run(again);
        assertThat(latest().ends()).containsOnlyKeys("/fails", "/lost", "/needs");
    }

    @Test
    void pruningDeletesTheOldestRuns() throws Exception {
        Path runs = directory.resolve("runs");
        assertThat(PastRun.latest(runs)).isEmpty();
        assertThat(PastRun.prune(runs, Retention.newest(1))).isEmpty();
        run(TESTS);
        Path first = latest().directory();
        run(TESTS);
        Path second = latest().directory();
        assertThat(second).isNotEqualTo(first);
        assertThat(PastRun.prune(runs, Retention.newest(1))).containsExactly(first);
        assertThat(runs).isDirectoryContaining(second::equals);
        assertThat(first).doesNotExist();
        assertThatThrownBy(() -> PastRun.prune(runs, Retention.newest(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void runDeletesOldOnes() throws Exception {
        for (int i = 0; i < 4; i++) {
            retention = Retention.newest(2);
            run(TESTS);
        }
        try (var runs = Files.list(directory.resolve("runs"))) {
            assertThat(runs).hasSize(2).contains(latest().directory());
        }
    }

    @Test
    void keptRunCanBeStoredAgainWithItsFiles() throws Exception {
        List<TestRecord> stored = run(TESTS);
        try (RecordingAggregator later = RecordingAggregator.create()) {
            assertThat(latest().replay(later)).isEmpty();
            assertThat(later.records().stream().map(TestRecord::toString))
                    .containsExactlyInAnyOrderElementsOf(
                            stored.stream().map(TestRecord::toString).toList());
        }
        long withFiles = latest().attempts().stream()
                .filter(record -> !latest().artifacts(record).isNone())
                .count();
        assertThat(withFiles).as("attempts with artifacts").isEqualTo(stored.size() - 1);
    }

    @Test
    void journalAloneIsKeptIfThatIsAskedFor() throws Exception {
        retention = Retention.all().withoutFiles();
        run(TESTS);
        try (var files = Files.list(latest().directory())) {
            assertThat(files.map(file -> file.getFileName().toString())).containsOnly("journal.jsonl", "run.log");
        }
    }

    @Test
    void logTellsAboutTheRun() throws Exception {
        run(TESTS);
        assertThat(latest().log())
                .content()
                .contains("the run " + latest().id() + " of 5 tests starts on default")
                .contains("is ready after")
                .contains("the run has ended after")
                .contains("1 LOST")
                .doesNotContain("/passes");
    }

    @Test
    void damagedJournalTellsWhatIsLeft() throws Exception {
        run(TESTS);
        Path journal = latest().directory().resolve("journal.jsonl");
        Files.writeString(journal, "{\"attempt\": 77, \"sta", StandardOpenOption.APPEND);
        assertThat(latest().problems()).singleElement().asString().contains("journal.jsonl, line", "incomplete");
        assertThat(latest().ends()).hasSize(5);
        Path run = latest().directory();
        Files.delete(journal);
        assertThatThrownBy(() -> PastRun.read(run))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no journal");
        assertThat(PastRun.latest(directory.resolve("runs"))).isEmpty();
    }
}
