package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.adhoc.PlannedTest.Dependency;
import org.atex.api.After;
import org.atex.api.Fixture.Scope;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.jspecify.annotations.Nullable;

/** Puts the tests of a run in order, with their groups and dependencies, and refuses those that contradict each other. */
final class Planner {
    /**
     * Tests that are ordered together.
     *
     * @param proxy represents them in the order
     * @param group their group, if it has rules; else null
     */
    private record Unit(
            TestCase proxy, int priority, @Nullable PlannedGroup group, List<FactsReader.Facts> members) {
        boolean isReadable() {
            return members.stream().allMatch(test -> test.problem().isEmpty());
        }
    }

    private final List<FactsReader.Facts> tests;
    private final TestOrder order;
    private final Map<String, PlannedGroup> groups = new LinkedHashMap<>();
    private final Map<String, PlannedFixture> fixtures;
    private final List<String> notes = new ArrayList<>();
    private int ranks;

    /**
     * Creates a planner.
     *
     * @param tests the tests
     * @param order the order; user code
     * @param rules the rules of groups
     * @param fixtures the fixtures by name
     */
    Planner(
            List<FactsReader.Facts> tests,
            TestOrder order,
            Collection<TestGroup> rules,
            Map<String, PlannedFixture> fixtures) {
        this.fixtures = fixtures;
        this.tests = tests;
        this.order = order;
        for (TestGroup group : rules) {
            List<PlainTest> members = tests.stream()
                    .map(FactsReader.Facts::facts)
                    .filter(test -> group.name().equals(test.group()))
                    .toList();
            if (members.isEmpty()) {
                notes.add("the group " + group.name() + " has rules, but no test of the run belongs to it");
            }
            groups.put(group.name(), new PlannedGroup(group, members));
        }
    }

    /** {@return remarks about the plan for the user} */
    List<String> notes() {
        return notes;
    }

    /**
     * {@return the tests in the order of the run, with ranks and tiers} Calls the order, which may throw or hang.
     */
    List<PlannedTest> inOrder() {
        Map<Boolean, List<Unit>> byReadability = units().stream().collect(Collectors.partitioningBy(Unit::isReadable));
        List<Unit> units = new ArrayList<>(byReadability.getOrDefault(true, List.of()));
        units.sort((a, b) -> order.compare(a.proxy(), b.proxy()));
        units.addAll(byReadability.getOrDefault(false, List.of()));
        boolean keepsOrder = !order.equals(Policies.DEFAULT_ORDER);
        List<PlannedTest> planned = new ArrayList<>(tests.size());
        int tier = 0;
        Unit previous = null;
        for (Unit unit : units) {
            // With the default order, tests of one priority are in one tier. Another order is kept exactly.
            if (previous != null && (keepsOrder || unit.priority() != previous.priority())) {
                tier++;
            }
            planned.addAll(ranked(unit, tier));
            previous = unit;
        }
        return planned;
    }

    /** Adds the members of a test that runs on several systems. */
    private void addMembers(PlannedTest test, FactsReader.Facts facts) {
        if (facts.roles().isEmpty()) {
            return;
        }
        test.gang = new Gang(test, facts.oneFailureEndsAll(), facts.order());
        Set<TestLock> runLocks = Stream.concat(
                        facts.facts().locks().stream(),
                        facts.roles().stream().flatMap(role -> role.facts().locks().stream()))
                .filter(lock -> lock.scope() == TestLock.Scope.RUN)
                .collect(Collectors.toUnmodifiableSet());
        boolean isFirst = true;
        for (FactsReader.RoleFacts role : facts.roles()) {
            for (String guest : role.role().guests()) {
                PlainTest member = member(test.facts, role.facts(), guest);
                for (TestLock lock : runLocks) {
                    // All members must know that they run alone; other locks of the run are taken once.
                    boolean alone = lock.name().equals(TestLock.EVERYTHING);
                    member = isFirst || alone ? member.withLock(lock) : member;
                }
                test.addMember(
                        role.role().test(),
                        member,
                        new PlannedTest.Guest(guest, role.role().name()),
                        ranks++,
                        PlannedFixture.of(withFixtures(test.facts, role.facts()), fixtures, false));
                isFirst = false;
            }
        }
    }

    private static PlainTest member(PlainTest whole, PlainTest role, String guest) {
        PlainTest member = TestCase.named(whole.name() + " (" + guest + ")")
                .withLimit(min(whole.limit(), role.limit()))
                .withExpected(role.expected() == null ? whole.expected() : role.expected())
                .withDestructive(whole.destructive() || role.destructive());
        for (Need need : whole.needs()) {
            member = member.withNeed(need);
        }
        for (Need need : role.needs()) {
            member = member.withNeed(need);
        }
        for (TestLock lock : Stream.concat(whole.locks().stream(), role.locks().stream())
                .filter(lock -> lock.scope() == TestLock.Scope.SYSTEM)
                .toList()) {
            member = member.withLock(lock);
        }
        return member;
    }

    private static @Nullable Duration min(@Nullable Duration a, @Nullable Duration b) {
        return a == null || b != null && b.compareTo(a) < 0 ? b : a;
    }

    private List<PlannedTest> ranked(Unit unit, int tier) {
        List<FactsReader.Facts> members = unit.members();
        if (members.size() > 1) {
            members = new ArrayList<>(members);
            members.sort((a, b) ->
                    a.problem().isEmpty() && b.problem().isEmpty() ? order.compare(a.ordered(), b.ordered()) : 0);
        }
        PlannedGroup group = unit.group();
        List<PlannedTest> planned = new ArrayList<>();
        for (FactsReader.Facts member : members) {
            PlannedTest test =
                    new PlannedTest(member.test(), member.facts(), ranks++, tier, group, fixtures(member, group));
            test.aboutLimit = member.aboutLimit();
            addMembers(test, member);
            if (group != null && group.rules.isSerial() && !planned.isEmpty()) {
                PlannedTest previous = planned.get(planned.size() - 1);
                test.previous = previous;
                previous.next = test;
            }
            planned.add(test);
        }
        return planned;
    }

    private List<PlannedFixture> fixtures(FactsReader.Facts test, @Nullable PlannedGroup group) {
        PlainTest all = test.facts();
        for (FactsReader.RoleFacts role : test.roles()) {
            all = withFixtures(all, role.facts());
        }
        List<PlannedFixture> planned = PlannedFixture.of(all, fixtures, group != null && group.rules.isOnOneSystem());
        if (!test.roles().isEmpty()) {
            planned.forEach(fixture -> refuseSystem(fixture, test.facts()));
        }
        return planned;
    }

    private static PlainTest withFixtures(PlainTest test, PlainTest role) {
        PlainTest with = test;
        for (String name : role.fixtures()) {
            with = with.withFixture(name);
        }
        return with;
    }

    /** A fixture of a test on several systems is started once for all of them. */
    private static void refuseSystem(PlannedFixture fixture, PlainTest test) {
        if (fixture.scope() != Scope.TEST) {
            return;
        }
        fixture.uses().stream()
                .filter(used -> used.scope() == Scope.SYSTEM)
                .findFirst()
                .ifPresent(used -> {
                    throw new IllegalArgumentException("the fixture " + fixture.name() + " with the scope TEST uses "
                            + used.name() + ", which has the scope SYSTEM, but the test " + test.name()
                            + " runs on several systems: give " + fixture.name() + " the scope SYSTEM");
                });
    }

    /** Returns groups that compete as a whole, and the other tests, in the order given. */
    private List<Unit> units() {
        List<Unit> units = new ArrayList<>();
        Map<PlannedGroup, Unit> whole = new HashMap<>();
        for (FactsReader.Facts test : tests) {
            PlannedGroup group = groups.get(test.facts().group());
            if (group == null
                    || !group.rules.isSerial() && group.rules.priority().isEmpty()) {
                units.add(new Unit(test.ordered(), test.facts().priority(), group, List.of(test)));
                continue;
            }
            Unit unit = whole.get(group);
            if (unit == null) {
                unit = unit(group);
                whole.put(group, unit);
                units.add(unit);
            }
        }
        return units;
    }

    private Unit unit(PlannedGroup group) {
        List<FactsReader.Facts> members = tests.stream()
                .filter(test -> group.name().equals(test.facts().group()))
                .toList();
        int priority = group.rules
                .priority()
                .orElse(members.stream()
                        .mapToInt(test -> test.facts().priority())
                        .max()
                        .orElse(0));
        PlainTest proxy = TestCase.named(group.name()).withGroup(group.name()).withPriority(priority);
        proxy = proxy.withExpected(members.stream()
                .map(test -> test.facts().expected() != null
                        ? test.facts().expected()
                        : test.facts().limit())
                .filter(Objects::nonNull)
                .reduce(Duration::plus)
                .orElse(null));
        return new Unit(proxy, priority, group, members);
    }

    /**
     * Connects tests with those after which they run.
     *
     * @param planned the tests
     * @throws IllegalArgumentException if a test must pass that is not in the run, if tests wait for each other, or if
     *     they contradict the rules of their group
     */
    void connect(List<PlannedTest> planned) {
        groups.values().forEach(group -> refuseContradictions(group, planned));
        Map<String, PlannedTest> byName = planned.stream().collect(Collectors.toMap(PlannedTest::name, test -> test));
        for (PlannedTest test : planned) {
            for (After after : test.facts.after()) {
                PlannedTest other = byName.get(after.test());
                if (other != null) {
                    test.after.add(new Dependency(other, after.onlyIfPassed()));
                } else if (after.onlyIfPassed()) {
                    throw new IllegalArgumentException("the test " + test.name() + " runs only if " + after.test()
                            + " has passed, which is not a test of this run: add that test, or leave out this one");
                } else {
                    notes.add(test.name() + " runs after " + after.test() + ", which is not a test of this run");
                }
            }
        }
        refuseCycles(planned);
    }

    private static void refuseContradictions(PlannedGroup group, List<PlannedTest> planned) {
        if (group.rules.isOnOneSystem()) {
            planned.stream()
                    .filter(test -> Objects.equals(test.group, group) && test.gang != null)
                    .findFirst()
                    .ifPresent(test -> {
                        throw new IllegalArgumentException("the rules of the group " + group.name()
                                + " contradict its tests: its tests run on one system, but " + test.name()
                                + " runs on several");
                    });
        }
        String why = group.contradiction(planned.stream()
                .filter(test -> Objects.equals(test.group, group))
                .sorted()
                .map(test -> test.facts)
                .toList());
        if (!why.isEmpty()) {
            throw new IllegalArgumentException(
                    "the rules of the group " + group.name() + " contradict its tests: " + why);
        }
    }

    private static void refuseCycles(List<PlannedTest> planned) {
        Map<PlannedTest, Boolean> done = new HashMap<>();
        for (PlannedTest start : planned) {
            if (parents(start).isEmpty()) {
                continue; // the usual case
            }
            // Without recursion: a chain may be as long as the run.
            List<PlannedTest> path = new ArrayList<>(List.of(start));
            while (!path.isEmpty()) {
                PlannedTest test = path.get(path.size() - 1);
                done.putIfAbsent(test, false);
                PlannedTest next = parents(test).stream()
                        .filter(parent -> !Boolean.TRUE.equals(done.get(parent)))
                        .findFirst()
                        .orElse(null);
                if (next == null) {
                    done.put(test, true);
                    path.remove(path.size() - 1);
                } else if (done.containsKey(next)) {
                    List<PlannedTest> cycle = path.subList(path.indexOf(next), path.size());
                    throw new IllegalArgumentException("tests wait for each other: "
                            + cycle.stream().map(PlannedTest::name).collect(Collectors.joining(" after "))
                            + " after " + next.name());
                } else {
                    path.add(next);
                }
            }
        }
    }

    private static List<PlannedTest> parents(PlannedTest test) {
        List<PlannedTest> parents = new ArrayList<>();
        test.after.forEach(dependency -> parents.add(dependency.test()));
        if (test.previous != null) {
            parents.add(test.previous);
        }
        return parents;
    }
}
