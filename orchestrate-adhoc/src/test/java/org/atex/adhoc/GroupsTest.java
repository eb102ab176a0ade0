package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.atex.adhoc.TestGroup.Rest;
import org.atex.api.After;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.junit.jupiter.api.Test;

/** Groups of tests, and tests that run after others. {@link Simulation} checks that both are observed. */
class GroupsTest {
    private static final TestEnd PASSED = TestEnd.exited(0);
    private static final TestEnd FAILED = TestEnd.exited(1);
    private static final TestEnd LOST = new TestEnd(Outcome.LOST, null, "no answer", false);

    private static List<PlainTest> members(String group, int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> TestCase.named("/" + group + i).withGroup(group))
                .toList();
    }

    private static List<PlainTest> withOthers(int others, List<PlainTest> tests) {
        List<PlainTest> all = new ArrayList<>();
        for (int i = 0; i < others; i++) {
            all.add(TestCase.named("/other" + i));
        }
        all.addAll(tests);
        return all;
    }

    private static Simulation simulate(
            List<PlainTest> tests, Simulation.Given rules, BiFunction<TestCase, Integer, TestEnd> ends) {
        Simulation simulation =
                new Simulation(tests, 1, rules, p -> Simulation.plain(), ends, test -> Duration.ofSeconds(1));
        simulation.run();
        return simulation;
    }

    private static Simulation simulate(List<PlainTest> tests, Simulation.Given rules) {
        return simulate(tests, rules, (test, attempt) -> PASSED);
    }

    private static List<String> startedOf(Simulation simulation, String group) {
        return simulation.started.stream()
                .filter(name -> name.startsWith("/" + group))
                .toList();
    }

    private static Map<String, Outcome> outcomes(Simulation simulation) {
        Map<String, Outcome> outcomes = new TreeMap<>();
        simulation.concluded.forEach((name, end) -> outcomes.put(name, end.outcome()));
        return outcomes;
    }

    @Test
    void serialGroupRunsInOrderOnOneSystem() {
        Simulation simulation = simulate(
                withOthers(50, members("db", 5)),
                Simulation.rules().withMaxSystems(4).withGroups(TestGroup.serial("db")));
        assertThat(startedOf(simulation, "db")).containsExactly("/db1", "/db2", "/db3", "/db4", "/db5");
    }

    @Test
    void groupCompetesByItsOwnPriority() {
        List<PlainTest> group = List.of(
                TestCase.named("/db1").withGroup("db").withPriority(-5),
                TestCase.named("/db2").withGroup("db").withPriority(7));
        Simulation.Given rules = Simulation.rules().withMaxSystems(1);

        assertThat(simulate(
                                withOthers(3, group),
                                rules.withGroups(TestGroup.serial("db").withPriority(1)))
                        .started)
                .as("before the others, and the member with the higher priority first")
                .startsWith("/db2", "/db1");
        assertThat(simulate(
                                withOthers(3, group),
                                rules.withGroups(TestGroup.free("db").withPriority(-1)))
                        .started)
                .as("after the others")
                .endsWith("/db2", "/db1");
    }

    @Test
    void restOfASerialGroupRunsAfterAFailure() {
        Simulation simulation = simulate(
                members("db", 3),
                Simulation.rules().withGroups(TestGroup.serial("db")),
                (test, attempt) -> test.name().equals("/db1") ? FAILED : PASSED);
        assertThat(outcomes(simulation))
                .isEqualTo(Map.of("/db1", Outcome.FAILED, "/db2", Outcome.PASSED, "/db3", Outcome.PASSED));
    }

    @Test
    void restOfASerialGroupIsSkippedAfterAFailureIfAskedFor() {
        Simulation simulation = simulate(
                members("db", 4),
                Simulation.rules().withGroups(TestGroup.serial("db").afterFailure(Rest.SKIP)),
                (test, attempt) -> test.name().equals("/db2") ? FAILED : PASSED);
        assertThat(outcomes(simulation))
                .isEqualTo(Map.of(
                        "/db1", Outcome.PASSED,
                        "/db2", Outcome.FAILED,
                        "/db3", Outcome.SKIPPED,
                        "/db4", Outcome.SKIPPED));
        assertThat(simulation.concluded.get("/db4").note()).isEqualTo("skipped: /db2 of its group db failed");
    }

    @Test
    void restOfASerialGroupIsNotRunIfItsSystemIsLost() {
        BiFunction<TestCase, Integer, TestEnd> second =
                (test, attempt) -> test.name().equals("/db2") ? LOST : PASSED;
        Simulation.Given rules = Simulation.rules().withReruns(RerunPolicy.maxReruns(2));
        Simulation skipping = simulate(members("db", 4), rules.withGroups(TestGroup.serial("db")), second);
        assertThat(outcomes(skipping))
                .isEqualTo(Map.of(
                        "/db1", Outcome.PASSED,
                        "/db2", Outcome.LOST,
                        "/db3", Outcome.NOT_RUN,
                        "/db4", Outcome.NOT_RUN));
        assertThat(skipping.concluded.get("/db4").note()).contains("the system of its group db was lost", "/db2");
        assertThat(skipping.started)
                .as("no attempt without what the first test left")
                .hasSize(2);

        Simulation continuing = simulate(
                members("db", 4),
                rules.withGroups(TestGroup.serial("db").afterLoss(Rest.CONTINUE)),
                (test, attempt) -> test.name().equals("/db2") && attempt == 1 ? LOST : PASSED);
        assertThat(outcomes(continuing).values()).containsOnly(Outcome.PASSED);
    }

    @Test
    void serialGroupStartsAgainIfItsSystemIsLost() {
        Simulation.Given rules = Simulation.rules()
                .withMaxSystems(1)
                .withGroups(TestGroup.serial("db").afterLoss(Rest.RESTART));
        Simulation once = simulate(
                withOthers(2, members("db", 4)),
                rules,
                (test, attempt) -> test.name().equals("/db3") && attempt == 1 ? LOST : PASSED);
        assertThat(startedOf(once, "db")).containsExactly("/db1", "/db2", "/db3", "/db1", "/db2", "/db3", "/db4");
        assertThat(outcomes(once).values()).containsOnly(Outcome.PASSED);
        assertThat(once.problems)
                .containsExactly("the group db was started again, as its system was lost or replaced: /db3 was lost");
        assertThat(once.history.stream()
                        .filter(Decision.Conclude.class::isInstance)
                        .map(Decision.Conclude.class::cast)
                        .map(conclude -> conclude.test() + " " + conclude.attempt() + " " + conclude.last() + " "
                                + conclude.test().cause(conclude.attempt())))
                .as("all attempts are stored, in order")
                .contains(
                        "/db1 1 false FIRST", "/db3 1 false FIRST", "/db1 2 true GROUP_RESTARTED", "/db4 1 true FIRST");

        Simulation always =
                simulate(members("db", 4), rules, (test, attempt) -> test.name().equals("/db3") ? LOST : PASSED);
        assertThat(startedOf(always, "db")).as("three more times").hasSize(12);
        assertThat(outcomes(always))
                .isEqualTo(Map.of(
                        "/db1", Outcome.PASSED,
                        "/db2", Outcome.PASSED,
                        "/db3", Outcome.LOST,
                        "/db4", Outcome.NOT_RUN));
    }

    @Test
    void failedMemberRunsAgainBeforeTheNextOne() {
        Simulation simulation = simulate(
                withOthers(9, members("db", 3)),
                Simulation.rules()
                        .withMaxSystems(2)
                        .withReruns(RerunPolicy.maxReruns(1))
                        .withDestruction(DestructionPolicy.afterFailure())
                        .withGroups(TestGroup.serial("db")),
                (test, attempt) -> test.name().equals("/db2") && attempt == 1 ? FAILED : PASSED);
        assertThat(startedOf(simulation, "db")).containsExactly("/db1", "/db2", "/db2", "/db3");
        assertThat(outcomes(simulation).values()).containsOnly(Outcome.PASSED);
        assertThat(simulation.history)
                .as("the policy spends the system after the group")
                .anyMatch(decision -> decision instanceof Decision.Renew || decision instanceof Decision.Release);
    }

    @Test
    void groupRunsAloneButItsTestsBesideEachOther() {
        Simulation simulation = new Simulation(
                withOthers(20, members("net", 8)),
                1,
                Simulation.rules()
                        .withMaxSystems(4)
                        .withGroups(TestGroup.free("net").alone()),
                p -> Simulation.plain(),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        assertThat(simulation.run()).as("28 tests of 1 s on 4 systems").isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void freeGroupStaysOnOneSystem() {
        Simulation simulation = simulate(
                withOthers(20, members("cache", 6)),
                Simulation.rules()
                        .withMaxSystems(4)
                        .withGroups(TestGroup.free("cache").onOneSystem()));
        assertThat(simulation.history.stream()
                        .filter(decision -> decision instanceof Decision.Run run
                                && run.test().name().startsWith("/cache"))
                        .map(decision -> ((Decision.Run) decision).system())
                        .distinct())
                .hasSize(1);
    }

    @Test
    void testRunsAfterOthersAndIsSkippedIfOneDoesNotPass() {
        List<PlainTest> tests = List.of(
                TestCase.named("/last").withPriority(9).withAfter(After.endOf("/broken")),
                TestCase.named("/upgrade").withPriority(8).withAfter(After.passOf("/install")),
                TestCase.named("/never").withAfter(After.passOf("/broken")),
                TestCase.named("/norNow").withAfter(After.passOf("/never")),
                TestCase.named("/install"),
                TestCase.named("/broken"));
        Simulation simulation = simulate(
                tests,
                Simulation.rules().withMaxSystems(3),
                (test, attempt) -> test.name().equals("/broken") ? FAILED : PASSED);
        assertThat(outcomes(simulation))
                .isEqualTo(Map.of(
                        "/last", Outcome.PASSED,
                        "/upgrade", Outcome.PASSED,
                        "/never", Outcome.SKIPPED,
                        "/norNow", Outcome.SKIPPED,
                        "/install", Outcome.PASSED,
                        "/broken", Outcome.FAILED));
        assertThat(simulation.concluded.get("/never").note())
                .isEqualTo("skipped: it runs only if /broken passes, but that failed");
    }

    @Test
    void contradictionsAreRefusedBeforeTheRun() {
        assertRefused(
                List.of(
                        TestCase.named("/a").withAfter(After.endOf("/b")),
                        TestCase.named("/b").withAfter(After.passOf("/a"))),
                "tests wait for each other: /a after /b after /a");
        assertRefused(
                List.of(TestCase.named("/a").withAfter(After.passOf("/gone"))),
                "/a runs only if /gone has passed, which is not a test of this run");
        assertRefused(
                List.of(
                        TestCase.named("/a").withGroup("g").withDestructive(true),
                        TestCase.named("/b").withGroup("g")),
                "/a is destructive, but other tests of the serial group run after it",
                TestGroup.serial("g"));
        assertRefused(
                List.of(
                        TestCase.named("/a").withGroup("g").withNeed(Need.of("arch", "x86_64")),
                        TestCase.named("/b").withGroup("g").withNeed(Need.of("arch", "aarch64"))),
                "must run on one system",
                TestGroup.free("g").onOneSystem());
        assertRefused(
                List.of(
                        TestCase.named("/a").withGroup("g").withPriority(1).withAfter(After.endOf("/b")),
                        TestCase.named("/b").withGroup("g")),
                "tests wait for each other",
                TestGroup.serial("g"));
        assertThatThrownBy(() -> TestGroup.free("g").afterFailure(Rest.SKIP)).hasMessageContaining("TestGroup.serial");
    }

    private static void assertRefused(List<PlainTest> tests, String message, TestGroup... groups) {
        assertThatThrownBy(() -> Simulation.rules().withGroups(groups).schedule(tests, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void lockOfASerialGroupIsHeldBetweenItsTests() {
        List<PlainTest> group =
                members("db", 4).stream().map(test -> test.withPriority(1)).toList();
        List<PlainTest> tests = new ArrayList<>(group);
        tests.set(3, tests.get(3).withLock(TestLock.exclusive("port")));
        for (int i = 0; i < 10; i++) {
            tests.add(TestCase.named("/user" + i).withPriority(5 * i - 5).withLock(TestLock.shared("port")));
        }
        Simulation simulation =
                simulate(tests, Simulation.rules().withMaxSystems(3).withGroups(TestGroup.serial("db")));
        int first = simulation.started.indexOf("/db1");
        assertThat(simulation.started.subList(first, first + 4)).allMatch(name -> name.startsWith("/db"));
    }

    @Test
    void testThatWaitsForSeveralOthersIsSkippedOnce() {
        List<PlainTest> tests = List.of(
                TestCase.named("/a"),
                TestCase.named("/b").withAfter(After.passOf("/a")),
                TestCase.named("/c").withAfter(After.passOf("/a")).withAfter(After.passOf("/b")),
                TestCase.named("/d").withAfter(After.endOf("/a")).withAfter(After.passOf("/b")));
        assertThat(outcomes(simulate(tests, Simulation.rules(), (test, attempt) -> FAILED)))
                .isEqualTo(Map.of(
                        "/a", Outcome.FAILED,
                        "/b", Outcome.SKIPPED,
                        "/c", Outcome.SKIPPED,
                        "/d", Outcome.SKIPPED));
    }

    @Test
    void chainMayBeAsLongAsTheRun() {
        List<PlainTest> tests = new ArrayList<>(List.of(TestCase.named("/t0")));
        for (int i = 1; i < 20_000; i++) {
            tests.add(TestCase.named("/t" + i).withAfter(After.passOf("/t" + (i - 1))));
        }
        Simulation simulation = simulate(tests, Simulation.rules(), (test, attempt) -> FAILED);
        assertThat(simulation.started).hasSize(1);
        assertThat(simulation.concluded).hasSize(20_000);
    }

    @Test
    void nextTestOfASerialGroupWaitsForAllBeforeIt() {
        List<PlainTest> tests = List.of(
                TestCase.named("/x").withExpected(Duration.ofSeconds(2)),
                TestCase.named("/g1").withGroup("g").withPriority(3).withExpected(Duration.ofSeconds(60)),
                TestCase.named("/g2").withGroup("g").withPriority(2).withAfter(After.passOf("/x")),
                TestCase.named("/g3").withGroup("g").withPriority(1));
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withGroups(TestGroup.serial("g")),
                p -> Simulation.plain(),
                (test, attempt) -> test.name().equals("/x") ? FAILED : PASSED,
                test -> test.expected() == null ? Duration.ofSeconds(1) : test.expected());
        simulation.run();
        assertThat(simulation.started).containsExactly("/g1", "/x", "/g3");
        assertThat(outcomes(simulation)).containsEntry("/g2", Outcome.SKIPPED).containsEntry("/g3", Outcome.PASSED);
    }
}
