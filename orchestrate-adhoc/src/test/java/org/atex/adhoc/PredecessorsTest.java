package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;
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

@Timeout(180)
@ExtendWith(LeakCheck.class)
class PredecessorsTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path directory;

    private static TestRecord record(TestCase test, String system, int start, int attempt, TestEnd end) {
        return TestRecord.of("default", test, end)
                .withAttempt(attempt, true)
                .withTimes(BEGIN.plusSeconds(start), Duration.ofSeconds(1))
                .withSystem(SystemInfo.named(system), 1);
    }

    private static TestRecord passed(String test, String system, int start) {
        return record(TestCase.named(test), system, start, 1, TestEnd.exited(0));
    }

    private static TestRecord failed(String test, String system, int start, int attempt) {
        return record(TestCase.named(test), system, start, attempt, TestEnd.exited(1));
    }

    @Test
    void testsOfTheSameSystemPrecedeByTheirStarts() {
        Predecessors all = Predecessors.of(List.of(
                passed("/c", "one", 3),
                passed("/a", "one", 1),
                passed("/other", "two", 2),
                failed("/victim", "one", 4, 1),
                passed("/later", "one", 5),
                TestRecord.notRun("default", "/never", "no system")));
        assertThat(all.before("/victim")).containsExactly("/a", "/c");
        assertThat(all.before("/a")).isEmpty();
        assertThat(all.before("/never")).isEmpty();
        assertThat(all.before("/unknown")).isEmpty();
    }

    @Test
    void lastFailedAttemptCounts() {
        Predecessors all = Predecessors.of(List.of(
                passed("/a", "one", 1),
                failed("/victim", "one", 2, 1),
                passed("/b", "two", 1),
                record(TestCase.named("/victim"), "two", 3, 2, TestEnd.exited(0))));
        assertThat(all.before("/victim")).containsExactly("/a");
    }

    @Test
    void earlierAttemptsOfTheTestItselfAreNoPredecessors() {
        Predecessors all = Predecessors.of(List.of(
                failed("/a", "one", 1, 1),
                failed("/victim", "one", 2, 1),
                failed("/b", "one", 3, 1),
                failed("/a", "one", 4, 2),
                failed("/victim", "one", 5, 2)));
        assertThat(all.before("/victim"))
                .as("a test that ran twice counts once, as the later one")
                .containsExactly("/b", "/a");
    }

    @Test
    void systemIsFreshAfterDestructiveTests() {
        TestRecord destructive = record(TestCase.named("/wipe").withDestructive(true), "one", 2, 1, TestEnd.exited(0));
        TestRecord unusable =
                record(TestCase.named("/broke"), "one", 4, 1, new TestEnd(Outcome.ERROR, null, null, false));
        assertThat(Predecessors.of(List.of(
                                passed("/a", "one", 1), destructive, passed("/b", "one", 3), failed("/v", "one", 9, 1)))
                        .before("/v"))
                .containsExactly("/b");
        assertThat(Predecessors.of(List.of(
                                passed("/a", "one", 1), unusable, passed("/b", "one", 5), failed("/v", "one", 9, 1)))
                        .before("/v"))
                .containsExactly("/b");
    }

    private Predecessors run(DestructionPolicy destruction) throws Exception {
        List<PlainTest> tests =
                List.of(TestCase.named("/a"), TestCase.named("/b"), TestCase.named("/c"), TestCase.named("/victim"));
        Predecessors live = Predecessors.live();
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready().withReset());
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FakeExecutors.running(Map.of("/victim", FakeRun.failing(Duration.ZERO))))
                        .into(results)
                        .order(TestOrder.given())
                        .maxSystems(1)
                        .destruction(destruction)
                        .keep(directory)
                        .listener(live)
                        .build()) {
            var unused = run.run();
        }
        return live;
    }

    @Test
    void keptRunAndListenerKnowThem() throws Exception {
        Predecessors live = run(DestructionPolicy.declared());
        assertThat(live.before("/victim")).containsExactly("/a", "/b", "/c");
        assertThat(Predecessors.of(PastRun.latest(directory).orElseThrow()).before("/victim"))
                .containsExactly("/a", "/b", "/c");
    }

    @Test
    void listenerKnowsResetsByPolicies() throws Exception {
        Predecessors live = run((test, end) -> test.name().equals("/b"));
        assertThat(live.before("/victim")).containsExactly("/c");
    }
}
