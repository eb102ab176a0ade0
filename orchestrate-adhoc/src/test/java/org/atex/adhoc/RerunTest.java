package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.Capability;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Where and when tests run again. */
class RerunTest {
    private static final Map<String, String> RESERVED = Map.of(Capability.RESERVED, "reruns");
    private static final Need NEED = Need.of(Capability.RESERVED, "reruns");
    private static final TestEnd PASSED = TestEnd.exited(0);
    private static final TestEnd FAILED = TestEnd.exited(1);
    private static final TestEnd LOST = new TestEnd(Outcome.LOST, null, "no answer", false);

    /** Runs tests of which the first fails in its first attempt, and returns where each attempt ran. */
    private static Simulation flaky(int tests, int hosts, RerunPolicy reruns) {
        List<PlainTest> all = IntStream.range(0, tests)
                .mapToObj(i -> TestCase.named("/t" + i))
                .toList();
        int[] next = {0};
        Simulation simulation = new Simulation(
                all,
                1,
                Simulation.rules()
                        .withMaxSystems(hosts)
                        .withReruns(reruns)
                        .withTerms(p -> new Supply.Terms(Map.of(), 0, hosts, 0, null)),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, null, "host" + next[0]++ % hosts),
                (test, attempt) -> test.name().equals("/t0") && attempt == 1 ? FAILED : PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        return simulation;
    }

    private static List<Integer> systemsOf(Simulation simulation, String test) {
        List<Integer> systems = new ArrayList<>();
        for (Decision decision : simulation.history) {
            if (decision instanceof Decision.Run run && run.test().name().equals(test)) {
                systems.add(run.system());
            }
        }
        return systems;
    }

    private static RerunPolicy once(Rerun how) {
        return RerunPolicy.maxReruns(1).with(how);
    }

    @Test
    void runsAgainAtItsPositionByDefault() {
        assertThat(flaky(5, 1, RerunPolicy.maxReruns(1)).started).startsWith("/t0", "/t0", "/t1");
    }

    @Test
    void runsAgainAfterAllOthers() {
        Simulation simulation = flaky(5, 1, once(Rerun.last()));
        assertThat(simulation.started).containsExactly("/t0", "/t1", "/t2", "/t3", "/t4", "/t0");
        assertThat(simulation.concluded.get("/t0")).isEqualTo(PASSED);
    }

    @Test
    void runsAgainAloneAtTheEnd() {
        // Simulation.run() asserts that nothing else runs when it is over; the duration shows that it ran alone.
        Simulation simulation = flaky(8, 4, once(Rerun.alone()));
        assertThat(simulation.started).hasSize(9).endsWith("/t0");
        assertThat(Duration.between(Simulation.EPOCH, simulation.now()))
                .as("8 tests on 4 systems, then one alone")
                .isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void runsAgainOnAnotherHost() {
        assertThat(systemsOf(flaky(20, 3, once(Rerun.inOrder().onOtherHost())), "/t0"))
                .hasSize(2)
                .doesNotHaveDuplicates();
        assertThat(systemsOf(flaky(5, 1, once(Rerun.inOrder().onOtherHost())), "/t0"))
                .as("there is no other host")
                .hasSize(2);
    }

    @Test
    void runsAgainOnAFreshSystem() {
        Simulation simulation = flaky(5, 1, once(Rerun.inOrder().onFreshSystem()));
        assertThat(simulation.concluded.get("/t0")).isEqualTo(PASSED);
        assertThat(simulation.history)
                .as("the only system is reset or replaced")
                .anyMatch(decision ->
                        decision instanceof Decision.Renew renew && renew.why().contains("/t0"));
    }

    @Test
    void systemIsMadeFreshWhenTheRerunIsDue() {
        for (Rerun how : List.of(Rerun.last(), Rerun.alone())) {
            Simulation simulation = flaky(22, 4, once(how.onFreshSystem()));
            assertThat(simulation.concluded.get("/t0")).isEqualTo(PASSED);
            List<Decision> history = simulation.history;
            int renewed = IntStream.range(0, history.size())
                    .filter(i -> history.get(i) instanceof Decision.Renew)
                    .findFirst()
                    .orElseThrow();
            assertThat(history.stream().filter(Decision.Renew.class::isInstance))
                    .as("resets, with %s", how)
                    .hasSize(1);
            assertThat(history.subList(renewed, history.size()).stream().filter(Decision.Run.class::isInstance))
                    .as("tests that start after the reset, with %s", how)
                    .hasSize(1);
        }
    }

    /**
     * Runs tests of which some fail in their first attempt, on two provisioners of which the second one is reserved.
     *
     * @param reserved what the reserved provisioner does for each request
     * @return the names of the tests by kind of host, in the order of their ends
     */
    private static Map<String, List<String>> reserved(
            int tests, RerunPolicy reruns, Predicate<String> fails, Supplier<Supplies> reserved) {
        List<PlainTest> all = IntStream.range(0, tests)
                .mapToObj(i -> TestCase.named("/t" + i))
                .toList();
        Map<String, List<String>> ran = new LinkedHashMap<>();
        int[] hosts = {0};
        Simulation simulation = new Simulation(
                all,
                2,
                Simulation.rules()
                        .withMaxSystems(4)
                        .withReruns(reruns)
                        .withTerms(p -> new Supply.Terms(p == 0 ? Map.of() : RESERVED, 0, 3, 0, null)),
                p -> p == 0
                        ? new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, null, "plain " + hosts[0]++)
                        : reserved.get(),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        Set<String> failed = new HashSet<>();
        simulation.endsOn = (test, host) -> {
            ran.computeIfAbsent(host.replaceAll(" .*", ""), key -> new ArrayList<>())
                    .add(test.name());
            return fails.test(test.name()) && failed.add(test.name()) ? FAILED : PASSED;
        };
        simulation.run();
        assertThat(simulation.concluded.keySet()).as("tests with an end").hasSize(tests);
        return ran;
    }

    private static Supplies reservedMachine() {
        return new Supplies.Machine(RESERVED, 1, Duration.ZERO, Duration.ZERO, null, "reserved");
    }

    @Test
    void runsAgainOnASystemWithAFurtherNeed() {
        for (Rerun how : List.of(
                Rerun.inOrder(), Rerun.last(), Rerun.alone(), Rerun.last().onFreshSystem())) {
            Map<String, List<String>> ran =
                    reserved(20, once(how.withNeed(NEED)), name -> name.matches("/t[37]"), RerunTest::reservedMachine);
            assertThat(ran.get("plain")).as("first attempts, with %s", how).hasSize(20);
            assertThat(ran.get("reserved")).as("reruns, with %s", how).containsExactlyInAnyOrder("/t3", "/t7");
        }
    }

    @Test
    void runsAgainOnAnySystemIfNoneMeetsTheFurtherNeed() {
        List<Supplies> none = List.of(
                new Supplies.Failure(Duration.ofSeconds(1)),
                new Supplies.BadSetup(Duration.ofSeconds(1)),
                new Supplies.Exhausted());
        for (Supplies answer : none) {
            Map<String, List<String>> ran =
                    reserved(20, once(Rerun.last().withNeed(NEED)), "/t3"::equals, () -> answer);
            assertThat(ran.get("plain"))
                    .as("attempts, with %s", answer)
                    .hasSize(21)
                    .endsWith("/t3");
        }
        assertThat(flaky(5, 1, once(Rerun.last().withNeed(NEED))).started)
                .as("no provisioner offers it")
                .containsExactly("/t0", "/t1", "/t2", "/t3", "/t4", "/t0");
    }

    @RepeatedTest(200)
    void reservedSystemsRunReruns(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        Rerun.On on = Rerun.On.values()[random.nextInt(3)];
        Rerun.Time time = Rerun.Time.values()[random.nextInt(3)];
        int failing = random.nextInt(10);
        Map<String, List<String>> ran = reserved(
                1 + random.nextInt(40),
                once(new Rerun(on, time, Set.of(NEED))),
                name -> name.hashCode() % 10 < failing,
                () -> switch (random.nextInt(4)) {
                    case 0 -> new Supplies.Failure(Duration.ofSeconds(random.nextInt(100)));
                    case 1 -> new Supplies.BadSetup(Duration.ofSeconds(random.nextInt(100)));
                    default -> reservedMachine();
                });
        List<String> firsts = ran.getOrDefault("plain", List.of());
        assertThat(ran.getOrDefault("reserved", List.of())).as("only reruns").isSubsetOf(firsts);
    }

    @Test
    void eachCauseHasItsOwnNumberOfRerunsAndPlace() {
        RerunPolicy policy = RerunPolicy.maxReruns(1, Outcome.FAILED)
                .with(Rerun.last())
                .or(RerunPolicy.maxReruns(2, Outcome.LOST).with(Rerun.inOrder().onOtherHost()));
        TestCase test = TestCase.named("/t");
        List<TestEnd> ends = List.of(LOST, LOST, FAILED);
        assertThat(policy.shouldRerun(test, ends))
                .as("lost systems do not use it up")
                .isTrue();
        assertThat(policy.how(test, ends)).isEqualTo(Rerun.last());
        assertThat(policy.how(test, List.of(LOST))).isEqualTo(Rerun.inOrder().onOtherHost());
        assertThat(policy.shouldRerun(test, List.of(LOST, LOST, FAILED, FAILED)))
                .isFalse();
    }

    @Test
    void fewSystemsAreRequestedIfThereIsNoOtherHost() {
        Simulation simulation = new Simulation(
                List.of(TestCase.named("/t0")),
                1,
                Simulation.rules().withReruns(once(Rerun.inOrder().onOtherHost())),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ofSeconds(1), Duration.ZERO, null, "host"),
                (test, attempt) -> attempt == 1 ? FAILED : PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.concluded.get("/t0")).isEqualTo(PASSED);
        assertThat(simulation.systemsUsed).isLessThanOrEqualTo(5);
    }
}
