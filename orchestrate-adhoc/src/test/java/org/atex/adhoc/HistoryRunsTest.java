package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.History;
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

/** A run uses the history of earlier runs, and adds its own attempts to it. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class HistoryRunsTest {
    private static final Instant BEGIN = Instant.now().minus(Duration.ofDays(1));

    @TempDir
    private Path directory;

    /** Results are stored in parallel: their order is not that of the starts. */
    private final List<TestRecord> records = new CopyOnWriteArrayList<>();

    private final List<String> started = new CopyOnWriteArrayList<>();
    private final Map<String, Duration> limits = new ConcurrentHashMap<>();

    private Path file() {
        return directory.resolve("history.jsonl");
    }

    private RunSummary run(List<PlainTest> tests, UnaryOperator<AdHocOrchestrator.Builder> options) throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> {
            Duration limit = test.limit();
            if (limit != null) {
                limits.put(test.name(), limit);
            }
            return switch (test.name()) {
                case "/fails" -> FakeRun.failing(Duration.ZERO);
                case "/hangs" -> FakeRun.ending(Duration.ZERO, Outcome.TIMED_OUT);
                default -> FakeRun.passing(Duration.ZERO);
            };
        });
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = options.apply(AdHocOrchestrator.builder(tests)
                                .on("lab", systems)
                                .with(executors)
                                .into(results)
                                .maxSystems(1)
                                .history(file()))
                        .build()) {
            RunSummary summary = run.run();
            records.addAll(results.records());
            started.addAll(executors.started());
            return summary;
        }
    }

    private RunSummary run(PlainTest... tests) throws Exception {
        return run(List.of(tests), builder -> builder);
    }

    private void earlier(String test, Outcome outcome, int... seconds) throws Exception {
        for (int i = 0; i < seconds.length; i++) {
            TestRecord record = TestRecord.of("default", TestCase.named(test), TestEnd.of(outcome, null))
                    .withTimes(BEGIN.plusSeconds(i), Duration.ofSeconds(seconds[i]));
            History.add(file(), History.of("earlier " + i, List.of(record)));
        }
    }

    @Test
    void addsItsAttemptsAndSystems() throws Exception {
        run(TestCase.named("/passes"), TestCase.named("/fails"));
        run(TestCase.named("/passes"));
        History history = History.read(file());
        assertThat(history.test("/passes").ends()).hasSize(2);
        assertThat(history.test("/fails").lastOutcome()).isEqualTo(Outcome.FAILED);
        assertThat(history.setUp("lab")).isNotNull();
    }

    @Test
    void runsTheLongestTestsFirst() throws Exception {
        earlier("/short", Outcome.PASSED, 1, 1, 1);
        earlier("/long", Outcome.PASSED, 100, 100, 100);
        earlier("/declared", Outcome.PASSED, 1000);
        run(
                TestCase.named("/short"),
                TestCase.named("/declared").withExpected(Duration.ofSeconds(50)),
                TestCase.named("/new").withLimit(Duration.ofSeconds(70)),
                TestCase.named("/long").withLimit(Duration.ofSeconds(10)));
        assertThat(started)
                .as("the declared duration is taken, then that of the history, then the limit")
                .containsExactly("/long", "/new", "/declared", "/short");
        TestRecord longest = records.stream()
                .filter(record -> record.name().equals("/long"))
                .findFirst()
                .orElseThrow();
        assertThat(longest.test().expected()).isEqualTo(Duration.ofSeconds(100));
        assertThat(longest.test().limit())
                .as("limits stay as they are declared")
                .isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void damagedHistoryDoesNotMatter() throws Exception {
        Files.writeString(file(), "no history\n");
        RunSummary summary = run(TestCase.named("/a"));
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(summary.problems())
                .singleElement()
                .extracting(Problem::message)
                .asString()
                .contains("history.jsonl, line 1: it was left out");
        assertThat(History.read(file()).test("/a").ends()).hasSize(1);
    }

    @Test
    void historyThatCannotBeReadOrWrittenDoesNotMatter() throws Exception {
        Files.createDirectory(file());
        RunSummary summary = run(TestCase.named("/a"));
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(summary.problems())
                .extracting(Problem::message)
                .anyMatch(problem -> problem.contains("could not be read"))
                .anyMatch(problem -> problem.contains("could not be added to the history"));
    }

    @Test
    void adaptiveLimitLowersTheDeclaredOne() throws Exception {
        for (String test : List.of("/hangs", "/fast", "/declared", "/undeclared")) {
            earlier(
                    test,
                    Outcome.PASSED,
                    test.equals("/fast") ? new int[] {1, 1, 1, 1, 1} : new int[] {60, 100, 70, 80, 90});
        }
        earlier("/few", Outcome.PASSED, 1, 1, 1, 1);
        earlier("/fails", Outcome.FAILED, 1, 1, 1, 1, 1, 1, 1);
        List<PlainTest> tests = List.of(
                TestCase.named("/hangs").withLimit(Duration.ofHours(5)),
                TestCase.named("/fast").withLimit(Duration.ofHours(5)),
                TestCase.named("/declared").withLimit(Duration.ofSeconds(200)),
                TestCase.named("/undeclared"),
                TestCase.named("/few").withLimit(Duration.ofHours(5)),
                TestCase.named("/fails").withLimit(Duration.ofHours(5)),
                TestCase.named("/new"));
        RunSummary summary = run(tests, builder -> builder.adaptiveLimits(Duration.ofMinutes(1)));

        assertThat(limits)
                .containsEntry("/hangs", Duration.ofSeconds(300))
                .containsEntry("/fast", Duration.ofMinutes(1))
                .containsEntry("/declared", Duration.ofSeconds(200))
                .containsEntry("/undeclared", Duration.ofSeconds(300))
                .containsEntry("/few", Duration.ofHours(5))
                .containsEntry("/fails", Duration.ofHours(5))
                .doesNotContainKey("/new");
        assertThat(summary.tests().get(0).end().note())
                .contains("its limit of 5m follows from 5 earlier attempts, of which 99 % took at most 1m40s;"
                        + " the declared limit is 5h");
        assertThat(records.stream().filter(record -> record.name().equals("/hangs")))
                .singleElement()
                .extracting(record -> record.test().limit())
                .as("records have the limit that was in force")
                .isEqualTo(Duration.ofSeconds(300));
    }

    @Test
    void limitsStayAsTheyAreWithoutTheOption() throws Exception {
        earlier("/hangs", Outcome.PASSED, 1, 1, 1, 1, 1);
        RunSummary summary = run(TestCase.named("/hangs").withLimit(Duration.ofHours(5)));
        assertThat(limits).containsEntry("/hangs", Duration.ofHours(5));
        assertThat(String.valueOf(summary.tests().get(0).end().note())).doesNotContain("follows from");
    }

    @Test
    void slowerTestGetsMoreTimeInTheNextRun() throws Exception {
        earlier("/slow", Outcome.PASSED, 10, 10, 10, 10, 10);
        run(List.of(TestCase.named("/slow")), builder -> builder.adaptiveLimits(Duration.ofSeconds(1)));
        assertThat(limits).containsEntry("/slow", Duration.ofSeconds(30));
        earlierTimeOut("/slow", 30);
        run(List.of(TestCase.named("/slow")), builder -> builder.adaptiveLimits(Duration.ofSeconds(1)));
        assertThat(limits).containsEntry("/slow", Duration.ofSeconds(90));
    }

    private void earlierTimeOut(String test, int seconds) throws IOException, InterruptedException {
        TestRecord record = TestRecord.of("default", TestCase.named(test), TestEnd.of(Outcome.TIMED_OUT, null))
                .withTimes(BEGIN, Duration.ofSeconds(seconds));
        History.add(file(), History.of("time-out", List.of(record)));
    }

    @Test
    void adaptiveLimitsNeedAHistory() {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create()) {
            assertThatThrownBy(() -> AdHocOrchestrator.builder(List.of(TestCase.named("/a")))
                            .on(systems)
                            .with(FakeExecutors.passing(Duration.ZERO))
                            .into(results)
                            .adaptiveLimits(Duration.ofMinutes(1))
                            .build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("call history(file), too");
        }
    }

    @Test
    void runsAtTheSameTimeShareOneHistory() throws Exception {
        List<Thread> runs = IntStream.range(0, 4)
                .mapToObj(i -> Thread.ofPlatform().daemon().start(() -> {
                    try {
                        run(TestCase.named("/shared"), TestCase.named("/own " + i));
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .toList();
        for (Thread run : runs) {
            run.join();
        }
        assertThat(History.read(file()).test("/shared").ends()).hasSize(4);
        assertThat(History.read(file()).tests()).hasSize(5);
    }
}
