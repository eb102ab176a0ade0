package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.After;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;

/** Random combinations of groups, dependencies, locks, needs, reruns, holds and limits end well, and soon. */
class CombinationsPropertyTest {
    private final Duration setUp = Duration.ofSeconds(1);

    @Property(tries = 4000, seed = "17")
    void everyCombinationEnds(@ForAll long seed) {
        Random random = new Random(seed);
        int kinds = 1 + random.nextInt(3);
        List<PlainTest> tests = tests(random, kinds);
        Simulation.Given given = given(random);
        RunRules rules = given.rules();
        if (random.nextInt(4) == 0) {
            Duration limit = Duration.ofSeconds(20 + random.nextInt(200));
            rules = rules.with(10, Integer.MAX_VALUE, Stop.CANCEL, limit, rules.holds(), Duration.ZERO);
        }
        Schedule schedule;
        try {
            schedule = given.schedule(tests, kinds, rules);
        } catch (IllegalArgumentException e) {
            return; // the tests contradict the rules of their groups
        }
        int failing = random.nextInt(4);
        int slots = 1 + random.nextInt(3);
        Random later = new Random(random.nextLong());
        Simulation simulation = new Simulation(
                schedule,
                given,
                p -> new Supplies.Machine(
                        Map.of("kind", "k" + p), slots, Duration.ofMillis(later.nextInt(3000)), setUp, null),
                (test, attempt) -> end(later, failing),
                test -> test.expected() != null ? test.expected() : Duration.ofSeconds(1 + later.nextInt(10)));

        Duration took = simulation.run();

        assertThat(simulation.requested.values().stream()
                        .mapToInt(count -> count)
                        .sum())
                .as("requested systems for %d tests", tests.size())
                .isLessThanOrEqualTo(4 * tests.size() + 20);
        assertThat(took).as("duration").isLessThan(Duration.ofMinutes(60 + 3L * tests.size()));
        if (failing == 0 && rules.runWithin() == null) {
            assertThat(simulation.concluded.values())
                    .as("all tests run if no system is lost")
                    .noneMatch(end -> end.outcome() == Outcome.NOT_RUN
                            && !String.valueOf(end.note()).contains("the system of its group"));
        }
    }

    private static TestEnd end(Random random, int failing) {
        if (random.nextInt(10) >= failing) {
            return TestEnd.exited(0);
        }
        return random.nextInt(4) == 0 ? TestEnd.of(Outcome.LOST, null) : TestEnd.exited(1);
    }

    private static List<PlainTest> tests(Random random, int kinds) {
        List<PlainTest> tests = new ArrayList<>();
        int count = 1 + random.nextInt(30);
        for (int i = 0; i < count; i++) {
            PlainTest test = TestCase.named("/t" + i)
                    .withPriority(random.nextInt(3))
                    .withDestructive(random.nextInt(12) == 0)
                    .withGroup(random.nextInt(3) == 0 ? "g" + random.nextInt(3) : null);
            if (random.nextBoolean()) {
                test = test.withExpected(Duration.ofSeconds(1 + random.nextInt(20)));
            }
            if (random.nextInt(4) == 0) {
                String lock = "l" + random.nextInt(2);
                test = test.withLock(random.nextBoolean() ? TestLock.shared(lock) : TestLock.exclusive(lock));
            }
            if (random.nextInt(12) == 0) {
                test = test.withLock(TestLock.exclusive(TestLock.EVERYTHING));
            }
            if (random.nextInt(4) == 0) {
                String lock = random.nextInt(5) == 0 ? TestLock.EVERYTHING : "s" + random.nextInt(2);
                test = test.withLock(
                        random.nextBoolean() ? TestLock.sharedOnSystem(lock) : TestLock.exclusiveOnSystem(lock));
            }
            if (random.nextInt(3) == 0) {
                test = test.withNeed(Need.of("kind", "k" + random.nextInt(kinds)));
            }
            for (int j = random.nextInt(3); j > 0 && i > 0; j--) {
                String other = "/t" + random.nextInt(i);
                test = random.nextInt(3) > 0
                        ? test
                        : test.withAfter(random.nextBoolean() ? After.endOf(other) : After.passOf(other));
            }
            tests.add(test);
        }
        return tests;
    }

    private static Simulation.Given given(Random random) {
        TestGroup[] groups = new TestGroup[3];
        for (int i = 0; i < groups.length; i++) {
            TestGroup group = random.nextBoolean() ? TestGroup.serial("g" + i) : TestGroup.free("g" + i);
            group = random.nextInt(3) == 0 ? group.alone() : group;
            group = random.nextInt(3) == 0 ? group.onOneSystem() : group;
            groups[i] = random.nextInt(3) == 0 ? group.withPriority(random.nextInt(3)) : group;
        }
        boolean capped = random.nextBoolean();
        boolean declared = random.nextBoolean();
        Simulation.Given given = Simulation.rules()
                .withMaxSystems(random.nextInt(3) == 0 ? Integer.MAX_VALUE : 1 + random.nextInt(4))
                .withGroups(groups)
                .withDestruction(
                        switch (random.nextInt(3)) {
                            case 0 -> DestructionPolicy.afterFailure();
                            case 1 -> DestructionPolicy.always();
                            default -> DestructionPolicy.declared();
                        })
                .withReruns(RerunPolicy.maxReruns(random.nextInt(3))
                        .with(new Rerun(
                                Rerun.On.values()[random.nextInt(3)],
                                Rerun.Time.values()[random.nextInt(3)],
                                random.nextInt(3) > 0 ? Set.of() : Set.of(Need.of("kind", "k" + random.nextInt(3))))))
                .withTerms(p -> new Supply.Terms(
                        declared ? Map.of("kind", "k" + p) : Map.of(), 0, capped ? 2 : Integer.MAX_VALUE, 0, null));
        return random.nextInt(4) == 0 ? given.withHolds(1, Duration.ofSeconds(60)) : given;
    }
}
