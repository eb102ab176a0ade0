package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.After;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static final TestEnd PASSED = TestEnd.exited(0);
    private static final TestEnd FAILED = TestEnd.exited(1);

    private static List<PlainTest> tests(int count) {
        return IntStream.range(0, count).mapToObj(i -> TestCase.named("/t" + i)).toList();
    }

    private static Simulation simulate(List<? extends TestCase> tests, int systems, Simulation.Given rules) {
        return simulate(tests, rules.withMaxSystems(systems), PASSED);
    }

    private static Simulation simulate(List<? extends TestCase> tests, Simulation.Given rules, TestEnd end) {
        return new Simulation(
                tests, 1, rules, p -> Simulation.plain(), (test, attempt) -> end, test -> Duration.ofSeconds(1));
    }

    @Test
    void startsTheLongestDeclaredDurationFirst() {
        List<PlainTest> tests = List.of(
                TestCase.named("/short").withLimit(Duration.ofMinutes(5)),
                TestCase.named("/unknown"),
                TestCase.named("/long").withLimit(Duration.ofHours(5)),
                TestCase.named("/expected").withLimit(Duration.ofHours(9)).withExpected(Duration.ofHours(1)));
        Simulation simulation = simulate(tests, 1, Simulation.rules());
        simulation.run();
        assertThat(simulation.started).containsExactly("/long", "/expected", "/short", "/unknown");
    }

    @Test
    void putsPriorityBeforeLength() {
        List<PlainTest> tests = List.of(
                TestCase.named("/long").withLimit(Duration.ofHours(5)),
                TestCase.named("/urgent").withPriority(1));
        Simulation simulation = simulate(tests, 1, Simulation.rules());
        simulation.run();
        assertThat(simulation.started).containsExactly("/urgent", "/long");
    }

    @Test
    void keepsTheGivenOrderOfEqualTests() {
        Simulation simulation = simulate(tests(20), 1, Simulation.rules());
        simulation.run();
        assertThat(simulation.started)
                .containsExactlyElementsOf(
                        tests(20).stream().map(PlainTest::name).toList());
    }

    @Test
    void rerunKeepsThePositionOfTheTest() {
        List<PlainTest> tests =
                List.of(TestCase.named("/flaky").withPriority(5), TestCase.named("/b"), TestCase.named("/c"));
        Simulation.Given rules =
                Simulation.rules().withReruns(RerunPolicy.maxReruns(1)).withMaxSystems(1);
        Simulation simulation = new Simulation(
                tests,
                1,
                rules,
                p -> Simulation.plain(),
                (test, attempt) -> test.name().equals("/flaky") && attempt == 1 ? FAILED : PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.started).containsExactly("/flaky", "/flaky", "/b", "/c");
        assertThat(simulation.concluded.get("/flaky")).isEqualTo(PASSED);
    }

    @Test
    void runsNoOtherTestOnTheSystemOfADestructiveTest() {
        List<PlainTest> tests =
                List.of(TestCase.named("/a").withDestructive(true).withPriority(1), TestCase.named("/b"));
        Simulation simulation = simulate(tests, 1, Simulation.rules());
        simulation.run();
        assertThat(simulation.history).anyMatch(d -> d instanceof Decision.Renew, "the system is renewed");
    }

    @Test
    void requestsNoMoreSystemsThanAllowed() {
        Simulation simulation = simulate(tests(300), 6, Simulation.rules());
        simulation.run();
        assertThat(simulation.systemsUsed).isEqualTo(6);
        assertThat(simulation.mostSystems).isEqualTo(6);
    }

    @Test
    void keepsASystemAfterAFailedTest() {
        Simulation simulation = simulate(tests(25), Simulation.rules().withMaxSystems(6), FAILED);
        simulation.run();
        assertThat(simulation.systemsUsed).isEqualTo(6);
    }

    /** Fails the tests with these numbers. */
    private static Simulation failing(Simulation.Given rules, int count, Integer... failing) {
        Set<String> names = Stream.of(failing).map(i -> "/t" + i).collect(Collectors.toSet());
        return new Simulation(
                tests(count),
                1,
                rules,
                p -> Simulation.plain(),
                (test, attempt) -> names.contains(test.name()) ? FAILED : PASSED,
                test -> Duration.ofSeconds(1));
    }

    @Test
    void systemOfAFailedTestIsHeldAndReplaced() {
        Simulation simulation =
                failing(Simulation.rules().withMaxSystems(3).withHolds(1, Duration.ofMinutes(10)), 30, 1, 5);
        Duration took = simulation.run();
        assertThat(simulation.heldSystems).hasSize(1);
        assertThat(simulation.concluded).hasSize(30);
        assertThat(took)
                .as("the run waits for the end of the hold")
                .isBetween(Duration.ofMinutes(10), Duration.ofMinutes(11));
    }

    @Test
    void resultOfATestIsNotHeldBackWithItsSystem() {
        Simulation simulation = failing(Simulation.rules().withMaxSystems(3).withHolds(1, Duration.ofDays(1)), 30, 1);
        simulation.run();
        int held = indexOf(simulation, d -> d instanceof Decision.HoldSystem);
        int concluded = indexOf(
                simulation,
                d -> d instanceof Decision.Conclude end && end.test().name().equals("/t1"));
        assertThat(concluded).isBetween(held, held + 3);
    }

    private static int indexOf(Simulation simulation, Predicate<Decision> condition) {
        return IntStream.range(0, simulation.history.size())
                .filter(i -> condition.test(simulation.history.get(i)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void oneOfTheAllowedSystemsIsLeftForWaitingTests() {
        Simulation simulation =
                failing(Simulation.rules().withMaxSystems(2).withHolds(9, Duration.ofMinutes(10)), 10, 0, 1, 2, 3, 9);
        Duration took = simulation.run();
        assertThat(simulation.concluded).hasSize(10);
        assertThat(simulation.heldSystems)
                .as("one while tests wait, and the one of the last test")
                .hasSize(2);
        assertThat(took).isLessThan(Duration.ofMinutes(11));
    }

    @Test
    void heldSystemIsReleasedWhenItIsFreed() {
        Simulation simulation =
                failing(Simulation.rules().withMaxSystems(3).withHolds(3, Duration.ofDays(1)), 30, 1, 5, 7);
        simulation.freeHeldAfter = Duration.ofSeconds(20);
        assertThat(simulation.run()).isLessThan(Duration.ofMinutes(2));
        assertThat(simulation.heldSystems).hasSizeBetween(2, 3);
    }

    private static Simulation onTwo(Simulation.Given rules) {
        return new Simulation(
                tests(20), 2, rules, p -> Simulation.plain(), (test, attempt) -> PASSED, test -> Duration.ofSeconds(1));
    }

    @Test
    void preferredProvisionerIsAskedUpToItsLimit() {
        List<Supply.Terms> terms = List.of(
                new Supply.Terms(Map.of(), 0, Integer.MAX_VALUE, 0, null), new Supply.Terms(Map.of(), 1, 2, 0, null));
        Simulation simulation = onTwo(Simulation.rules().withMaxSystems(5).withTerms(terms::get));
        simulation.run();
        assertThat(simulation.requested).isEqualTo(Map.of(0, 3, 1, 2));
        simulation = onTwo(Simulation.rules().withMaxSystems(2).withTerms(terms::get));
        simulation.run();
        assertThat(simulation.requested).as("none of the other one").isEqualTo(Map.of(1, 2));
    }

    @Test
    void systemThatOneTestLeftUnusableIsNotResetAfterAnother() {
        Simulation simulation = new Simulation(
                tests(6),
                1,
                Simulation.rules().withMaxSystems(1),
                p -> new Supplies.Machine(Map.of(), 2, Duration.ZERO, Duration.ZERO, null),
                (test, attempt) -> test.name().equals("/t0") ? TestEnd.of(Outcome.LOST, "gone") : PASSED,
                test -> Duration.ofSeconds(test.name().equals("/t1") ? 10 : 1));
        simulation.run();
        assertThat(simulation.history).noneMatch(Decision.Renew.class::isInstance);
        assertThat(simulation.systemsUsed).isEqualTo(2);
    }

    @Test
    void cheapestProvisionerIsAskedFirstAndItsSystemsStayTheLongest() {
        List<Supply.Terms> terms = List.of(
                new Supply.Terms(Map.of(), 0, Integer.MAX_VALUE, 2.5, null),
                new Supply.Terms(Map.of(), 0, 2, 0.5, null));
        Simulation simulation = new Simulation(
                tests(3),
                2,
                Simulation.rules().withMaxSystems(3).withSpares(1).withTerms(terms::get),
                p -> new Supplies.Machine(Map.of("from", "p" + p), 1, Duration.ZERO, Duration.ZERO, null),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(test.name().equals("/t2") ? 100 : 1));
        simulation.run();
        assertThat(simulation.requested).isEqualTo(Map.of(0, 1, 1, 2));
        List<Integer> released = simulation.history.stream()
                .filter(Decision.Release.class::isInstance)
                .map(decision -> ((Decision.Release) decision).system())
                .toList();
        assertThat(released).as("a cheap system is the spare one").hasSize(3);

        simulation = new Simulation(
                tests(2),
                2,
                Simulation.rules().withMaxSystems(1).withTerms(terms::get),
                p -> Simulation.plain(),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.requested).as("none of the expensive one").isEqualTo(Map.of(1, 1));
    }

    /** A system whose preparation takes two hours, and a test that cannot run elsewhere. */
    private static Simulation stalling(Simulation.Given rules) {
        return new Simulation(
                tests(7),
                1,
                rules,
                p -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ofHours(2), null),
                (test, attempt) -> PASSED,
                test -> Duration.ofHours(3));
    }

    @Test
    void runTellsWhyTestsWaitWhenNothingHappens() {
        Simulation simulation = stalling(Simulation.rules().withMaxSystems(1).withStall(Duration.ofMinutes(10), null));
        simulation.run();
        assertThat(simulation.problems)
                .as("not while a test runs")
                .containsExactly("nothing has happened for PT10M: 7 tests (/t0, /t1, /t2, …) wait for a system");
        assertThat(simulation.concluded.values()).containsOnly(PASSED);
    }

    @Test
    void runEndsWhenNothingHappens() {
        Simulation simulation =
                stalling(Simulation.rules().withMaxSystems(1).withStall(Duration.ofMinutes(10), Stop.CANCEL));
        assertThat(simulation.run()).as("the preparation is cancelled").isEqualTo(Duration.ofMinutes(10));
        assertThat(simulation.problems)
                .singleElement()
                .asString()
                .startsWith("nothing has happened for PT10M, so the run ends: 7 tests");
        assertThat(simulation.concluded.values())
                .allMatch(end -> String.valueOf(end.note()).contains("nothing has happened for PT10M"));
    }

    @Test
    void otherProvisionerIsAskedIfThePreferredOneFails() {
        List<Supply.Terms> terms = List.of(Simulation.Given.PLAIN_TERMS, new Supply.Terms(Map.of(), 1, 9, 0, null));
        Simulation simulation = new Simulation(
                tests(20),
                2,
                Simulation.rules().withMaxSystems(4).withTerms(terms::get),
                p -> p == 1 ? new Supplies.Failure(Duration.ofMillis(10)) : Simulation.plain(),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.concluded.values()).containsOnly(PASSED);
    }

    @Test
    void otherProvisionerIsAskedIfARequestIsOverdue() {
        List<Supply.Terms> terms =
                List.of(Simulation.Given.PLAIN_TERMS, new Supply.Terms(Map.of(), 1, 9, 0, Duration.ofMinutes(5)));
        Simulation simulation = new Simulation(
                tests(20),
                2,
                Simulation.rules().withMaxSystems(4).withTerms(terms::get),
                p -> p == 1
                        ? new Supplies.Machine(Map.of(), 1, Duration.ofHours(5), Duration.ZERO, null)
                        : Simulation.plain(),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(1));
        simulation.run();
        assertThat(simulation.requested)
                .as("all of the allowed ones are overdue, and withdrawn")
                .isEqualTo(Map.of(0, 4, 1, 4));

        simulation = new Simulation(
                tests(6),
                2,
                Simulation.rules().withMaxSystems(12).withTerms(terms::get),
                p -> p == 1
                        ? new Supplies.Machine(Map.of(), 1, Duration.ofHours(5), Duration.ZERO, null)
                        : Simulation.plain(),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(1));
        assertThat(simulation.run()).isLessThan(Duration.ofMinutes(7));
        assertThat(simulation.requested).isEqualTo(Map.of(0, 6, 1, 6));
        assertThat(simulation.concluded.values()).containsOnly(PASSED);
    }

    /** 80 tests of 10 minutes, on 8 systems of which one provisioner makes each in 10 seconds, the other too late. */
    private static Simulation withASlowProvisioner(Duration after, Simulation.Given rules) {
        return new Simulation(
                tests(80),
                2,
                rules.withMaxSystems(8),
                p -> new Supplies.Machine(Map.of(), 1, p == 0 ? Duration.ofSeconds(10) : after, Duration.ZERO, null),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(10));
    }

    @Test
    void slowProvisionerDoesNotSlowTheRunDown() {
        Simulation simulation = withASlowProvisioner(Duration.ofHours(3), Simulation.rules());
        assertThat(simulation.run()).as("100 minutes are ideal").isLessThan(Duration.ofMinutes(112));
        assertThat(simulation.requested).isEqualTo(Map.of(0, 8, 1, 4));

        simulation = withASlowProvisioner(Duration.ofMinutes(3), Simulation.rules());
        simulation.clearedArrive = true;
        assertThat(simulation.run()).isLessThan(Duration.ofMinutes(112));
        assertThat(simulation.history.stream()
                        .filter(decision -> decision instanceof Decision.Release(int system, String why)
                                && why.contains("after its request was withdrawn")))
                .as("systems that arrive although others have been requested instead")
                .hasSize(4);
        assertThat(simulation.mostSystems).isLessThanOrEqualTo(12);
    }

    @Test
    void slowProvisionerIsUsedIfItIsPreferredOrCheaperOrAlone() {
        Duration slow = Duration.ofMinutes(3);
        List<Supply.Terms> preferred = List.of(Simulation.Given.PLAIN_TERMS, new Supply.Terms(Map.of(), 1, 9, 0, null));
        Simulation simulation = withASlowProvisioner(slow, Simulation.rules().withTerms(preferred::get));
        simulation.run();
        assertThat(simulation.requested).isEqualTo(Map.of(1, 8));

        List<Supply.Terms> limited = List.of(new Supply.Terms(Map.of(), 0, 4, 0, null), Simulation.Given.PLAIN_TERMS);
        simulation = withASlowProvisioner(slow, Simulation.rules().withTerms(limited::get));
        assertThat(simulation.run()).isLessThan(Duration.ofMinutes(112));
        assertThat(simulation.requested).as("the fast one has no more").isEqualTo(Map.of(0, 4, 1, 4));
    }

    @Test
    void systemsAreRequestedOneByOneWithARampUp() {
        Simulation simulation = simulate(tests(100), 5, Simulation.rules().withRampUp(Duration.ofSeconds(2)));
        simulation.run();
        List<Decision.Request> requests = simulation.history.stream()
                .filter(Decision.Request.class::isInstance)
                .map(Decision.Request.class::cast)
                .toList();
        assertThat(requests).hasSize(5).allMatch(request -> request.count() == 1);
        assertThat(simulation.requestedAt)
                .containsExactly(IntStream.range(0, 5)
                        .mapToObj(i -> Simulation.EPOCH.plusSeconds(2L * i))
                        .toArray(Instant[]::new));
    }

    @Test
    void picksFromManyTestsWithoutExaminingEach() {
        List<PlainTest> tests = IntStream.range(0, 200_000)
                .mapToObj(i -> TestCase.named("/t" + i).withLimit(Duration.ofSeconds(i % 1000)))
                .toList();
        Schedule schedule = Simulation.rules().withMaxSystems(1).schedule(tests, 1);
        schedule.on(new Event.Begin(), Simulation.EPOCH);
        schedule.on(new Event.Arriving(0), Simulation.EPOCH);
        schedule.on(new Event.Offered(new PoolSystem.Facts(1, 0, "s", "s", Map.of(), 1, null)), Simulation.EPOCH);
        List<Decision> decisions = schedule.on(new Event.Prepared(1), Simulation.EPOCH);
        int ran = 0;
        while (decisions.stream().anyMatch(d -> d instanceof Decision.Run)) {
            ran++;
            decisions = schedule.on(new Event.Finished(1, 1, PASSED), Simulation.EPOCH);
        }
        assertThat(ran).isEqualTo(200_000);
    }

    @Test
    void runsAnIsolatedTestAlone() {
        List<PlainTest> tests = new java.util.ArrayList<>(tests(10));
        tests.add(TestCase.named("/alone").withLock(TestLock.exclusive(TestLock.EVERYTHING)));
        Simulation simulation = simulate(tests, 4, Simulation.rules());
        simulation.run(); // asserts that no other test runs meanwhile
        assertThat(simulation.concluded.get("/alone")).isEqualTo(PASSED);
    }

    @Test
    void usesSystemsInParallelUpToTheBound() {
        Simulation simulation = simulate(tests(100), 10, Simulation.rules());
        assertThat(simulation.run()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void startsOnTheFirstSystemWithoutWaitingForTheOthers() {
        Duration[] delays = {Duration.ofHours(1), Duration.ZERO, Duration.ofHours(2)};
        int[] next = {0};
        Simulation simulation = new Simulation(
                tests(3),
                1,
                Simulation.rules(),
                p -> new Supplies.Machine(Map.of(), 1, delays[next[0]++], Duration.ZERO, null),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        assertThat(simulation.run()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void continuesWhileEverySecondSystemFails() {
        int[] next = {0};
        Simulation simulation = new Simulation(
                tests(30),
                1,
                Simulation.rules().withMaxSystems(3).withDestruction(DestructionPolicy.always()),
                p -> next[0]++ % 2 == 0 ? new Supplies.BadSetup(Duration.ofSeconds(1)) : Simulation.plain(),
                (test, attempt) -> TestEnd.of(Outcome.LOST, "gone"),
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.concluded.values()).allMatch(end -> end.outcome() == Outcome.LOST);
    }

    @Test
    void givesUpWithAReasonWhenEverySystemFails() {
        Simulation simulation = new Simulation(
                tests(3),
                1,
                Simulation.rules(),
                p -> new Supplies.Failure(Duration.ofSeconds(1)),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.concluded.values())
                .allMatch(end -> end.outcome() == Outcome.NOT_RUN)
                .allMatch(end -> String.valueOf(end.note()).contains("systems in a row failed, the last one: no luck"));
        assertThat(simulation.problems).singleElement().asString().contains("3 tests were not run");
    }

    @Test
    void namesTheNeedThatNoSystemMeets() {
        List<PlainTest> tests =
                List.of(TestCase.named("/any"), TestCase.named("/arm").withNeed(Simulation.arch("aarch64")));
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(1),
                p -> new Supplies.Machine(Map.of("arch", "x86_64"), 1, Duration.ZERO, Duration.ZERO, null),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.concluded.get("/any")).isEqualTo(PASSED);
        assertThat(simulation.concluded.get("/arm").note()).contains("/arm", "arch=aarch64", "arch=x86_64");
    }

    @Test
    void startsNoTestThatMayOutlastTheReservation() {
        List<PlainTest> tests = List.of(
                TestCase.named("/long").withLimit(Duration.ofHours(2)),
                TestCase.named("/short").withLimit(Duration.ofMinutes(10)));
        Duration[] leases = {Duration.ofHours(1), Duration.ofHours(3)};
        int[] next = {0};
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(1),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, leases[Math.min(1, next[0]++)]),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(5));
        simulation.run(); // asserts that limits end before reservations
        assertThat(simulation.started).containsExactly("/short", "/long");
    }

    @Test
    void releasesASystemWithATooShortReservation() {
        List<PlainTest> tests = List.of(
                TestCase.named("/busy").withPriority(1), TestCase.named("/long").withLimit(Duration.ofHours(2)));
        Duration[] leases = {null, Duration.ofHours(1), Duration.ofHours(3)};
        int[] next = {0};
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(2),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, leases[Math.min(2, next[0]++)]),
                (test, attempt) -> PASSED,
                test -> test.name().equals("/busy") ? Duration.ofHours(5) : Duration.ofHours(1));
        simulation.run();
        assertThat(next[0])
                .as("the long test does not wait for the busy one's system")
                .isEqualTo(3);
        assertThat(simulation.concluded.values()).containsOnly(PASSED);
    }

    @Test
    void givesUpATestForWhichEveryReservationIsTooShort() {
        List<PlainTest> tests = List.of(
                TestCase.named("/long").withLimit(Duration.ofHours(2)),
                TestCase.named("/short").withLimit(Duration.ofMinutes(10)));
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(1),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, Duration.ofHours(1)),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(5));
        simulation.run();
        assertThat(simulation.started).containsExactly("/short");
        assertThat(simulation.concluded.get("/long").outcome()).isEqualTo(Outcome.NOT_RUN);
        assertThat(simulation.concluded.get("/long").note())
                .contains("its reservation ends at ", "the first is /long", "which may take PT2H");
    }

    @Test
    void cancelsTheRunAfterTooManyFailures() {
        Simulation simulation =
                simulate(tests(50), Simulation.rules().withMaxSystems(2).withMaxFailures(3), FAILED);
        simulation.run();
        assertThat(simulation.concluded.values().stream()
                        .filter(end -> end.outcome() == Outcome.FAILED)
                        .count())
                .isBetween(3L, 4L);
        assertThat(simulation.concluded.get("/t49").note()).contains("3 tests failed");
    }

    private static Simulation simulate(List<PlainTest> tests, RunRules rules, TestEnd end) {
        Simulation.Given given = Simulation.rules().withMaxSystems(2);
        return new Simulation(
                given.schedule(tests, 1, rules),
                given,
                p -> Simulation.plain(),
                (test, attempt) -> end,
                test -> test.expected() == null ? Duration.ofMinutes(1) : test.expected());
    }

    @Test
    void runningTestsEndAfterTooManyFailuresIfAskedFor() {
        RunRules rules = Simulation.rules()
                .withMaxSystems(2)
                .rules()
                .with(10, 3, Stop.DRAIN, null, RunRules.Holds.NONE, Duration.ZERO);
        Simulation simulation = simulate(tests(50), rules, FAILED);
        simulation.run();
        assertThat(simulation.concluded.values().stream().map(TestEnd::outcome))
                .as("no test is cancelled")
                .containsOnly(Outcome.FAILED, Outcome.NOT_RUN);
    }

    @Test
    void testThatCannotEndWithinTheRunIsNotStarted() {
        List<PlainTest> tests = List.of(
                TestCase.named("/a").withPriority(1).withExpected(Duration.ofMinutes(50)),
                TestCase.named("/b").withPriority(1).withExpected(Duration.ofMinutes(40)),
                TestCase.named("/long").withExpected(Duration.ofMinutes(30)),
                TestCase.named("/tooLong").withExpected(Duration.ofHours(2)),
                TestCase.named("/late").withExpected(Duration.ofMinutes(25)),
                TestCase.named("/after").withAfter(After.passOf("/late")),
                TestCase.named("/short").withExpected(Duration.ofMinutes(10)));
        RunRules rules = Simulation.rules()
                .withMaxSystems(2)
                .rules()
                .with(10, 3, Stop.CANCEL, Duration.ofHours(1), RunRules.Holds.NONE, Duration.ZERO);
        Simulation simulation = simulate(tests, rules, PASSED);
        simulation.run();
        assertThat(simulation.started).containsExactly("/a", "/b", "/short");
        assertThat(simulation.concluded.get("/tooLong").note()).contains("expected to take PT2H", "limit of PT1H");
        assertThat(simulation.concluded.get("/late").outcome()).isEqualTo(Outcome.NOT_RUN);
        assertThat(simulation.concluded.get("/after").outcome()).isEqualTo(Outcome.SKIPPED);
    }

    @Test
    void endsImmediatelyWithoutTests() {
        Simulation simulation = simulate(List.of(), 1, Simulation.rules());
        assertThat(simulation.run()).isZero();
        assertThat(simulation.systemsUsed).isZero();
    }
}
