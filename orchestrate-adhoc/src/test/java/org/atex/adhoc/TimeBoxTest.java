package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.atex.api.After;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.History;
import org.junit.jupiter.api.Test;

/** In a limited time, the tests run that tell the most; what is left out is named with the reason. */
class TimeBoxTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static History ran(String test, int day, Outcome outcome, long minutes) {
        return History.of(
                "day-" + day,
                List.of(TestRecord.of("here", TestCase.named(test), TestEnd.of(outcome, null))
                        .withTimes(BEGIN.plus(Duration.ofDays(day)), Duration.ofMinutes(minutes))));
    }

    private static History history() {
        return Stream.of(
                        ran("/failed", 9, Outcome.FAILED, 10),
                        ran("/failed too", 9, Outcome.TIMED_OUT, 2),
                        ran("/old", 1, Outcome.PASSED, 10),
                        ran("/recent", 9, Outcome.PASSED, 10),
                        ran("/flaky", 7, Outcome.FAILED, 10),
                        ran("/flaky", 8, Outcome.PASSED, 10),
                        ran("/flaky", 9, Outcome.PASSED, 10))
                .reduce(History.empty(), History::with);
    }

    private static final List<PlainTest> TESTS = Stream.of(
                    "/recent", "/old", "/new", "/flaky", "/failed", "/failed too")
            .map(TestCase::named)
            .toList();

    private static List<String> chosen(TimeBox.Choice<?> choice) {
        return choice.chosen().stream().map(TimeBox.Candidate::test).toList();
    }

    @Test
    void mostInformativeTestsAreFirst() {
        TimeBox.Choice<PlainTest> all = TimeBox.of(Duration.ofHours(5), 1).worth(TESTS, history());
        assertThat(chosen(all)).containsExactly("/failed too", "/failed", "/new", "/old", "/flaky", "/recent");
        assertThat(all.leftOut()).isEmpty();
        assertThat(all.tests()).as("the tests in the order given").isEqualTo(TESTS);
        assertThat(all.chosen())
                .extracting(TimeBox.Candidate::why)
                .containsExactly(
                        "it failed last",
                        "it failed last",
                        "it never ran",
                        "it passed last, at 2026-01-02T00:00:00Z",
                        "its result changes in 50 % of its attempts",
                        "it passed last, at 2026-01-10T00:00:00Z");
    }

    @Test
    void whatDoesNotFitIsLeftOutWithTheReason() {
        TimeBox box = TimeBox.of(Duration.ofMinutes(12), 2);
        TimeBox.Choice<PlainTest> choice = box.worth(TESTS, history());
        assertThat(chosen(choice)).containsExactly("/failed too", "/failed", "/new");
        assertThat(choice.leftOut())
                .hasToString(
                        "[/old (10m): it passed last, at 2026-01-02T00:00:00Z; left out, since it takes 10m, but only 2m of 12m"
                                + " are left, /flaky (10m): its result changes in 50 % of its attempts; left out, since it takes"
                                + " 10m, but only 2m of 12m are left, /recent (10m): it passed last, at 2026-01-10T00:00:00Z;"
                                + " left out, since it takes 10m, but only 2m of 12m are left]");
        assertThat(choice.toString()).startsWith("3 tests chosen:\n  /failed too (2m): it failed last\n");
        assertThat(chosen(box.withSetUp(Duration.ofMinutes(3)).worth(TESTS, history())))
                .as("with systems that are ready after three minutes")
                .containsExactly("/failed too", "/new");
    }

    @Test
    void testsAreChosenWithThoseThatTheyNeed() {
        List<PlainTest> tests = List.of(
                TestCase.named("/install"),
                TestCase.named("/failed").withAfter(After.passOf("/install")),
                TestCase.named("/old").withAfter(After.endOf("/failed")),
                TestCase.named("/recent").withGroup("g"),
                TestCase.named("/flaky").withGroup("g"));
        History history = history().with(ran("/install", 9, Outcome.PASSED, 3));
        TimeBox.Choice<PlainTest> choice = TimeBox.of(Duration.ofMinutes(13), 1).worth(tests, history);
        assertThat(choice.chosen())
                .hasToString("[/failed (10m): it failed last, /install (3m): /failed cannot run without it]");
        assertThat(TimeBox.of(Duration.ofMinutes(12), 1)
                        .worth(tests, history)
                        .leftOut()
                        .get(0)
                        .why())
                .isEqualTo(
                        "it failed last; left out, since it takes 13m with 1 test that it needs, but only 12m of 12m are"
                                + " left");
        assertThat(chosen(TimeBox.of(Duration.ofMinutes(14), 4).worth(tests, history)))
                .as("a group may run on several systems")
                .contains("/recent", "/flaky");
    }

    @Test
    void invalidTimeBoxesAreRefused() {
        assertThatThrownBy(() -> TimeBox.of(Duration.ZERO, 1)).hasMessageContaining("must be positive");
        assertThatThrownBy(() -> TimeBox.of(MINUTE, 0)).hasMessageContaining("must be at least 1");
        assertThatThrownBy(() -> TimeBox.of(MINUTE, 1).withSetUp(MINUTE))
                .hasMessageContaining("could not use a time box of 1m with systems that are ready after 1m");
    }

    @Property(tries = 500, seed = "6")
    void choiceFitsAndNamesEveryTest(@ForAll long seed) {
        Random random = new Random(seed);
        List<PlainTest> tests = new ArrayList<>();
        History history = History.empty();
        for (int i = 0; i < random.nextInt(60); i++) {
            PlainTest test = TestCase.named("/t" + i).withExpected(Duration.ofSeconds(random.nextInt(300)));
            test = random.nextInt(5) == 0 ? test.withGroup("g" + random.nextInt(4)) : test;
            test = random.nextInt(5) == 0 ? test.withAfter(After.passOf("/t" + random.nextInt(60))) : test;
            tests.add(test);
            if (random.nextBoolean()) {
                Outcome outcome = random.nextBoolean() ? Outcome.PASSED : Outcome.FAILED;
                history = history.with(ran(test.name(), random.nextInt(50), outcome, 1));
            }
        }
        int systems = 1 + random.nextInt(5);
        Duration time = Duration.ofSeconds(1 + random.nextInt(3000));
        TimeBox.Choice<PlainTest> choice = TimeBox.of(time, systems).worth(tests, history);

        List<String> all = new ArrayList<>(chosen(choice));
        choice.leftOut().forEach(test -> all.add(test.test()));
        assertThat(all)
                .as("each test is chosen or left out")
                .containsExactlyInAnyOrderElementsOf(
                        tests.stream().map(PlainTest::name).toList());
        Set<String> names = new HashSet<>(chosen(choice));
        assertThat(choice.tests().stream().map(PlainTest::name).collect(Collectors.toSet()))
                .isEqualTo(names);
        Duration sum = choice.chosen().stream().map(TimeBox.Candidate::takes).reduce(Duration.ZERO, Duration::plus);
        assertThat(sum).as("the chosen tests").isLessThanOrEqualTo(time.multipliedBy(systems));
        Set<String> existing = new HashSet<>(all);
        for (PlainTest test : choice.tests()) {
            assertThat(test.after().stream().map(After::test).filter(existing::contains))
                    .as("the tests that must pass before %s", test)
                    .allMatch(names::contains);
            tests.stream()
                    .filter(other -> test.group() != null && test.group().equals(other.group()))
                    .forEach(other -> assertThat(names).contains(other.name()));
        }
    }
}
