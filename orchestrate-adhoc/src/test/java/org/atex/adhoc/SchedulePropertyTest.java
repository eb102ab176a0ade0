package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.atex.adhoc.SimulatedFixtures.Simulated;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.After;
import org.atex.api.Fixture;
import org.atex.api.MultihostTest;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;

/** The invariants of {@link Simulation} hold for random tests, systems and failures. */
class SchedulePropertyTest {
    private static final Outcome[] ENDS = {
        Outcome.PASSED,
        Outcome.PASSED,
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.ERROR,
        Outcome.TIMED_OUT,
        Outcome.LOST,
        Outcome.SKIPPED
    };

    private static final Fixture<?> OF_RUN = new Simulated("run", Fixture.Scope.RUN);
    private static final Fixture<?> OF_SYSTEM = new Simulated("system", Fixture.Scope.SYSTEM, OF_RUN);
    private static final Fixture<?> OF_GROUP = new Simulated("group", Fixture.Scope.GROUP, OF_RUN);
    private static final List<Fixture<?>> FIXTURES = List.of(
            OF_RUN,
            OF_SYSTEM,
            OF_GROUP,
            new Simulated("test", Fixture.Scope.TEST, OF_SYSTEM),
            new Simulated("alone", Fixture.Scope.RUN),
            new Simulated("own", Fixture.Scope.TEST));

    @Property(tries = 2500, seed = "17")
    void everyRunKeepsTheInvariants(@ForAll long seed) {
        Random random = new Random(seed);
        simulation(random, true).run();
    }

    @Property(tries = 1200, seed = "17")
    void everyStoppedRunKeepsTheInvariants(@ForAll long seed) {
        Random random = new Random(seed);
        Simulation simulation = simulation(random, true);
        for (int i = 0; i <= random.nextInt(3); i++) {
            simulation.stopAt(seconds(random, 60), Stop.values()[random.nextInt(3)]);
        }
        simulation.run();
    }

    @Property(tries = 500, seed = "17")
    void everyTestRunsWhereSystemsWork(@ForAll long seed) {
        Random random = new Random(seed);
        Simulation simulation = simulation(random, false);
        simulation.run();
        assertThat(simulation.concluded)
                .as("every test runs if there are systems for all of them")
                .noneSatisfy((test, end) -> {
                    assertThat(end.outcome()).isEqualTo(Outcome.NOT_RUN);
                    assertThat(String.valueOf(end.note())).doesNotContain("the system of its group");
                    // There may not be enough systems at once; that is found out without waiting.
                    assertThat(test.startsWith("/m")
                                    && String.valueOf(end.note()).contains("systems at once"))
                            .isFalse();
                });
    }

    private static Simulation simulation(Random random, boolean accidents) {
        List<TestCase> tests = new ArrayList<>();
        int count = random.nextInt(40);
        for (int i = 0; i < count; i++) {
            PlainTest test = test("/t" + i, random, accidents);
            if (random.nextInt(3) == 0 && test.needs().isEmpty()) {
                // Destructive tests would contradict serial groups, and different architectures any group.
                test = test.withGroup("group" + random.nextInt(3)).withDestructive(false);
            }
            if (i > 0 && random.nextInt(5) == 0 && test.group() == null) {
                String other = "/t" + random.nextInt(i);
                test = test.withAfter(random.nextBoolean() ? After.endOf(other) : After.passOf(other));
            }
            tests.add(random.nextInt(3) == 0 ? withFixtures(test, random, test.group() != null, false) : test);
        }
        int maxSystems = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(5);
        for (int i = 0; i < random.nextInt(6); i++) {
            tests.add(multihost("/m" + i, random, accidents, maxSystems));
        }
        int provisioners = 1 + random.nextInt(3);
        Simulation.Given rules = Simulation.rules()
                .withOrder(
                        switch (random.nextInt(4)) {
                            case 0 -> TestOrder.longestFirst();
                            case 1 -> TestOrder.given();
                            default -> Policies.DEFAULT_ORDER;
                        })
                .withReruns(RerunPolicy.maxReruns(random.nextInt(3))
                        .with(new Rerun(
                                Rerun.On.values()[random.nextInt(3)],
                                Rerun.Time.values()[random.nextInt(3)],
                                random.nextInt(3) > 0
                                        ? Set.of()
                                        : Set.of(Simulation.arch(random.nextBoolean() ? "x86_64" : "aarch64")))))
                .withDestruction(
                        switch (random.nextInt(3)) {
                            case 0 -> DestructionPolicy.declared();
                            case 1 -> DestructionPolicy.afterFailure();
                            default -> DestructionPolicy.always();
                        })
                .withMaxSystems(maxSystems)
                .withSpares(random.nextInt(3))
                .withFailureWindow(1 + random.nextInt(10))
                .withMaxFailures(accidents && random.nextInt(4) == 0 ? 1 + random.nextInt(5) : Integer.MAX_VALUE)
                .withHolds(random.nextInt(3), Duration.ofSeconds(1L + random.nextInt(1000)))
                .withRampUp(Duration.ofMillis(random.nextInt(3) * 400L))
                .withTerms(terms(random.nextLong()))
                .withGroups(groups(random).toArray(TestGroup[]::new))
                .withFixtures(FIXTURES);
        Random later = new Random(random.nextLong());
        if (random.nextInt(4) == 0) {
            rules = rules.withNext((system, previous, waiting) ->
                    later.nextInt(5) == 0 ? null : waiting.get(later.nextInt(waiting.size())));
        }
        int slow = random.nextInt(6); // mostly none
        Simulation simulation = new Simulation(
                tests,
                provisioners,
                rules,
                provisioner -> supplies(later, accidents, provisioner == slow ? 1000 : 20),
                (test, attempt) -> TestEnd.of(ENDS[later.nextInt(ENDS.length)], null),
                test -> seconds(later, 20));
        simulation.clearedArrive = later.nextBoolean();
        simulation.fixtures.durations = fixture -> seconds(later, 20);
        if (accidents) {
            simulation.fixtures.failures = fixture -> later.nextInt(8) == 0 ? "bad luck" : "";
        }
        return simulation;
    }

    private static PlainTest withFixtures(PlainTest test, Random random, boolean grouped, boolean several) {
        PlainTest with = test;
        for (Fixture<?> fixture : FIXTURES) {
            // On several systems, a fixture of the test must not use one of a system.
            boolean suits = (grouped || fixture.scope() != Fixture.Scope.GROUP)
                    && !(several
                            && fixture.scope() == Fixture.Scope.TEST
                            && !fixture.uses().isEmpty());
            if (random.nextInt(3) == 0 && suits) {
                with = with.withFixture(fixture.name());
            }
        }
        return with;
    }

    private static TestCase multihost(String name, Random random, boolean picky, int maxSystems) {
        MultihostTest test = MultihostTest.named(name)
                .withOneFailureEndsAll(random.nextBoolean())
                .withPlan(plan -> plan.withPriority(random.nextInt(3)));
        boolean fixtures = random.nextInt(3) == 0;
        if (fixtures && random.nextBoolean()) {
            test = test.withPlan(plan -> plan.withGroup("gangs"));
        }
        if (fixtures) {
            test = test.withPlan(plan -> withFixtures(plan, random, plan.group() != null, true));
        }
        int left = Math.min(maxSystems, 1 + random.nextInt(5));
        for (int role = 0; left > 0; role++) {
            int count = 1 + random.nextInt(left);
            PlainTest part = test("role" + role, random, picky);
            boolean grouped = test.plan().group() != null;
            test = test.withRole("role" + role, count, fixtures ? withFixtures(part, random, grouped, true) : part);
            left -= count;
        }
        return test;
    }

    private static List<TestGroup> groups(Random random) {
        List<TestGroup> groups = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            TestGroup group = TestGroup.free("group" + i);
            if (random.nextBoolean()) {
                group = TestGroup.serial("group" + i)
                        .afterFailure(rest(random))
                        .afterLoss(TestGroup.Rest.values()[random.nextInt(3)]);
            }
            group = random.nextInt(3) == 0 ? group.alone() : group;
            group = random.nextBoolean() ? group.withPriority(random.nextInt(3)) : group;
            groups.add(group);
        }
        return groups;
    }

    private static TestGroup.Rest rest(Random random) {
        return random.nextBoolean() ? TestGroup.Rest.CONTINUE : TestGroup.Rest.SKIP;
    }

    private static IntFunction<Supply.Terms> terms(long seed) {
        return provisioner -> {
            Random random = new Random(seed + provisioner);
            return new Supply.Terms(
                    Map.of(),
                    random.nextInt(3),
                    random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(4),
                    0,
                    random.nextBoolean() ? null : Duration.ofSeconds(1L + random.nextInt(20)));
        };
    }

    private static PlainTest test(String name, Random random, boolean picky) {
        PlainTest test = TestCase.named(name).withPriority(random.nextInt(3));
        if (random.nextInt(3) == 0) {
            test = test.withLimit(Duration.ofSeconds(20 + random.nextInt(40)));
        }
        if (random.nextInt(4) == 0) {
            test = test.withLock(lock(random));
        }
        if (picky && random.nextInt(4) == 0) {
            test = test.withNeed(Simulation.arch(random.nextBoolean() ? "x86_64" : "aarch64"));
        }
        return random.nextInt(10) == 0 ? test.withDestructive(true) : test;
    }

    private static TestLock lock(Random random) {
        String name = random.nextInt(4) == 0 ? TestLock.EVERYTHING : "lock" + random.nextInt(3);
        return random.nextBoolean() ? TestLock.shared(name) : TestLock.exclusive(name);
    }

    private static Supplies supplies(Random random, boolean accidents, int slowest) {
        int kind = accidents ? random.nextInt(12) : 11;
        return switch (kind) {
            case 0 -> new Supplies.Failure(seconds(random, 10));
            case 1 -> new Supplies.BadSetup(seconds(random, 10));
            case 2 -> random.nextInt(5) == 0 ? new Supplies.Nothing() : Simulation.plain();
            case 3 -> new Supplies.Exhausted();
            default ->
                new Supplies.Machine(
                        random.nextInt(3) == 0 ? Map.of() : Map.of("arch", random.nextBoolean() ? "x86_64" : "aarch64"),
                        1 + random.nextInt(3),
                        seconds(random, slowest),
                        seconds(random, 5),
                        accidents && random.nextInt(5) == 0 ? seconds(random, 100) : null);
        };
    }

    private static Duration seconds(Random random, int most) {
        return Duration.ofMillis(random.nextInt(most * 1000));
    }
}
