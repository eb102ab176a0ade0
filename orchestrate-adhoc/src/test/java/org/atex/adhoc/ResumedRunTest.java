package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.atex.api.AttemptCause;
import org.atex.api.Fixture;
import org.atex.api.Outcome;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kills a program, and goes on with its run in this one. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class ResumedRunTest {
    private static final List<TestCase> TESTS = IntStream.range(0, 12)
            .<TestCase>mapToObj(i -> TestCase.named("/t" + i))
            .toList();

    @TempDir
    private Path directory;

    private final FakeExecutors executors = FakeExecutors.passing(Duration.ZERO);

    private Path runs() {
        return directory.resolve("runs");
    }

    private Path names() {
        return directory.resolve("names");
    }

    /** Kills a program of which ten tests have ended. */
    private void kill(int stored) throws Exception {
        Process program = KilledRun.start(runs(), names(), stored, true);
        try (BufferedReader output = program.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ten tests have ended");
            KilledRun.awaitJournal(runs());
        } finally {
            program.destroyForcibly();
            program.waitFor();
        }
    }

    private AdHocOrchestrator.Builder builder(FakeProvisioner systems) {
        return AdHocOrchestrator.builder(TESTS)
                .on(systems)
                .with(executors)
                .into(new KilledRun.Names(names(), 1000))
                .keep(runs())
                .resume();
    }

    private RunSummary resume() throws Exception {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = builder(systems).build()) {
            return run.run();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 10})
    void testsThatHaveEndedDoNotRunAgain(int stored) throws Exception {
        kill(stored);

        RunSummary summary = resume();

        assertThat(executors.started()).containsExactlyInAnyOrder("/t10", "/t11");
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 12));
        assertThat(summary.exitCode()).isZero();
        assertThat(summary.problems())
                .extracting(Object::toString)
                .singleElement()
                .asString()
                .contains("whose program was killed: 10 of 12 tests had ended");
        List<String> lines = Files.readAllLines(names());
        assertThat(lines.stream().filter(line -> line.endsWith(" PASSED")).distinct())
                .as("each test is stored")
                .hasSize(12);
        // The program may have been killed between the storing of an attempt and its removal.
        assertThat(lines).hasSizeBetween(12 + 2, 12 + 2 + 1).contains("/t10 LOST", "/t11 LOST");

        PastRun past = PastRun.latest(runs()).orElseThrow();
        assertThat(past.problems()).isEmpty();
        assertThat(past.notPassed()).isEmpty();
        assertThat(past.tests()).hasSize(12);
        assertThat(past.attempts())
                .filteredOn(record -> record.name().equals("/t10"))
                .extracting(TestRecord::attempt, TestRecord::last, TestRecord::cause)
                .containsExactly(tuple(1, false, AttemptCause.FIRST), tuple(2, true, AttemptCause.RESUMED));
        try (var entries = Files.list(past.directory())) {
            assertThat(entries.map(entry -> entry.getFileName().toString()))
                    .as("nothing waits to be stored")
                    .containsExactlyInAnyOrder("journal.jsonl", "run.log", "attempts");
        }
    }

    @Test
    void runThatHasEndedIsNotResumed() throws Exception {
        kill(10);
        RunSummary unused = resume();
        assertThat(executors.started()).hasSize(2);

        RunSummary second = resume();

        assertThat(executors.started()).as("a new run").hasSize(2 + 12);
        assertThat(second.problems()).isEmpty();
        try (var entries = Files.list(runs())) {
            assertThat(entries.filter(Files::isDirectory)).hasSize(2);
        }
    }

    @Test
    void runOfAnotherPlatformIsNotResumed() throws Exception {
        kill(10);
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = builder(systems).platform("other").build()) {
            RunSummary unused = run.run();
        }
        assertThat(executors.started()).hasSize(12);
        assertThat(PastRun.latest(runs()).orElseThrow().attempts()).hasSize(12);
    }

    @Test
    void fixtureThatWasStartedIsFinishedFirst() throws Exception {
        kill(10);
        for (String fixture : List.of("server", "database")) {
            Files.writeString(
                    PastRun.latest(runs()).orElseThrow().directory().resolve("journal.jsonl"),
                    "\n{\"fixture\": \"" + fixture + "\", \"where\": \"\", \"open\": true}\n",
                    StandardOpenOption.APPEND);
        }
        List<String> calls = new CopyOnWriteArrayList<>();
        List<TestCase> tests = new ArrayList<>(TESTS);
        tests.set(11, TestCase.named("/t11").withFixture("server"));
        RunSummary summary;
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(new KilledRun.Names(names(), 1000))
                        .keep(runs())
                        .resume()
                        .fixture(new Server(calls))
                        .build()) {
            summary = run.run();
        }
        assertThat(calls).containsExactly("finishLeft", "start", "finish");
        assertThat(summary.problems())
                .extracting(Object::toString)
                .hasSize(2)
                .anyMatch(problem -> problem.contains(
                        "the fixture database was started before the program was killed, and is not finished"));
    }

    private record Server(List<String> calls) implements Fixture<String> {
        @Override
        public String name() {
            return "server";
        }

        @Override
        public Scope scope() {
            return Scope.RUN;
        }

        @Override
        public String start(Context context) {
            calls.add("start");
            return "";
        }

        @Override
        public void finish(String value, Context context) {
            calls.add("finish");
        }

        @Override
        public boolean finishLeft() {
            calls.add("finishLeft");
            return true;
        }
    }

    @Test
    void resumeNeedsADirectory() {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            assertThatThrownBy(() -> AdHocOrchestrator.builder(TESTS)
                            .on(systems)
                            .with(executors)
                            .into(new KilledRun.Names(names(), 1000))
                            .resume()
                            .build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("call keep(directory)");
        }
    }
}
