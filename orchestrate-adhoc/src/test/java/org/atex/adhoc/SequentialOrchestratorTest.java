package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atex.api.Executor;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRemote;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
@ExtendWith(LeakCheck.class)
class SequentialOrchestratorTest {
    @TempDir
    private Path directory;

    private final RecordingAggregator results = RecordingAggregator.create();
    private final List<RunEvent> events = Collections.synchronizedList(new ArrayList<>());
    private FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());

    private static List<TestCase> tests(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> (TestCase) TestCase.named("/t" + i))
                .toList();
    }

    private RunSummary run(List<TestCase> tests, Executor.Factory executors) throws InterruptedException {
        try (var unused = systems;
                var run = SequentialOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(results)
                        .listener(events::add)
                        .workDirectory(directory.resolve("work"))
                        .giveUpAfter(Duration.ofMillis(200))
                        .build()) {
            RunSummary summary = run.run();
            assertThat(systems.openNow()).isZero();
            assertThat(systems.mostOpen()).as("systems at once").isLessThanOrEqualTo(1);
            return summary;
        }
    }

    /** The system of each test. */
    private static List<String> places(RunSummary summary) {
        return summary.tests().stream()
                .map(test -> test.attempts().isEmpty()
                        ? "nowhere"
                        : String.valueOf(test.attempts().getFirst().system()))
                .toList();
    }

    @Test
    void testsRunOneAfterAnotherInTheOrderGiven() throws Exception {
        FakeExecutors executors = FakeExecutors.passing(Duration.ZERO);
        List<TestCase> tests =
                List.of(TestCase.named("/b"), TestCase.named("/c").withPriority(9), TestCase.named("/a"));
        RunSummary summary = run(tests, executors);

        assertThat(executors.started()).containsExactly("/b", "/c", "/a");
        assertThat(results.records()).extracting(TestRecord::name).containsExactly("/b", "/c", "/a");
        assertThat(places(summary)).containsOnly("fake-1");
        assertThat(directory.resolve("work")).isEmptyDirectory();
    }

    @Test
    void eventsAreDeliveredInOrder() throws Exception {
        run(tests(2), FakeExecutors.passing(Duration.ZERO));

        List<String> told =
                events.stream().map(event -> event.getClass().getSimpleName()).toList();
        assertThat(told.stream()
                        .filter(kind ->
                                !List.of("Waiting", "Ingested", "Heartbeat").contains(kind)))
                .containsExactly(
                        "RunStarted",
                        "SystemsRequested",
                        "SystemReady",
                        "TestStarted",
                        "TestFinished",
                        "TestStarted",
                        "TestFinished",
                        "SystemGone",
                        "RunEnded");
        assertThat(told).filteredOn("Ingested"::equals).hasSize(2);
    }

    @Test
    void spentSystemIsReplaced() throws Exception {
        List<TestCase> tests = List.of(
                TestCase.named("/breaks").withDestructive(true),
                TestCase.named("/loses"),
                TestCase.named("/next"),
                TestCase.named("/last"));
        RunSummary summary =
                run(tests, FakeExecutors.running(Map.of("/loses", FakeRun.ending(Duration.ZERO, Outcome.LOST))));

        assertThat(places(summary)).containsExactly("fake-1", "fake-2", "fake-3", "fake-3");
        assertThat(systems.handedOut()).hasSize(3);
    }

    @Test
    void spentSystemIsResetIfPossible() throws Exception {
        systems = FakeProvisioner.of(FakeSystem.ready().withReset());
        FakeExecutors executors = FakeExecutors.passing(Duration.ZERO);
        List<TestCase> tests = List.of(TestCase.named("/breaks").withDestructive(true), TestCase.named("/next"));
        RunSummary summary = run(tests, executors);

        assertThat(places(summary)).containsExactly("fake-1", "fake-1");
        assertThat(systems.handedOut()).extracting(FakeRemote::resets).containsExactly(1);
        assertThat(executors.openNow()).isZero();
    }

    @Test
    void throwingExecutorAffectsOneTestAndItsSystem() throws Exception {
        RunSummary summary = run(tests(2), FakeExecutors.running(test -> {
            if (test.name().equals("/t1")) {
                throw new IllegalStateException("a bug");
            }
            return FakeRun.passing(Duration.ZERO);
        }));

        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.ERROR, 1, Outcome.PASSED, 1));
        assertThat(summary.tests().getFirst().end().note()).contains("a bug");
        assertThat(places(summary)).containsExactly("fake-1", "fake-2");
    }

    @Test
    void failedSystemsAreReplacedSeveralTimes() throws Exception {
        systems = FakeProvisioner.of(n -> n < 4 ? FakeSystem.failing("number " + n) : FakeSystem.ready());
        assertThat(run(tests(2), FakeExecutors.passing(Duration.ZERO)).counts()).isEqualTo(Map.of(Outcome.PASSED, 2));

        systems = FakeProvisioner.of(n -> FakeSystem.failing("number " + n));
        RunSummary summary =
                run(List.of(TestCase.named("/u1"), TestCase.named("/u2")), FakeExecutors.passing(Duration.ZERO));
        assertThat(summary.tests())
                .extracting(test -> test.end().note())
                .allSatisfy(note -> assertThat(note).contains("systems in a row failed", "number "));
    }

    @Test
    void testWithUnmetNeedsIsNotRun() throws Exception {
        systems = FakeProvisioner.of(FakeSystem.ready().withLabels(Map.of("arch", "x86_64")));
        List<TestCase> tests =
                List.of(TestCase.named("/there").withNeed(Need.of("arch", "s390x")), TestCase.named("/here"));
        RunSummary summary = run(tests, FakeExecutors.passing(Duration.ZERO));

        assertThat(places(summary)).containsExactly("nowhere", "fake-1");
        assertThat(summary.tests())
                .extracting(TestSummary::end)
                .first()
                .satisfies(end -> assertThat(end.note()).contains("arch=s390x", "x86_64"));
    }

    @Test
    void deletedArtifactsDoNotLoseTheOutcomeOfATest() throws Exception {
        FakeExecutors executors = FakeExecutors.running(test -> {
            deleteWorkDirectory();
            return FakeRun.passing(Duration.ZERO);
        });
        RunSummary summary = run(tests(3), executors);
        assertThat(summary.tests()).hasSize(3);
        assertThat(summary.exitCode()).isNotZero();
        assertThat(systems.openNow()).isZero();
    }

    private void deleteWorkDirectory() {
        try {
            Files.move(directory.resolve("work"), directory.resolve("elsewhere"));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void buildNamesTheMissingPart() {
        assertThatThrownBy(() ->
                        SequentialOrchestrator.builder(tests(1)).on(systems).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("into(aggregator)");
        systems.close();
    }
}
