package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
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
final class Simulation {
    static final Instant EPOCH = Instant.parse("2030-01-01T00:00:00Z");

    /** The reaction of a provisioner to a request for one system. */
    sealed interface Supplies {
        record System(
                Map<String, String> labels,
                int slots,
                Duration after,
                Duration setup,
                @Nullable Duration lease,
                @Nullable String host)
                implements Supplies {
            System(Map<String, String> labels, int slots, Duration after, Duration setup, @Nullable Duration lease) {
                this(labels, slots, after, setup, lease, null);
            }
        }

        record Failure(Duration after) implements Supplies {}

        record BadSetup(Duration after, @Nullable String host) implements Supplies {
            BadSetup(Duration after) {
                this(after, null);
            }
        }

        record Nothing() implements Supplies {}

        record Exhausted() implements Supplies {}
    }

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
            Planner planner = new Planner(facts, order, groups);
            List<PlannedTest> planned = planner.inOrder();
            planner.connect(planned);
            return new Schedule(planned, offers, rules);
        }
    }

    private record Happening(Instant at, long number, Runnable happens) {}

    private record Place(int system, int slot) {}

    private final Schedule schedule;
    private final Given given;
    private final Function<Integer, Supplies> supplies;
    private final BiFunction<TestCase, Integer, TestEnd> ends;
    private final Function<TestCase, Duration> durations;
    private final PriorityQueue<Happening> events =
            new PriorityQueue<>(Comparator.comparing(Happening::at).thenComparing(Happening::number));
    private final Map<Integer, PoolSystem.Facts> systems = new LinkedHashMap<>();
    private final Map<Integer, Duration> setups = new HashMap<>();
    private final Set<Integer> preparing = new HashSet<>();
    /** Systems that run no more tests. If a policy has spent it (true), serial groups go on. */
    private final Map<Integer, Boolean> spent = new HashMap<>();
    /** The system of each test in a group. */
    private final Map<String, Integer> placeOf = new HashMap<>();
    /** Systems on which a test has started. */
    private final Set<Integer> used = new HashSet<>();

    private final Map<Place, Decision.Run> running = new HashMap<>();
    private final Map<Integer, Integer> outstanding = new HashMap<>();
    private Instant now = EPOCH;
    private long lastNumber;
    private int lastSystem;
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
    boolean ended;

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
        this.schedule = schedule;
        this.given = given;
        this.supplies = supplies;
        this.ends = ends;
        this.durations = durations;
    }

    static Given rules() {
        return new Given();
    }

    /** Returns a system that is available immediately and suits every test. */
    static Supplies.System plain() {
        return new Supplies.System(Map.of(), 1, Duration.ZERO, Duration.ZERO, null);
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

    Duration run() {
        tell(new Event.Begin());
        for (long steps = 0; !ended; steps++) {
            Happening event = events.poll();
            if (event == null) {
                throw new AssertionError("the schedule waits, but no event is pending: " + history);
            }
            assertThat(steps).as("a run of this size ends").isLessThan(1_000_000);
            now = event.at();
            event.happens().run();
        }
        assertThat(running).as("running at the end").isEmpty();
        assertThat(systems).as("systems at the end").isEmpty();
        assertThat(concluded.keySet())
                .as("every planned test has one outcome")
                .containsExactlyInAnyOrderElementsOf(
                        schedule.tests().stream().map(PlannedTest::name).toList());
        return Duration.between(EPOCH, now);
    }

    private void tell(Event event) {
        carryOut(schedule.on(event, now));
    }

    private void at(Duration after, Runnable happens) {
        events.add(new Happening(now.plus(after), ++lastNumber, happens));
    }

    private void carryOut(List<Decision> decisions) {
        for (Decision decision : decisions) {
            assertThat(ended).as("no decision after the end").isFalse();
            history.add(decision);
            switch (decision) {
                case Decision.Request(int provisioner, int count) -> asked(provisioner, count);
                case Decision.ClearRequests(int provisioner) -> outstanding.put(provisioner, 0);
                case Decision.Prepare(int system) -> prepare(system);
                case Decision.CancelPreparation(int system) -> cancelPreparation(system);
                case Decision.Run run -> begin(run);
                case Decision.RunTogether together -> beginTogether(together);
                case Decision.CancelMember cancel -> cancelMember(cancel);
                case Decision.CancelTests cancel -> cancelTests();
                case Decision.Renew(int system, String why) ->
                    at(Duration.ZERO, () -> {
                        spent.remove(system);
                        used.remove(system);
                        tell(new Event.Renewed(system));
                    });
                case Decision.Release(int system, String why) -> release(system);
                case Decision.Conclude conclude -> conclude(conclude);
                case Decision.Report(Problem problem) -> problems.add(problem.message());
                case Decision.WakeAt(Instant when) -> wakeAt(when);
                case Decision.AskPolicies(PlannedTest test, TestEnd end) -> judge(test, end);
                case Decision.AskNext ask -> choose(ask);
                case Decision.Hold hold -> held.add(hold.test().name());
                case Decision.CheckSpace() ->
                    at(Duration.ZERO, () -> tell(new Event.FreeSpace(now.isBefore(roomAgain) ? "full" : "")));
                case Decision.Pause pause -> {}
                case Decision.HoldSystem hold -> {
                    heldSystems.put(hold.system(), hold.until());
                    if (freeHeldAfter != null) {
                        at(freeHeldAfter, () -> tell(new Event.Freed(hold.system())));
                    }
                }
                case Decision.Quarantine quarantine -> quarantined.add(quarantine.host());
                case Decision.Wait wait -> {}
                case Decision.End() -> ended = true;
            }
        }
        mostSystems = Math.max(mostSystems, systems.size());
        assertThat(systems.size()).as("systems at once").isLessThanOrEqualTo(given.maxSystems);
        systems.values().stream()
                .collect(Collectors.groupingBy(PoolSystem.Facts::provisioner, Collectors.counting()))
                .forEach((provisioner, count) -> assertThat(count.intValue())
                        .as("systems of provisioner %d at once", provisioner)
                        .isLessThanOrEqualTo(given.terms.apply(provisioner).maxSystems()));
    }

    private void wakeAt(Instant when) {
        events.add(new Happening(when.isBefore(now) ? now : when, ++lastNumber, () -> {
            if (!ended) {
                tell(new Event.Tick());
            }
        }));
    }

    private void choose(Decision.AskNext ask) {
        PoolSystem.Facts facts = systems.get(ask.system());
        at(Duration.ofMillis(1), () -> {
            TestCase choice = given.next == null
                    ? null
                    : given.next.choose(
                            SystemInfo.named(facts.name()),
                            ask.previous().stream().map(test -> test.test).toList(),
                            ask.candidates().stream().map(test -> test.test).toList());
            PlannedTest planned = ask.candidates().stream()
                    .filter(test -> test.test.equals(choice))
                    .findFirst()
                    .orElse(null);
            if (!ended) {
                tell(new Event.NextChosen(ask.system(), planned));
            }
        });
    }

    private void judge(PlannedTest test, TestEnd end) {
        at(Duration.ofMillis(1), () -> {
            Rerun again = given.rules().rerun(test.test, test.endsWith(end));
            tell(new Event.PoliciesAnswered(test, again, given.destruction.shouldDestroy(test.test, end)));
        });
    }

    private void asked(int provisioner, int count) {
        assertThat(stopped).as("no request after a stop").isNull();
        assertThat(count).isPositive();
        outstanding.merge(provisioner, count, Integer::sum);
        requested.merge(provisioner, count, Integer::sum);
        requestedAt.add(now);
        for (int i = 0; i < count; i++) {
            supply(provisioner, supplies.apply(provisioner));
        }
    }

    private void supply(int provisioner, Supplies what) {
        switch (what) {
            case Supplies.System system ->
                at(system.after(), () -> {
                    // A cleared request may or may not have produced a system already.
                    if (take(provisioner)) {
                        offer(provisioner, system, false);
                    }
                });
            case Supplies.BadSetup bad ->
                at(bad.after(), () -> {
                    if (take(provisioner)) {
                        offer(
                                provisioner,
                                new Supplies.System(Map.of(), 1, Duration.ZERO, Duration.ZERO, null, bad.host()),
                                true);
                    }
                });
            case Supplies.Failure failure ->
                at(failure.after(), () -> {
                    if (take(provisioner)) {
                        tell(new Event.NotOffered(provisioner, false, null, "no luck"));
                    }
                });
            case Supplies.Exhausted exhausted ->
                at(Duration.ZERO, () -> {
                    if (take(provisioner)) {
                        outstanding.put(provisioner, 0);
                        tell(new Event.Exhausted(provisioner, "no more", false));
                    }
                });
            case Supplies.Nothing nothing -> {}
        }
    }

    private boolean take(int provisioner) {
        int left = outstanding.getOrDefault(provisioner, 0);
        if (ended || left == 0) {
            return false;
        }
        outstanding.put(provisioner, left - 1);
        return true;
    }

    private void offer(int provisioner, Supplies.System system, boolean bad) {
        int id = ++lastSystem;
        systemsUsed++;
        String host = system.host() == null ? "s" + id : system.host();
        Instant expires = system.lease() == null ? null : now.plus(system.lease());
        PoolSystem.Facts facts =
                new PoolSystem.Facts(id, provisioner, "s" + id, host, system.labels(), system.slots(), expires);
        systems.put(id, facts);
        setups.put(id, bad ? Duration.ofDays(-1) : system.setup());
        tell(new Event.Arriving(provisioner));
        tell(new Event.Offered(facts));
    }

    private void prepare(int system) {
        assertThat(preparing.add(system)).as("prepared once").isTrue();
        Duration setup = setups.get(system);
        at(setup.isNegative() ? Duration.ofSeconds(1) : setup, () -> {
            if (preparing.remove(system)) {
                tell(
                        setup.isNegative()
                                ? new Event.PreparationFailed(system, "bad setup")
                                : new Event.Prepared(system));
            }
        });
    }

    private void cancelPreparation(int system) {
        at(Duration.ZERO, () -> {
            if (preparing.remove(system)) {
                tell(new Event.PreparationFailed(system, "cancelled"));
            }
        });
    }

    private void beginTogether(Decision.RunTogether together) {
        PlannedTest test = together.test();
        assertThat(together.members().stream().map(Decision.Run::test))
                .as("all members of %s start", test.name())
                .containsExactlyElementsOf(test.gang.members);
        assertThat(together.members().stream().map(Decision.Run::system))
                .as("each member of %s has a system of its own", test.name())
                .doesNotHaveDuplicates();
        together.members().forEach(this::begin);
    }

    private void cancelMember(Decision.CancelMember cancel) {
        Place place = new Place(cancel.system(), cancel.slot());
        Decision.Run run = running.get(place);
        assertThat(run).as("%s runs", cancel.member().name()).isNotNull();
        at(Duration.ZERO, () -> {
            if (running.remove(place, run)) {
                tell(new Event.Finished(
                        cancel.system(), cancel.slot(), TestEnd.of(Outcome.CANCELLED, "cancelled: " + cancel.why())));
            }
        });
    }

    private void begin(Decision.Run run) {
        TestCase test = run.test().isMember() ? run.test().facts : run.test().test;
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
        Place place = new Place(run.system(), run.slot());
        assertThat(running.put(place, run)).as("two tests on %s", place).isNull();
        started.add(test.name());
        tell(new Event.Started(run.system(), run.slot()));
        String host = facts.host();
        startedOn.merge(host, 1, Integer::sum);
        Duration takes = takesOn == null ? durations.apply(test) : takesOn.apply(test, host);
        at(takes, () -> end(place, run, endsOn == null ? ends.apply(test, run.attempt()) : endsOn.apply(test, host)));
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
        placeOf.put(test.name(), run.system());
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

    private void end(Place place, Decision.Run run, TestEnd end) {
        if (!running.remove(place, run)) {
            return; // already cancelled
        }
        if (run.test().isMember() && end.systemUsable()) {
            // What a policy says about its system depends on the whole test.
            tell(new Event.Finished(place.system(), place.slot(), end));
            assertNoPlaceIsWasted();
            return;
        }
        if (!end.systemUsable() || given.destruction.shouldDestroy(run.test().test, end)) {
            spent.merge(place.system(), end.systemUsable() && !run.test().facts.destructive(), Boolean::logicalAnd);
        }
        tell(new Event.Finished(place.system(), place.slot(), end));
        assertNoPlaceIsWasted();
    }

    /** Asserts that no slot is idle while a waiting test could run in it. */
    private void assertNoPlaceIsWasted() {
        // Uses the schedule itself: it must not be able to start another test without a new event.
        assertThat(schedule.startableTest())
                .as(() -> "a test that could run now waits: " + schedule.whyWaiting() + " after "
                        + history.subList(Math.max(0, history.size() - 8), history.size()))
                .isNull();
    }

    private void cancelTests() {
        List.copyOf(running.entrySet())
                .forEach(entry -> at(Duration.ZERO, () -> {
                    if (running.remove(entry.getKey(), entry.getValue())) {
                        TestEnd end = TestEnd.of(Outcome.CANCELLED, "cancelled");
                        tell(new Event.Finished(
                                entry.getKey().system(), entry.getKey().slot(), end));
                    }
                }));
    }

    private void release(int system) {
        assertThat(running.keySet().stream().anyMatch(place -> place.system() == system))
                .as("a system is released while it runs a test")
                .isFalse();
        at(Duration.ZERO, () -> {
            PoolSystem.Facts facts = systems.remove(system);
            assertThat(facts).as("released once").isNotNull();
            onRelease.accept(facts.host());
            released++;
            tell(new Event.Released(system));
        });
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
