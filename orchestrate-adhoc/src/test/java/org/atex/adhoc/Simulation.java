package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.atex.api.Fixture;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Stop;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.jspecify.annotations.Nullable;

/** Runs a schedule on a virtual clock and asserts its invariants at every step. */
final class Simulation extends Simulator {
    /** The configuration of a run: the rules of the schedule, and the order. Each {@code with} method returns a copy. */
    static final class Given {
        /** Terms of a provisioner that is asked like the others, for any number of systems. */
        static final Supply.Terms PLAIN_TERMS = new Supply.Terms(Map.of(), 0, Integer.MAX_VALUE, 0, null);

        private TestOrder order = Policies.DEFAULT_ORDER;
        private RerunPolicy reruns = RerunPolicy.never();
        private DestructionPolicy destruction = DestructionPolicy.declared();
        private int maxSystems = Integer.MAX_VALUE;
        private int spares;
        private int failureWindow = 10;
        private int maxFailures = Integer.MAX_VALUE;
        private RunRules.Holds holds = RunRules.Holds.NONE;
        private Duration rampUp = Duration.ZERO;
        private IntFunction<Supply.Terms> terms = provisioner -> PLAIN_TERMS;
        private List<TestGroup> groups = List.of();
        private List<Fixture<?>> fixtures = List.of();
        private RunRules.@Nullable Stall stall;
        private @Nullable NextTest next;

        private Given() {}

        private Given with(Consumer<Given> change) {
            Given copy = new Given();
            copy.order = order;
            copy.reruns = reruns;
            copy.destruction = destruction;
            copy.maxSystems = maxSystems;
            copy.spares = spares;
            copy.failureWindow = failureWindow;
            copy.maxFailures = maxFailures;
            copy.holds = holds;
            copy.rampUp = rampUp;
            copy.terms = terms;
            copy.groups = groups;
            copy.fixtures = fixtures;
            copy.stall = stall;
            copy.next = next;
            change.accept(copy);
            return copy;
        }

        Given withRampUp(Duration value) {
            return with(copy -> copy.rampUp = value);
        }

        Given withStall(Duration after, @Nullable Stop how) {
            return with(copy -> copy.stall = new RunRules.Stall(after, how));
        }

        Given withNext(NextTest value) {
            return with(copy -> copy.next = value);
        }

        Given withTerms(IntFunction<Supply.Terms> value) {
            return with(copy -> copy.terms = value);
        }

        Given withHolds(int most, Duration time) {
            return with(copy -> copy.holds = new RunRules.Holds(most, time));
        }

        Given withGroups(TestGroup... values) {
            return with(copy -> copy.groups = List.of(values));
        }

        Given withFixtures(List<Fixture<?>> values) {
            return with(copy -> copy.fixtures = values);
        }

        Given withOrder(TestOrder value) {
            return with(copy -> copy.order = value);
        }

        Given withReruns(RerunPolicy value) {
            return with(copy -> copy.reruns = value);
        }

        Given withDestruction(DestructionPolicy value) {
            return with(copy -> copy.destruction = value);
        }

        Given withMaxSystems(int value) {
            return with(copy -> copy.maxSystems = value);
        }

        Given withSpares(int value) {
            return with(copy -> copy.spares = value);
        }

        Given withFailureWindow(int value) {
            return with(copy -> copy.failureWindow = value);
        }

        Given withMaxFailures(int value) {
            return with(copy -> copy.maxFailures = value);
        }

        RunRules rules() {
            return new RunRules(
                    reruns,
                    destruction,
                    maxSystems,
                    spares,
                    failureWindow,
                    maxFailures,
                    Stop.CANCEL,
                    Duration.ofHours(1),
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(10),
                    null,
                    holds,
                    rampUp,
                    KnownFailures.none(),
                    stall,
                    next);
        }

        Schedule schedule(List<? extends TestCase> tests, int provisioners) {
            return schedule(tests, provisioners, rules());
        }

        Schedule schedule(List<? extends TestCase> tests, int provisioners, RunRules rules) {
            List<Supply.Terms> offers = new ArrayList<>();
            for (int i = 0; i < provisioners; i++) {
                offers.add(terms.apply(i));
            }
            List<FactsReader.Facts> facts =
                    tests.stream().map(FactsReader.Facts::of).toList();
            Planner planner = new Planner(facts, order, groups, PlannedFixture.read(fixtures));
            List<PlannedTest> planned = planner.inOrder();
            planner.connect(planned);
            return new Schedule(planned, offers, rules);
        }
    }

    private final Given given;
    final SimulatedFixtures fixtures;
    /** Systems that run no more tests. If a policy has spent it (true), serial groups go on. */
    private final Map<Integer, Boolean> spent = new HashMap<>();
    /** The system of each test in a group. */
    private final Map<String, Integer> placeOf = new HashMap<>();
    /** Systems on which a test has started. */
    private final Set<Integer> used = new HashSet<>();

    private final Set<Integer> preparing = new HashSet<>();
    private int steps;
    private @Nullable Stop stopped;

    final List<Decision> history = new ArrayList<>();
    final Map<String, TestEnd> concluded = new LinkedHashMap<>();
    final List<String> problems = new ArrayList<>();
    final List<String> started = new ArrayList<>();
    final Map<String, Integer> startedOn = new HashMap<>();
    /** The number of requested systems by provisioner, and when systems were requested. */
    final Map<Integer, Integer> requested = new HashMap<>();

    final List<Instant> requestedAt = new ArrayList<>();

    /** The systems that were held, and until when. */
    final Map<Integer, Instant> heldSystems = new LinkedHashMap<>();

    /** When a person frees a held system; null for never. */
    @Nullable
    Duration freeHeldAfter;

    /** Whether systems arrive although their requests were cleared, as when they had already been made. */
    boolean clearedArrive;

    private final Set<Integer> leaving = new HashSet<>();

    Consumer<String> onRelease = host -> {};

    @Nullable
    BiFunction<TestCase, String, TestEnd> endsOn;

    @Nullable
    BiFunction<TestCase, String, Duration> takesOn;

    final List<String> held = new ArrayList<>();
    final List<String> quarantined = new ArrayList<>();
    Instant roomAgain = EPOCH;
    int mostSystems;
    int systemsUsed;
    int released;

    Simulation(
            List<? extends TestCase> tests,
            int provisioners,
            Given given,
            Function<Integer, Supplies> supplies,
            BiFunction<TestCase, Integer, TestEnd> ends,
            Function<TestCase, Duration> durations) {
        this(given.schedule(tests, provisioners), given, supplies, ends, durations);
    }

    Simulation(
            Schedule schedule,
            Given given,
            Function<Integer, Supplies> supplies,
            BiFunction<TestCase, Integer, TestEnd> ends,
            Function<TestCase, Duration> durations) {
        this(schedule, given, new Functions(given, supplies, ends, durations));
    }

    private Simulation(Schedule schedule, Given given, Functions model) {
        super(schedule, model);
        this.given = given;
        this.fixtures = new SimulatedFixtures(this);
        model.simulation = this;
    }

    /** A model that consists of functions. */
    private static final class Functions implements Model {
        private final Given given;
        private final Function<Integer, Supplies> supplies;
        private final BiFunction<TestCase, Integer, TestEnd> ends;
        private final Function<TestCase, Duration> durations;
        private @Nullable Simulation simulation;

        Functions(
                Given given,
                Function<Integer, Supplies> supplies,
                BiFunction<TestCase, Integer, TestEnd> ends,
                Function<TestCase, Duration> durations) {
            this.given = given;
            this.supplies = supplies;
            this.ends = ends;
            this.durations = durations;
        }

        @Override
        public Supplies supplies(int provisioner, Set<Need> needs) {
            return supplies.apply(provisioner);
        }

        @Override
        public Duration takes(Decision.Run run, PoolSystem.Facts system) {
            return simulation.takesOn == null
                    ? durations.apply(test(run))
                    : simulation.takesOn.apply(test(run), system.host());
        }

        @Override
        public TestEnd ends(Decision.Run run, PoolSystem.Facts system) {
            return simulation.endsOn == null
                    ? ends.apply(test(run), run.attempt())
                    : simulation.endsOn.apply(test(run), system.host());
        }

        @Override
        public Event.PoliciesAnswered judge(PlannedTest test, TestEnd end) {
            Rerun again = given.rules().rerun(test.test, test.endsWith(end));
            return new Event.PoliciesAnswered(test, again, given.destruction.shouldDestroy(test.test, end));
        }

        @Override
        public @Nullable PlannedTest next(Decision.AskNext ask, PoolSystem.Facts system) {
            TestCase choice = given.next == null
                    ? null
                    : given.next.choose(
                            SystemInfo.named(system.name()),
                            ask.previous().stream().map(test -> test.test).toList(),
                            ask.candidates().stream().map(test -> test.test).toList());
            return ask.candidates().stream()
                    .filter(test -> test.test.equals(choice))
                    .findFirst()
                    .orElse(null);
        }

        @Override
        public String whyNoSpace(Instant now) {
            return now.isBefore(simulation.roomAgain) ? "full" : "";
        }

        @Override
        public @Nullable Duration freesHeldAfter() {
            return simulation.freeHeldAfter;
        }
    }

    private static TestCase test(Decision.Run run) {
        return run.test().isMember() ? run.test().facts : run.test().test;
    }

    static Given rules() {
        return new Given();
    }

    /** Returns a system that is available immediately and suits every test. */
    static Supplies.Machine plain() {
        return new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, null);
    }

    void stopAt(Duration after, Stop how) {
        at(after, () -> {
            if (!ended) {
                stopped = stopped == null || stopped.compareTo(how) < 0 ? how : stopped;
                tell(new Event.Stopped(how, "told to"));
            }
        });
    }

    Instant now() {
        return now;
    }

    @Override
    Duration run() {
        Duration took = super.run();
        fixtures.assertAllFinished();
        assertThat(running).as("running at the end").isEmpty();
        assertThat(systems).as("systems at the end").isEmpty();
        assertThat(concluded.keySet())
                .as("every planned test has one outcome")
                .containsExactlyInAnyOrderElementsOf(
                        schedule.tests().stream().map(PlannedTest::name).toList());
        return took;
    }

    @Override
    void carryOut(Decision decision) {
        assertThat(ended).as("no decision after the end").isFalse();
        assertThat(++steps).as("decisions of a run of this size").isLessThan(2_000_000);
        history.add(decision);
        check(decision);
        switch (decision) {
            case Decision.Release(int system, String why) ->
                fixtures.book.leave(system, () -> super.carryOut(decision));
            case Decision.Renew(int system, String why) -> fixtures.book.leave(system, () -> super.carryOut(decision));
            case Decision.ClearRequests clear when clearedArrive -> {}
            case Decision.CancelTests cancel -> {
                fixtures.cancel();
                super.carryOut(decision);
            }
            case Decision.Conclude conclude when conclude.last() -> fixtures.book.concluded(conclude.test());
            default -> super.carryOut(decision);
        }
        assertSystems();
    }

    @Override
    boolean isOver() {
        return ended && !fixtures.book.isBusy();
    }

    boolean isStopping() {
        return stopped != null;
    }

    @Override
    void beginTogether(List<Decision.Run> members) {
        fixtures.begin(members, () -> {
            members.forEach(run -> placeOf.put(test(run).name(), run.system()));
            super.beginTogether(members);
        });
    }

    @Override
    void begin(Decision.Run run) {
        if (run.test().isMember()) {
            super.begin(run); // its fixtures are started with those of the other members
        } else {
            fixtures.begin(List.of(run), () -> {
                placeOf.put(test(run).name(), run.system());
                super.begin(run);
            });
        }
    }

    /** Finishes the fixtures of an attempt, after its last member if it runs on several systems. */
    private void endFixtures(Decision.Run run, Runnable then) {
        boolean isLast = running.values().stream()
                .noneMatch(other -> other.test().unit().equals(run.test().unit()));
        if (isLast) {
            fixtures.book.ended(run, then);
        } else {
            then.run();
        }
    }

    @Override
    void finished(Decision.Run run, TestEnd end) {
        endFixtures(run, () -> {
            // What a policy says about the system of a member depends on the whole test.
            boolean bySelf = !run.test().isMember() && end.outcome() != Outcome.CANCELLED;
            if (!end.systemUsable() || bySelf && given.destruction.shouldDestroy(run.test().test, end)) {
                spent.merge(
                        run.system(), end.systemUsable() && !run.test().facts.destructive(), Boolean::logicalAnd);
            }
            super.finished(run, end);
            assertNoPlaceIsWasted();
        });
    }

    private void check(Decision decision) {
        switch (decision) {
            case Decision.Request(int provisioner, int count) -> {
                assertThat(stopped).as("no request after a stop").isNull();
                assertThat(count).isPositive();
                requested.merge(provisioner, count, Integer::sum);
                requestedAt.add(now);
            }
            case Decision.Prepare(int system) ->
                assertThat(preparing.add(system)).as("prepared once").isTrue();
            case Decision.Run run -> check(run);
            case Decision.RunTogether together -> checkTogether(together);
            case Decision.CancelMember cancel ->
                assertThat(running.get(new Place(cancel.system(), cancel.slot())))
                        .as("%s runs", cancel.member().name())
                        .isNotNull();
            case Decision.Renew(int system, String why) -> {
                preparing.remove(system);
                spent.remove(system);
                used.remove(system);
            }
            case Decision.Release(int system, String why) -> {
                leaving.add(system);
                assertThat(running.keySet().stream().anyMatch(place -> place.system() == system))
                        .as("a system is released while it runs a test")
                        .isFalse();
            }
            case Decision.Conclude conclude -> conclude(conclude);
            case Decision.Report(Problem problem) -> problems.add(problem.message());
            case Decision.Hold hold -> held.add(hold.test().name());
            case Decision.HoldSystem hold -> heldSystems.put(hold.system(), hold.until());
            case Decision.Quarantine quarantine -> quarantined.add(quarantine.host());
            default -> {}
        }
    }

    private void assertSystems() {
        mostSystems = Math.max(mostSystems, systems.size());
        systemsUsed = systems.keySet().stream().reduce(systemsUsed, Math::max);
        leaving.retainAll(systems.keySet());
        List<PoolSystem.Facts> counted = systems.values().stream()
                .filter(system -> !clearedArrive || !leaving.contains(system.id()))
                .toList();
        assertThat(counted.size()).as("systems at once").isLessThanOrEqualTo(given.maxSystems);
        counted.stream()
                .collect(Collectors.groupingBy(PoolSystem.Facts::provisioner, Collectors.counting()))
                .forEach((provisioner, count) -> assertThat(count.intValue())
                        .as("systems of provisioner %d at once", provisioner)
                        .isLessThanOrEqualTo(given.terms.apply(provisioner).maxSystems()));
    }

    private void checkTogether(Decision.RunTogether together) {
        PlannedTest test = together.test();
        assertThat(together.members().stream().map(Decision.Run::test))
                .as("all members of %s start", test.name())
                .containsExactlyElementsOf(test.gang.members);
        assertThat(together.members().stream().map(Decision.Run::system))
                .as("each member of %s has a system of its own", test.name())
                .doesNotHaveDuplicates();
        together.members().forEach(this::check);
    }

    private void check(Decision.Run run) {
        TestCase test = test(run);
        PoolSystem.Facts facts = systems.get(run.system());
        assertThat(facts).as("%s runs on a system of the pool", test.name()).isNotNull();
        assertThat(stopped).as("no test starts after a stop").isNull();
        assertThat(concluded)
                .as("no attempt after the last")
                .doesNotContainKey(run.test().unit().name());
        assertThat(heldSystems).as("%s runs on a held system", test.name()).doesNotContainKey(run.system());
        if (spent.containsKey(run.system())) {
            PlannedTest previous = run.test().previous;
            boolean goesOn = Integer.valueOf(run.system()).equals(placeOf.get(test.name()))
                    || previous != null && Integer.valueOf(run.system()).equals(placeOf.get(previous.name()));
            assertThat(spent.get(run.system()) && goesOn)
                    .as("%s runs on a spent system", test.name())
                    .isTrue();
        }
        assertThat(test.needs()).allMatch(need -> need.isMetBy(facts.labels()), "is met by " + facts.labels());
        assertThat(run.slot()).isBetween(1, facts.slots());
        Duration takesAtMost = test.expected() != null ? test.expected() : test.limit();
        boolean fresh = used.add(run.system());
        if (facts.expires() != null && takesAtMost != null && (fresh || test.expected() != null)) {
            assertThat(now.plus(takesAtMost)).as("ends before the lease").isBeforeOrEqualTo(facts.expires());
        }
        assertThat(run.test().kind.demand().fresh() && !fresh)
                .as("%s runs on a used system", test.name())
                .isFalse();
        running.values().stream()
                .filter(other -> !run.test().isMember()
                        || !other.test().unit().equals(run.test().unit()))
                .forEach(other -> assertCompatible(test, other.test().facts, other.system() == run.system()));
        assertFollows(run);
        assertThat(running).as("two tests in one place").doesNotContainKey(new Place(run.system(), run.slot()));
        started.add(test.name());
        startedOn.merge(facts.host(), 1, Integer::sum);
    }

    /** Asserts that a test starts after the tests for which it waits, and in the place of its group. */
    private void assertFollows(Decision.Run run) {
        PlannedTest test = run.test();
        for (PlannedTest.Dependency after : test.after) {
            TestEnd end = concluded.get(after.test().name());
            assertThat(end)
                    .as("%s runs after %s", test.name(), after.test().name())
                    .isNotNull();
            if (after.onlyIfPassed()) {
                assertThat(end.outcome()).isEqualTo(Outcome.PASSED);
            }
        }
        PlannedGroup group = test.group;
        if (group == null) {
            return;
        }
        for (Decision.Run other : running.values()) {
            boolean member = group.equals(other.test().group);
            assertThat(member && group.rules.isSerial())
                    .as(
                            "%s and %s of a serial group at the same time",
                            test.name(), other.test().name())
                    .isFalse();
            assertThat(group.rules.isAlone() && !member)
                    .as(
                            "%s beside %s, which is not in its group",
                            test.name(), other.test().name())
                    .isFalse();
        }
        if (test.previous != null) {
            assertThat(test.previous.isOver())
                    .as("the previous test of the group has ended")
                    .isTrue();
            Integer before = placeOf.get(test.previous.name());
            if (before != null && systems.containsKey(before) && group.rules.afterLoss() == TestGroup.Rest.SKIP) {
                assertThat(run.system())
                        .as("the system of the group %s", group.name())
                        .isEqualTo(before);
            }
        }
    }

    private static void assertCompatible(TestCase a, TestCase b, boolean sameSystem) {
        boolean alone = isAlone(a) || isAlone(b) || sameSystem && (isAloneOnSystem(a) || isAloneOnSystem(b));
        assertThat(alone)
                .as("%s and %s at the same time; one of them must run alone", a.name(), b.name())
                .isFalse();
        for (TestLock lock : a.locks()) {
            for (TestLock other : b.locks()) {
                boolean meet = sameSystem || lock.scope() == TestLock.Scope.RUN;
                assertThat(meet && lock.excludes(other))
                        .as("%s and %s hold %s", a.name(), b.name(), lock.name())
                        .isFalse();
            }
        }
    }

    private static boolean isAloneOnSystem(TestCase test) {
        return test.locks().contains(TestLock.exclusiveOnSystem(TestLock.EVERYTHING));
    }

    private static boolean isAlone(TestCase test) {
        return test.locks().contains(TestLock.exclusive(TestLock.EVERYTHING));
    }

    /** Asserts that no slot is idle while a waiting test could run in it. */
    private void assertNoPlaceIsWasted() {
        // Uses the schedule itself: it must not be able to start another test without a new event.
        assertThat(schedule.startableTest())
                .as(() -> "a test that could run now waits: " + schedule.whyWaiting() + " after "
                        + history.subList(Math.max(0, history.size() - 8), history.size()))
                .isNull();
    }

    @Override
    void released(int system) {
        PoolSystem.Facts facts = systems.get(system);
        assertThat(facts).as("released once").isNotNull();
        onRelease.accept(facts.host());
        released++;
        super.released(system);
    }

    private void conclude(Decision.Conclude conclude) {
        if (conclude.last()) {
            assertThat(concluded.put(conclude.test().name(), conclude.end()))
                    .as("one final outcome for %s", conclude.test().name())
                    .isNull();
        }
    }

    static Need arch(String value) {
        return Need.of("arch", value);
    }
}
