package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.atex.api.After;
import org.atex.api.KnownFailure;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.artifacts.History;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each test is in exactly one shard, tests that belong together stay together, and shards take the same time. */
class ShardTest {
    private static List<String> names(List<? extends TestCase> tests) {
        return tests.stream().map(TestCase::name).toList();
    }

    private static RunSummary run(List<PlainTest> tests, Path history, Shard shard) throws Exception {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FakeExecutors.passing(Duration.ZERO))
                        .into(results)
                        .group(TestGroup.serial("g"))
                        .known(KnownFailure.of("/a", "me", LocalDate.MAX, ""))
                        .history(history)
                        .shard(shard)
                        .build()) {
            return run.run();
        }
    }

    @Property(tries = 500, seed = "5")
    void everyTestIsInExactlyOneShard(@ForAll long seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(8);
        List<PlainTest> tests = new ArrayList<>();
        Map<String, Duration> took = new HashMap<>();
        for (int i = 0; i < random.nextInt(120); i++) {
            PlainTest test = TestCase.named("/t" + i);
            if (random.nextInt(6) == 0) {
                test = test.withGroup("g" + random.nextInt(5));
            }
            if (random.nextInt(6) == 0) {
                test = test.withAfter(After.passOf("/t" + random.nextInt(120)));
            }
            if (random.nextInt(3) == 0) {
                test = test.withExpected(Duration.ofSeconds(random.nextInt(100)));
            }
            tests.add(test);
            took.put(test.name(), Duration.ofSeconds(random.nextInt(100)));
        }
        History history = random.nextBoolean()
                ? History.empty()
                : History.of(
                        "run",
                        tests.stream()
                                .filter(test -> random.nextInt(4) > 0)
                                .map(test -> TestRecord.of("here", test, TestEnd.exited(0))
                                        .withTimes(Instant.EPOCH, took.get(test.name())))
                                .toList());
        List<PlainTest> shuffled = new ArrayList<>(tests);
        Collections.shuffle(shuffled, random);

        Map<String, Integer> shards = new HashMap<>();
        Map<Integer, Duration> loads = new HashMap<>();
        TestUnits units = new TestUnits(tests, history);
        for (int number = 1; number <= count; number++) {
            List<String> names = names(Shard.of(number, count).select(tests, history));
            for (String name : names) {
                assertThat(shards.put(name, number))
                        .as("another shard of %s", name)
                        .isNull();
                loads.merge(number, units.takes(name), Duration::plus);
            }
            loads.putIfAbsent(number, Duration.ZERO);
            assertThat(names(Shard.of(number, count).select(shuffled, history)))
                    .as("the tests given in another order")
                    .containsExactlyInAnyOrderElementsOf(names);
        }
        assertThat(shards).hasSameSizeAs(tests);
        for (PlainTest test : tests) {
            for (After after : test.after()) {
                assertThat(shards.getOrDefault(after.test(), shards.get(test.name())))
                        .as("the shard of the test after which %s runs", test)
                        .isEqualTo(shards.get(test.name()));
            }
        }
        tests.stream()
                .filter(test -> test.group() != null)
                .collect(Collectors.groupingBy(PlainTest::group))
                .forEach((group, members) -> assertThat(members.stream().map(test -> shards.get(test.name())))
                        .as("the shards of the group %s", group)
                        .containsOnly(shards.get(members.get(0).name())));
        Duration longest =
                units.units().stream().map(TestUnits.Unit::takes).findFirst().orElse(Duration.ZERO);
        assertThat(Collections.max(loads.values()).minus(Collections.min(loads.values())))
                .as("the difference between the longest and the shortest shard")
                .isLessThanOrEqualTo(longest);
    }

    @Test
    void shardsTakeTheSameTime() {
        List<PlainTest> tests = IntStream.range(0, 200)
                .mapToObj(i -> TestCase.named("/t" + i).withExpected(Duration.ofSeconds(1 + i * 7 % 100)))
                .toList();
        Set<Duration> loads = IntStream.rangeClosed(1, 4)
                .mapToObj(number -> Shard.of(number, 4).select(tests, History.empty()).stream()
                        .map(PlainTest::expected)
                        .reduce(Duration.ZERO, Duration::plus))
                .collect(Collectors.toSet());
        assertThat(Collections.max(loads).minus(Collections.min(loads))).isLessThanOrEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void testsWithoutADurationAreShared() {
        List<PlainTest> tests = IntStream.range(0, 12)
                .mapToObj(i -> TestCase.named("/t" + i).withExpected(Duration.ZERO))
                .toList();
        for (int number = 1; number <= 4; number++) {
            assertThat(Shard.of(number, 4).select(tests, History.empty())).hasSize(3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "2", "2/", "/4", "a/b", "2/4/6", "-1/4", "1.5/4", "9999999/9999999"})
    void textThatIsNoShardIsRefused(String text) {
        assertThatThrownBy(() -> Shard.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("could not read the shard '" + text + "'")
                .hasMessageContaining("such as 2/4");
    }

    @Test
    void shardThatDoesNotExistIsRefused() {
        assertThat(Shard.parse(" 2/4 ")).hasToString("2/4");
        assertThatThrownBy(() -> Shard.of(0, 4))
                .hasMessage(
                        "could not select shard 0 of 4: use a number from 1 to 4; the first shard has the number 1, not 0");
        assertThatThrownBy(() -> Shard.parse("5/4"))
                .hasMessage("could not select shard 5 of 4: use a number from 1 to 4");
        assertThatThrownBy(() -> Shard.of(1, 0)).hasMessageStartingWith("could not split the tests into 0 shards");
        assertThatThrownBy(() -> Shard.of(1, 999_999)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void runHasOnlyTheTestsOfItsShard(@TempDir Path directory) throws Exception {
        List<PlainTest> tests = List.of(
                TestCase.named("/a"),
                TestCase.named("/b").withGroup("g"),
                TestCase.named("/c").withGroup("g"),
                TestCase.named("/d").withAfter(After.passOf("/a")));
        List<String> all = new ArrayList<>();
        List<String> splits = new ArrayList<>();
        for (int number = 1; number <= 3; number++) {
            // Each job has its own copy of the history.
            RunSummary summary = run(tests, directory.resolve("history-" + number), Shard.of(number, 3));
            assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
            List<String> notes =
                    summary.problems().stream().map(Problem::message).toList();
            assertThat(notes)
                    .as("no remark about rules and groups of other shards")
                    .noneMatch(note -> note.contains("no test of the run"));
            splits.add(notes.get(0).replaceAll(".*split ([0-9a-f]{8}).*", "$1"));
            all.addAll(summary.tests().stream().map(TestSummary::name).toList());
        }
        assertThat(all).containsExactlyInAnyOrder("/a", "/b", "/c", "/d");
        assertThat(splits).as("all shards report the same split").containsOnly(splits.get(0));
        assertThat(splits.get(0)).hasSize(8);
    }
}
