package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.junit.jupiter.api.Test;

/** Where and when tests run again. */
class RerunTest {
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
