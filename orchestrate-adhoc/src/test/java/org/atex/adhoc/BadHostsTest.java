package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.junit.jupiter.api.Test;

/** Runs that can succeed are not given up, and bad hosts are detected. */
class BadHostsTest {
    private static final TestEnd PASSED = TestEnd.exited(0);
    private static final TestEnd FAILED = TestEnd.exited(1);

    private static List<PlainTest> tests(int count) {
        return IntStream.range(0, count).mapToObj(i -> TestCase.named("/t" + i)).toList();
    }

    private static Supplies.Machine on(String host, Duration setup) {
        return new Supplies.Machine(Map.of(), 1, Duration.ZERO, setup, null, host);
    }

    private static Simulation simulation(
            int tests, Simulation.Given given, Function<Integer, Supplies> supplies, Duration each) {
        return new Simulation(tests(tests), 1, given, supplies, (test, attempt) -> PASSED, test -> each);
    }

    private static long passed(Simulation simulation) {
        return simulation.concluded.values().stream().filter(PASSED::equals).count();
    }

    /** Hosts that are handed out in turn, each to one system at a time. */
    private static final class Hosts implements Function<Integer, Supplies> {
        private final Deque<String> free = new ArrayDeque<>();
        private final String bad;

        Hosts(int count, String bad) {
            IntStream.rangeClosed(1, count).forEach(i -> free.add("host" + i));
            this.bad = bad;
        }

        @Override
        public Supplies apply(Integer provisioner) {
            String host = free.poll();
            if (host == null) {
                return new Supplies.Nothing();
            }
            return host.equals(bad)
                    ? new Supplies.BadSetup(Duration.ofMillis(100), host)
                    : on(host, Duration.ofMillis(100));
        }

        void back(String host) {
            // The host released first is handed out first: a black hole is released the earliest.
            free.addFirst(host);
        }
    }

    @Test
    void oneBadHostOfFourDoesNotEndTheRun() {
        Hosts hosts = new Hosts(4, "host1");
        Simulation simulation = simulation(
                6,
                Simulation.rules().withMaxSystems(4).withDestruction(DestructionPolicy.always()),
                hosts,
                Duration.ofSeconds(25));
        simulation.onRelease = hosts::back;
        simulation.run();
        assertThat(passed(simulation)).isEqualTo(6);
        assertThat(simulation.quarantined).containsExactly("host1");
        assertThat(simulation.problems).anyMatch(problem -> problem.contains("host1") && problem.contains("3 prep"));
    }

    @Test
    void quickFailuresBeforeManyGoodSystemsDoNotEndARun() {
        int[] asked = {0};
        Simulation simulation = simulation(
                100,
                Simulation.rules(),
                p -> asked[0]++ < 15
                        ? new Supplies.Failure(Duration.ofMillis(10))
                        : new Supplies.Machine(Map.of(), 1, Duration.ofSeconds(90), Duration.ZERO, null),
                Duration.ofSeconds(1));
        simulation.run();
        assertThat(passed(simulation)).isEqualTo(100);
    }

    @Test
    void aShortOutageDoesNotEndARun() {
        Simulation[] simulation = {null};
        simulation[0] = simulation(
                200,
                Simulation.rules().withMaxSystems(20).withDestruction(DestructionPolicy.always()),
                p -> simulation[0].now().isBefore(Simulation.EPOCH.plusMillis(5200))
                                && simulation[0].now().isAfter(Simulation.EPOCH.plusMillis(5000))
                        ? new Supplies.Failure(Duration.ofMillis(5))
                        : new Supplies.Machine(Map.of(), 1, Duration.ofMillis(50), Duration.ZERO, null),
                Duration.ofSeconds(1));
        simulation[0].run();
        assertThat(passed(simulation[0])).isEqualTo(200);
    }

    @Test
    void randomFailuresDoNotEndABigRun() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            Simulation simulation = simulation(
                    800,
                    Simulation.rules().withMaxSystems(400).withDestruction(DestructionPolicy.always()),
                    p -> random.nextInt(20) == 0
                            ? new Supplies.Failure(Duration.ofMillis(random.nextInt(1000)))
                            : new Supplies.Machine(
                                    Map.of(), 1, Duration.ofMillis(random.nextInt(1000)), Duration.ZERO, null),
                    Duration.ofSeconds(1));
            simulation.run();
            assertThat(passed(simulation)).as("seed %d", seed).isEqualTo(800);
        }
    }

    @Test
    void aBrokenProvisionerDoesNotEndARunInWhichAnotherWorks() {
        Simulation simulation = new Simulation(
                tests(40),
                2,
                Simulation.rules().withMaxSystems(2).withDestruction(DestructionPolicy.always()),
                p -> p == 0 ? new Supplies.Failure(Duration.ofMillis(1)) : Simulation.plain(),
                (test, attempt) -> PASSED,
                test -> Duration.ofMinutes(2));
        simulation.run();
        assertThat(passed(simulation)).isEqualTo(40);
    }

    @Test
    void aHopelessRunEndsInMinutes() {
        Simulation simulation = simulation(
                200, Simulation.rules(), p -> new Supplies.Failure(Duration.ofMillis(10)), Duration.ofSeconds(1));
        assertThat(simulation.run()).isLessThan(Duration.ofMinutes(2));
        assertThat(simulation.concluded.values())
                .allMatch(end -> end.outcome() == Outcome.NOT_RUN)
                .allMatch(end -> String.valueOf(end.note()).contains("no luck"));
    }

    @Test
    void systemThatArrivesAtTheEndOfTheWaitIsUsed() {
        Simulation simulation = simulation(
                3,
                Simulation.rules().withMaxSystems(1),
                p -> new Supplies.Machine(Map.of(), 1, Duration.ofHours(1).minusMillis(1), Duration.ofMinutes(5), null),
                Duration.ofSeconds(1));
        simulation.run();
        assertThat(passed(simulation)).isEqualTo(3);
    }

    @Test
    void unsatisfiableTestDoesNotUseUpSystems() {
        List<PlainTest> tests =
                List.of(TestCase.named("/any"), TestCase.named("/gpu").withNeed(Need.of("gpu")));
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(1),
                p -> new Supplies.Machine(Map.of("arch", "x86_64"), 1, Duration.ZERO, Duration.ZERO, null),
                (test, attempt) -> PASSED,
                test -> Duration.ofSeconds(1));
        simulation.run();
        assertThat(simulation.systemsUsed).isEqualTo(1);
        assertThat(simulation.concluded.get("/gpu").note()).contains("gpu", "arch=x86_64");
    }

    /** Runs 300 tests on ten hosts; one host fails every test immediately. */
    private static Simulation blackHole(Duration each) {
        int[] next = {0};
        Simulation simulation = new Simulation(
                tests(300),
                1,
                Simulation.rules().withMaxSystems(10),
                p -> on("host" + ++next[0], Duration.ZERO),
                (test, attempt) -> PASSED,
                test -> each);
        simulation.endsOn = (test, host) -> host.equals("host3") ? FAILED : PASSED;
        simulation.takesOn = (test, host) -> host.equals("host3") ? Duration.ofSeconds(1) : each;
        return simulation;
    }

    @Test
    void blackHoleIsDetectedAndItsTestsRunElsewhere() {
        for (Duration each : List.of(Duration.ofSeconds(2), Duration.ofSeconds(10), Duration.ofMinutes(2))) {
            Simulation simulation = blackHole(each);
            simulation.run();
            assertThat(simulation.quarantined).as("tests of %s", each).containsExactly("host3");
            assertThat(passed(simulation)).as("passed, with tests of %s", each).isEqualTo(300);
            assertThat(simulation.startedOn.get("host3"))
                    .as("tests of %s that ran on the black hole", each)
                    .isLessThan(25);
            assertThat(simulation.problems)
                    .singleElement()
                    .asString()
                    .containsPattern(
                            "host3 was not used any more: \\d+ of \\d+ tests failed on it, and 0 of \\d+ elsewhere");
        }
    }

    /** Runs tests on three hosts, of which one is lost with each test and comes back after a while. */
    private static Simulation lostHost(int tests, Duration absence) {
        Hosts hosts = new Hosts(3, "none");
        boolean[] isUsed = {false};
        Simulation simulation = simulation(
                tests,
                Simulation.rules().withMaxSystems(3),
                p -> {
                    Supplies next = hosts.apply(p);
                    if (!(next instanceof Supplies.Machine system) || !"host3".equals(system.host())) {
                        return next;
                    }
                    Duration after = isUsed[0] ? absence : Duration.ZERO;
                    isUsed[0] = true;
                    return new Supplies.Machine(Map.of(), 1, after, Duration.ZERO, null, "host3");
                },
                Duration.ofSeconds(2));
        simulation.onRelease = hosts::back;
        simulation.endsOn = (test, host) -> host.equals("host3") ? TestEnd.of(Outcome.LOST, "gone") : PASSED;
        return simulation;
    }

    @Test
    void hostThatIsLostWithEachTestIsDetectedAndItsTestsRunElsewhere() {
        for (Duration absence : List.of(Duration.ZERO, Duration.ofSeconds(5), Duration.ofHours(1))) {
            for (int tests : List.of(3, 24, 300)) {
                Simulation simulation = lostHost(tests, absence);
                simulation.run();
                assertThat(passed(simulation))
                        .as("passed of %d tests, absent for %s", tests, absence)
                        .isEqualTo(tests);
                assertThat(simulation.quarantined).containsExactly("host3");
                assertThat(simulation.startedOn.get("host3")).isLessThanOrEqualTo(3);
                assertThat(simulation.problems)
                        .singleElement()
                        .asString()
                        .containsPattern(
                                "host3 was not used any more: (\\d) of \\1 tests were lost on it, and 0 of \\d+");
            }
        }
    }

    private static Simulation onThreeHosts(int tests) {
        Hosts hosts = new Hosts(3, "none");
        Simulation simulation = simulation(tests, Simulation.rules().withMaxSystems(3), hosts, Duration.ofSeconds(2));
        simulation.onRelease = hosts::back;
        return simulation;
    }

    @Test
    void hostThatBecomesSickLaterIsDetected() {
        Simulation simulation = onThreeHosts(60);
        simulation.endsOn = (test, host) ->
                host.equals("host3") && simulation.now().isAfter(Simulation.EPOCH.plusSeconds(9))
                        ? TestEnd.of(Outcome.LOST, "gone")
                        : PASSED;
        simulation.run();
        assertThat(simulation.quarantined).containsExactly("host3");
        assertThat(simulation.concluded.values().stream().filter(end -> end.outcome() == Outcome.LOST))
                .as("tests that were lost on a host on which others had passed")
                .hasSize(3);
    }

    @Test
    void testThatLosesEachSystemIsNoFaultOfItsHosts() {
        Simulation simulation = onThreeHosts(30);
        simulation.endsOn = (test, host) ->
                test.name().equals("/t7") || test.name().equals("/t8") ? TestEnd.of(Outcome.LOST, "gone") : PASSED;
        simulation.run();
        assertThat(passed(simulation)).isEqualTo(28);
        assertThat(simulation.quarantined).isEmpty();
    }

    @Test
    void suiteThatFailsOnAllHostsIsNoBlackHole() {
        int[] next = {0};
        Simulation simulation = new Simulation(
                tests(300),
                1,
                Simulation.rules().withMaxSystems(10),
                p -> on("host" + ++next[0], Duration.ZERO),
                (test, attempt) -> FAILED,
                test -> Duration.ofSeconds(test.name().hashCode() % 7 + 10));
        simulation.run();
        assertThat(simulation.quarantined).isEmpty();
        assertThat(simulation.concluded.values()).containsOnly(FAILED);
        assertThat(simulation.started).as("no test runs twice").hasSize(300);
    }

    @Test
    void someFailuresAreNoBlackHole() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int[] next = {0};
            Simulation simulation = new Simulation(
                    tests(200),
                    1,
                    Simulation.rules().withMaxSystems(10),
                    p -> on("host" + ++next[0], Duration.ZERO),
                    (test, attempt) -> random.nextInt(4) == 0 ? FAILED : PASSED,
                    test -> Duration.ofMillis(500 + random.nextInt(10_000)));
            simulation.run();
            assertThat(simulation.quarantined).as("seed %d", seed).isEmpty();
        }
    }
}
