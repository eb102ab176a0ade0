package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.junit.jupiter.api.Test;

/** Which test runs where: fairness of locks, rare systems, reservations, and the total duration. */
class MatchingTest {
    private static final TestEnd PASSED = TestEnd.exited(0);

    private static Duration known(TestCase test) {
        Duration expected = test.expected();
        return expected == null ? Duration.ofSeconds(1) : expected;
    }

    private static Simulation simulate(List<PlainTest> tests, int systems) {
        return new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(systems),
                p -> Simulation.plain(),
                (test, attempt) -> PASSED,
                MatchingTest::known);
    }

    private static List<PlainTest> tests(String prefix, int count, Function<PlainTest, PlainTest> properties) {
        return IntStream.range(0, count)
                .mapToObj(i -> properties.apply(TestCase.named("/" + prefix + i)))
                .toList();
    }

    private static List<PlainTest> all(List<PlainTest> some, PlainTest... more) {
        return Stream.concat(some.stream(), Stream.of(more)).toList();
    }

    @Test
    void testOfHigherPriorityDoesNotWaitForAllThatShareItsLock() {
        PlainTest first = TestCase.named("/first")
                .withPriority(2000)
                .withLock(TestLock.shared("database"))
                .withExpected(Duration.ofSeconds(1));
        PlainTest urgent = TestCase.named("/urgent").withPriority(1000).withLock(TestLock.exclusive("database"));
        Simulation simulation =
                simulate(all(tests("t", 400, test -> test.withLock(TestLock.shared("database"))), urgent, first), 8);
        simulation.run();
        assertThat(simulation.started.indexOf("/urgent")).isEqualTo(1);
    }

    @Test
    void testsWithoutTheLockRunWhileAnotherTestWaitsForIt() {
        PlainTest first = TestCase.named("/first")
                .withPriority(2)
                .withLock(TestLock.shared("database"))
                .withExpected(Duration.ofSeconds(100));
        PlainTest urgent = TestCase.named("/urgent").withPriority(1).withLock(TestLock.exclusive("database"));
        Simulation simulation = simulate(
                Stream.of(
                                tests("other", 100, test -> test),
                                tests("sharer", 100, test -> test.withLock(TestLock.shared("database"))),
                                List.of(first, urgent))
                        .flatMap(List::stream)
                        .toList(),
                2);
        simulation.run();
        int when = simulation.started.indexOf("/urgent");
        assertThat(simulation.started.subList(1, when))
                .as("tests that started before")
                .allMatch(name -> name.startsWith("/other"))
                .hasSizeGreaterThan(90);
    }

    @Test
    void locksOfSystemsConcernTestsOnTheSameSystem() {
        List<PlainTest> tests = tests(
                "t",
                40,
                test -> test.withLock(TestLock.exclusiveOnSystem("port 80")).withExpected(Duration.ofSeconds(10)));
        Simulation simulation = onSlots(tests, 4, 4);
        assertThat(simulation.run()).as("4 at a time, on 4 systems").isEqualTo(Duration.ofSeconds(100));
        assertThat(simulation.requested).isEqualTo(Map.of(0, 4));

        tests = tests(
                "t",
                40,
                test -> test.withLock(TestLock.sharedOnSystem("port 80")).withExpected(Duration.ofSeconds(10)));
        assertThat(onSlots(tests, 4, 4).run()).as("16 at a time").isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void testThatIsAloneOnItsSystemLeavesOtherSystemsAlone() {
        List<PlainTest> tests = all(
                tests("t", 8, test -> test.withExpected(Duration.ofSeconds(10))),
                TestCase.named("/alone")
                        .withLock(TestLock.exclusiveOnSystem(TestLock.EVERYTHING))
                        .withExpected(Duration.ofSeconds(20)));
        Simulation simulation = onSlots(tests, 2, 2);
        assertThat(simulation.run()).isEqualTo(Duration.ofSeconds(30));
        assertThat(simulation.released).as("no system is spent").isEqualTo(2);
    }

    private static Simulation onSlots(List<PlainTest> tests, int systems, int slots) {
        return new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(systems),
                p -> new Supplies.Machine(Map.of(), slots, Duration.ZERO, Duration.ZERO, null),
                (test, attempt) -> PASSED,
                MatchingTest::known);
    }

    @Test
    void testThatRunsAloneAndHasTheHighestPriorityOfAllRunsNext() {
        List<PlainTest> tests = new ArrayList<>(tests("t", 100, test -> test));
        tests.add(TestCase.named("/first").withPriority(2));
        tests.add(TestCase.named("/alone").withPriority(1).withLock(TestLock.exclusive(TestLock.EVERYTHING)));
        Simulation simulation = simulate(tests, 4);
        simulation.run();
        assertThat(simulation.started.subList(0, 2)).containsExactly("/first", "/alone");
    }

    @Test
    void testThatRunsAloneRunsWhileSystemsAreStillProvisioned() {
        int[] next = {0};
        Simulation simulation = new Simulation(
                all(
                        tests("t", 90, test -> test.withExpected(Duration.ofSeconds(100))),
                        TestCase.named("/alone")
                                .withExpected(Duration.ofSeconds(60))
                                .withLock(TestLock.exclusive(TestLock.EVERYTHING))),
                1,
                Simulation.rules().withMaxSystems(10),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ofSeconds(10L * next[0]++), Duration.ZERO, null),
                (test, attempt) -> PASSED,
                MatchingTest::known);
        Duration took = simulation.run();
        assertThat(simulation.started.get(0)).isEqualTo("/alone");
        assertThat(took).isLessThanOrEqualTo(Duration.ofSeconds(1000));
    }

    private static Simulation withRareSystem(List<PlainTest> tests, int small, int big, Random arrival) {
        Simulation.Given rules = Simulation.rules()
                .withTerms(provisioner -> new Supply.Terms(
                        provisioner == 0 ? Map.of() : Map.of("size", "big"),
                        0,
                        provisioner == 0 ? small : big,
                        0,
                        null));
        return new Simulation(
                tests,
                2,
                rules,
                provisioner -> new Supplies.Machine(
                        provisioner == 0 ? Map.of("size", "small") : Map.of("size", "big"),
                        1,
                        Duration.ofMillis(arrival.nextInt(100)),
                        Duration.ZERO,
                        null),
                (test, attempt) -> PASSED,
                MatchingTest::known);
    }

    @Test
    void rareSystemIsKeptForTheTestsThatNeedIt() {
        List<PlainTest> tests = new ArrayList<>(tests("any", 40, test -> test.withExpected(Duration.ofSeconds(60))));
        tests.addAll(tests(
                "big", 20, test -> test.withExpected(Duration.ofSeconds(30)).withNeed(Need.of("size", "big"))));
        Simulation simulation = withRareSystem(tests, 4, 1, new Random(1));
        Duration took = simulation.run();
        assertThat(took).as("40 x 60 s on 4, 20 x 30 s on 1").isLessThan(Duration.ofSeconds(602));
    }

    @Test
    void mixesWithARareSystemTakeLittleLongerThanTheyMust() {
        double[] ratios = new double[200];
        for (int seed = 0; seed < ratios.length; seed++) {
            Random random = new Random(seed);
            int small = 2 + random.nextInt(8);
            int big = 1 + random.nextInt(2);
            int picky = 1 + random.nextInt(40);
            int others = 20 + random.nextInt(200);
            List<PlainTest> tests = new ArrayList<>(tests("any", others, test -> test.withExpected(skewed(random))));
            tests.addAll(tests(
                    "big", picky, test -> test.withExpected(skewed(random)).withNeed(Need.of("size", "big"))));
            Simulation simulation = withRareSystem(tests, small, big, random);
            double took = simulation.run().toMillis();
            double all = sum(tests, test -> true) / (small + big);
            double rare = sum(tests, test -> !test.needs().isEmpty()) / big;
            double longest = tests.stream()
                    .mapToDouble(test -> known(test).toMillis())
                    .max()
                    .orElse(0);
            ratios[seed] = (took - 100) / Math.max(all, Math.max(rare, longest));
        }
        Arrays.sort(ratios);
        assertThat(Arrays.stream(ratios).average().orElse(9)).as("mean").isLessThan(1.01);
        assertThat(ratios[ratios.length * 95 / 100]).as("95th percentile").isLessThan(1.03);
    }

    @Test
    void skewedTestsTakeLittleLongerThanTheyMust() {
        double[] ratios = new double[400];
        for (int seed = 0; seed < ratios.length; seed++) {
            Random random = new Random(seed);
            int systems = 2 + random.nextInt(15);
            List<PlainTest> tests =
                    tests("t", systems * (5 + random.nextInt(30)), test -> test.withExpected(skewed(random)));
            double took = simulate(tests, systems).run().toMillis();
            double longest = tests.stream()
                    .mapToDouble(test -> known(test).toMillis())
                    .max()
                    .orElse(0);
            ratios[seed] = took / Math.max(sum(tests, test -> true) / systems, longest);
        }
        assertThat(Arrays.stream(ratios).average().orElse(9)).isLessThan(1.02);
    }

    private static double sum(List<PlainTest> tests, Predicate<PlainTest> which) {
        return tests.stream()
                .filter(which)
                .mapToDouble(test -> known(test).toMillis())
                .sum();
    }

    /** Most tests take seconds, few take minutes. */
    private static Duration skewed(Random random) {
        return Duration.ofMillis((long) (1000 * Math.exp(random.nextGaussian() * 1.3 + 2)));
    }

    @Test
    void systemsThatNoWaitingTestCanUseMakeRoomForOthers() {
        List<PlainTest> tests = new ArrayList<>(tests(
                "x",
                10,
                test -> test.withPriority(1).withExpected(Duration.ofSeconds(5)).withNeed(Need.of("arch", "x86_64"))));
        tests.add(TestCase.named("/long")
                .withPriority(1)
                .withExpected(Duration.ofSeconds(600))
                .withNeed(Need.of("arch", "x86_64")));
        tests.addAll(tests(
                "a", 100, test -> test.withExpected(Duration.ofSeconds(60)).withNeed(Need.of("arch", "aarch64"))));
        Simulation simulation = new Simulation(
                tests,
                2,
                Simulation.rules()
                        .withMaxSystems(11)
                        .withTerms(p -> new Supply.Terms(
                                Map.of("arch", p == 0 ? "x86_64" : "aarch64"), 1 - p, Integer.MAX_VALUE, 0, null)),
                p -> new Supplies.Machine(
                        Map.of("arch", p == 0 ? "x86_64" : "aarch64"), 1, Duration.ZERO, Duration.ZERO, null),
                (test, attempt) -> PASSED,
                MatchingTest::known);
        assertThat(simulation.run()).isLessThan(Duration.ofSeconds(620));
    }

    @Test
    void fewSystemsAreRequestedForATestThatFitsNone() {
        List<PlainTest> tests = List.of(
                TestCase.named("/long")
                        .withPriority(1)
                        .withLock(TestLock.exclusive("lock"))
                        .withExpected(Duration.ofHours(10)),
                TestCase.named("/blocked").withLock(TestLock.exclusive("lock")),
                TestCase.named("/unfit").withNeed(Need.of("arch", "z")));
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules(),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ofSeconds(1), Duration.ZERO, null),
                (test, attempt) -> PASSED,
                MatchingTest::known);
        simulation.run();
        assertThat(simulation.requested.get(0)).isLessThanOrEqualTo(8);
        assertThat(simulation.concluded.get("/blocked")).isEqualTo(PASSED);
    }

    @Test
    void asManySystemsAreRequestedOfEachKindAsTestsNeed() {
        List<PlainTest> tests = new ArrayList<>(tests("x", 90, test -> test.withNeed(Need.of("arch", "x86_64"))));
        tests.addAll(tests("a", 10, test -> test.withNeed(Need.of("arch", "aarch64"))));
        Simulation simulation = new Simulation(
                tests,
                2,
                Simulation.rules()
                        .withTerms(p -> new Supply.Terms(
                                Map.of("arch", p == 0 ? "x86_64" : "aarch64"), 0, Integer.MAX_VALUE, 0, null)),
                p -> new Supplies.Machine(
                        Map.of("arch", p == 0 ? "x86_64" : "aarch64"), 1, Duration.ofSeconds(9), Duration.ZERO, null),
                (test, attempt) -> PASSED,
                MatchingTest::known);
        simulation.run();
        assertThat(simulation.requested).isEqualTo(Map.of(0, 90, 1, 10));
    }

    @Test
    void reservationsAreUsedUntilTheirEnd() {
        List<PlainTest> tests = tests("t", 60, test -> test.withLimit(Duration.ofMinutes(59)));
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(1),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, Duration.ofHours(1)),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(5));
        simulation.run();
        assertThat(simulation.systemsUsed)
                .as("60 tests of 5 min on reservations of 60 min")
                .isBetween(5, 6);
    }

    @Test
    void noTestStartsThatLikelyOutlastsTheReservation() {
        List<PlainTest> tests = tests("t", 60, test -> test);
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(3),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, Duration.ofMinutes(60)),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(9));
        simulation.run();
        Map<Integer, Long> perSystem = simulation.history.stream()
                .filter(decision -> decision instanceof Decision.Run)
                .collect(Collectors.groupingBy(decision -> ((Decision.Run) decision).system(), Collectors.counting()));
        assertThat(perSystem.values()).as("tests of 9 min in 60 min").allMatch(count -> count <= 6);
    }

    @Test
    void picksFromManyTestsWithDifferentLocks() {
        Simulation simulation =
                simulate(tests("t", 16_000, test -> test.withLock(TestLock.exclusive("lock of " + test.name()))), 100);
        simulation.run(); // took 3 min when each decision examined each lock
        assertThat(simulation.mostSystems).isEqualTo(100);
    }
}
