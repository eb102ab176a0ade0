package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A policy of the user chooses tests for free slots, whatever it does. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class NextTestTest {
    @TempDir
    private Path directory;

    private final FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
    private final FakeExecutors executors = FakeExecutors.passing(Duration.ZERO);
    private final RecordingAggregator results = RecordingAggregator.create();
    private Limits limits = Limits.defaults();

    private RunSummary run(List<? extends TestCase> tests, int most, NextTest next) throws InterruptedException {
        try (systems;
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(results)
                        .maxSystems(most)
                        .next(next)
                        .limits(limits)
                        .workDirectory(directory.resolve("work"))
                        .build()) {
            return run.run();
        }
    }

    private static List<PlainTest> tests(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> TestCase.named("/t" + i).withTag(i % 2 == 0 ? "even" : "odd"))
                .toList();
    }

    @Test
    void policyKnowsWhatRanThere() throws Exception {
        List<String> previous = Collections.synchronizedList(new ArrayList<>());
        RunSummary summary = run(tests(6), 1, (system, before, waiting) -> {
            previous.add(String.join(" ", before.stream().map(TestCase::name).toList()));
            Set<String> tags =
                    before.isEmpty() ? Set.of("odd") : before.getLast().tags();
            return waiting.stream()
                    .filter(test -> test.tags().equals(tags))
                    .findFirst()
                    .orElse(null);
        });
        assertThat(summary.verdict().exitCode()).isZero();
        assertThat(executors.started()).containsExactly("/t1", "/t3", "/t5", "/t0", "/t2", "/t4");
        assertThat(previous).containsExactly("", "/t1", "/t1 /t3", "/t1 /t3 /t5", "/t1 /t3 /t5 /t0");
    }

    @Test
    void failingPolicyDoesNotKeepTestsFromRunning() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        List<NextTest> policies = List.of(
                (system, before, waiting) -> {
                    throw new IllegalStateException("a bug");
                },
                (system, before, waiting) -> TestCase.named("/unknown"),
                (system, before, waiting) -> null,
                (system, before, waiting) -> {
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    return null;
                });
        limits = limits.withCall(Duration.ofSeconds(1));
        int[] calls = new int[1];
        RunSummary summary = run(
                tests(9),
                1,
                (system, before, waiting) ->
                        policies.get(calls[0]++ % policies.size()).choose(system, before, waiting));
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 9));
        assertThat(summary.problems())
                .extracting(Problem::message)
                .anyMatch(message -> message.contains("a bug"))
                .anyMatch(message -> message.contains("/unknown was chosen, which is not in the list"));
    }

    @Test
    void systemsChooseAtTheSameTime() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        RunSummary summary = run(tests(12), 2, (system, before, waiting) -> {
            both.countDown();
            return waiting.getLast();
        });
        assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 12));
        assertThat(both.getCount()).isZero();
    }

    @Property(tries = 500, seed = "17")
    void randomChoicesEndWell(@ForAll long seed) {
        Random random = new Random(seed);
        List<PlainTest> tests = IntStream.range(0, 1 + random.nextInt(20))
                .mapToObj(i -> {
                    PlainTest test = TestCase.named("/t" + i).withDestructive(random.nextInt(8) == 0);
                    return switch (random.nextInt(5)) {
                        case 0 -> test.withLock(TestLock.exclusive("l" + random.nextInt(2)));
                        case 1 -> test.withLock(TestLock.exclusiveOnSystem("s"));
                        case 2 -> test.withLock(TestLock.exclusive(TestLock.EVERYTHING));
                        default -> test;
                    };
                })
                .toList();
        Random later = new Random(random.nextLong());
        int slots = 1 + random.nextInt(3);
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules()
                        .withMaxSystems(1 + random.nextInt(3))
                        .withReruns(RerunPolicy.maxReruns(random.nextInt(2)))
                        .withNext((system, before, waiting) ->
                                later.nextInt(4) == 0 ? null : waiting.get(later.nextInt(waiting.size()))),
                p -> new Simulator.Supplies.Machine(Map.of(), slots, Duration.ofSeconds(1), Duration.ZERO, null),
                (test, attempt) -> later.nextInt(5) == 0 ? TestEnd.of(Outcome.LOST, null) : TestEnd.exited(0),
                test -> Duration.ofMillis(1 + later.nextInt(3000)));
        if (random.nextInt(3) == 0) {
            simulation.stopAt(Duration.ofMillis(random.nextInt(5000)), Stop.values()[random.nextInt(3)]);
        }
        simulation.run();
    }
}
