package org.atex.adhoc;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.AttemptCause;
import org.atex.api.Fixture.Scope;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/** A test of the run and its attempts so far. Confined to the {@link Schedule}. */
final class PlannedTest implements Comparable<PlannedTest> {
    /** The properties that decide where and when a test can run. Tests of the same kind differ only in their order. */
    record Kind(Set<TestLock> locks, Demand demand) {
        /** {@return whether two tests of this kind can never run at the same time} */
        boolean excludesItself() {
            return locks.stream().anyMatch(lock -> lock.mode() == TestLock.Mode.EXCLUSIVE);
        }
    }

    /**
     * The properties that decide on which system a test can run.
     *
     * @param needs the requirements for the system
     * @param destructive whether the test needs all slots of the system
     * @param alone null, or what the test shares with those that may run at the same time: its group; an empty
     *     string for a test that runs beside none
     * @param bond the group whose system it uses, or null
     * @param fresh whether no test may have run on the system
     * @param avoided the hosts that it does not use
     * @param locks the locks that it holds on its system
     * @param gang whether it starts only together with others, each on a system of its own
     */
    record Demand(
            Set<Need> needs,
            boolean destructive,
            @Nullable String alone,
            @Nullable PlannedGroup bond,
            boolean fresh,
            Set<HostRecord> avoided,
            Set<TestLock> locks,
            boolean gang) {
        /** {@return whether the labels of a system meet all needs} */
        boolean isMetBy(Map<String, String> labels) {
            return Needs.areMet(needs, labels);
        }

        /** {@return whether not every system with the needed labels will do, even if nothing runs on it} */
        boolean isPicky() {
            return fresh || !avoided.isEmpty();
        }

        /** {@return whether it matters which system with the needed labels is used} */
        boolean dependsOnSystem() {
            return isPicky() || !locks.isEmpty() || gang;
        }

        /** {@return whether it can run on a system with suitable labels} */
        boolean accepts(PoolSystem system) {
            return (!fresh || !system.hasWorked)
                    && !avoided.contains(system.host)
                    && (locks.isEmpty() || system.areFree(locks));
        }

        boolean isAlone() {
            return alone != null;
        }
    }

    /**
     * A test that ends before this one.
     *
     * @param test the test
     * @param onlyIfPassed whether this test is skipped unless the other one passes
     */
    record Dependency(PlannedTest test, boolean onlyIfPassed) {}

    /**
     * A system of a test that runs on several.
     *
     * @param name its name in the test
     * @param role its role
     */
    record Guest(String name, String role) {}

    /** The user's own object, for the executor and the user's policies. */
    final TestCase test;
    /** Its properties, read once before the run. */
    final PlainTest facts;

    /** Changes only while the test does not wait. */
    Kind kind;

    /** The demand of its first attempt. */
    private final Demand first;
    /** The hosts of its attempts that are followed by another one. */
    private final Set<HostRecord> hosts = new HashSet<>();

    /** Where its latest attempt ran, or null. */
    private @Nullable HostRecord lastHost;

    private final int rank;
    private final int tier;
    /** Whether it runs after all others. */
    private boolean late;
    /** The group that has rules for it, or null. */
    final @Nullable PlannedGroup group;
    /** Its systems, if it runs on several at once or is one of them; else null. */
    @Nullable
    Gang gang;
    /** Its system of those of the gang; null if it is the whole test. */
    private final @Nullable Guest guest;
    /** Its fixtures and those that they use, in the order of their start. */
    final List<PlannedFixture> fixtures;
    /** The tests that must end first, apart from those of a serial group. */
    final List<Dependency> after = new ArrayList<>();
    /** The previous test of a serial group, or null. */
    @Nullable
    PlannedTest previous;
    /** The next test of a serial group, or null. */
    @Nullable
    PlannedTest next;
    /** Whether the next test of its serial group cannot use the system of its latest attempt. */
    boolean lostSystem;
    /** Where its limit comes from, if the test does not declare it; else empty. */
    String aboutLimit = "";
    /** Its place among the waiting tests. */
    @Nullable
    TestQueue queue;
    /** When its latest attempt started. */
    Instant startedAt = Instant.MIN;

    private final List<TestEnd> ends = new ArrayList<>();
    /** The causes of the attempts after the first. */
    private final List<AttemptCause> causes = new ArrayList<>();

    private boolean concluded;
    /** Whether its end is decided, but not concluded, since its group may have to start again. */
    boolean passedOn;
    /** The end of its latest attempt, while it is undecided whether that is the last one; else null. */
    @Nullable
    TestEnd held;
    /** The number of systems that arrived while it waited for another host, but are on a host that it avoids. */
    int avoidedSystems;
    /** The number of attempts that failed for lack of disk space. */
    int noSpaceCount;

    PlannedTest(
            TestCase test,
            PlainTest facts,
            int rank,
            int tier,
            @Nullable PlannedGroup group,
            List<PlannedFixture> fixtures) {
        this(test, facts, rank, tier, group, fixtures, null);
    }

    private PlannedTest(
            TestCase test,
            PlainTest facts,
            int rank,
            int tier,
            @Nullable PlannedGroup group,
            List<PlannedFixture> fixtures,
            @Nullable Guest guest) {
        this.test = test;
        this.guest = guest;
        this.facts = facts;
        this.rank = rank;
        this.tier = tier;
        this.group = group;
        this.fixtures = fixtures;
        PlannedGroup serial = group != null && group.rules.isSerial() ? group : null;
        PlannedGroup bond = isGroupOnOneSystem() ? group : null;
        Set<TestLock> locks = serial == null ? facts.locks() : serial.locks;
        boolean alone = locks.contains(TestLock.exclusive(TestLock.EVERYTHING));
        boolean aloneOnSystem = locks.contains(TestLock.exclusiveOnSystem(TestLock.EVERYTHING));
        this.kind = new Kind(
                guest == null ? withGates(locksOf(locks, TestLock.Scope.RUN)) : locksOf(locks, TestLock.Scope.RUN),
                new Demand(
                        bond == null ? facts.needs() : bond.needs,
                        aloneOnSystem || (serial == null ? facts.destructive() : serial.whole),
                        alone ? "" : group != null && group.rules.isAlone() ? "group " + group.name() : null,
                        bond,
                        false,
                        Set.of(),
                        locksOf(locks, TestLock.Scope.SYSTEM),
                        guest != null));
        this.first = kind.demand();
    }

    /**
     * Adds a member to the gang of this test.
     *
     * @param role the test of its role
     * @param member the properties of the member
     * @param memberFixtures its fixtures and those that they use, in the order of their start
     */
    void addMember(TestCase role, PlainTest member, Guest place, int memberRank, List<PlannedFixture> memberFixtures) {
        if (gang == null) {
            throw new IllegalStateException(name() + " runs on one system");
        }
        PlannedTest planned = new PlannedTest(role, member, memberRank, tier, group, memberFixtures, place);
        planned.gang = gang;
        if (gang.members.isEmpty()) {
            planned.kind = new Kind(withGates(planned.kind.locks()), planned.kind.demand());
        }
        gang.members.add(planned);
    }

    /** Adds locks that are not free while a fixture is started that tests on several systems share. */
    private Set<TestLock> withGates(Set<TestLock> locks) {
        Set<TestLock> all = new HashSet<>(locks);
        for (PlannedFixture fixture : fixtures) {
            if (isFixtureShared(fixture)) {
                all.add(Locks.gate(fixture.name() + (fixture.scope() == Scope.GROUP ? " of " + facts.group() : "")));
            }
        }
        return Set.copyOf(all);
    }

    /** {@return whether tests on several systems share a fixture of this test} */
    boolean isFixtureShared(PlannedFixture fixture) {
        return fixture.scope() == Scope.RUN || fixture.scope() == Scope.GROUP && !isGroupOnOneSystem();
    }

    /** {@return whether all tests of its group run on one system} */
    boolean isGroupOnOneSystem() {
        return group != null && group.rules.isOnOneSystem();
    }

    /** {@return its system of those of a test that runs on several} */
    Guest guest() {
        if (guest == null) {
            throw new IllegalStateException(name() + " is not a member of a gang");
        }
        return guest;
    }

    boolean isMember() {
        return guest != null;
    }

    /** {@return the test of the run that this is, or to which this member belongs} */
    PlannedTest unit() {
        return guest != null && gang != null ? gang.test : this;
    }

    /**
     * Returns each lock of a scope once, without that for everything; a lock that is listed as both shared and exclusive
     * is exclusive.
     */
    private static Set<TestLock> locksOf(Set<TestLock> all, TestLock.Scope scope) {
        Map<String, TestLock> locks = new HashMap<>();
        for (TestLock lock : all) {
            if (lock.scope() == scope && !lock.name().equals(TestLock.EVERYTHING)) {
                locks.merge(lock.name(), lock, (a, b) -> a.mode() == TestLock.Mode.EXCLUSIVE ? a : b);
            }
        }
        return Set.copyOf(locks.values());
    }

    String name() {
        return facts.name();
    }

    /**
     * Sets the cause, place and time of the next attempt.
     *
     * @param how the place and time
     * @param host where the latest attempt ran
     */
    void again(AttemptCause cause, Rerun how, HostRecord host) {
        causes.add(cause);
        hosts.add(host);
        late = how.time() != Rerun.Time.IN_ORDER;
        boolean picks = how.on() != Rerun.On.ANY || !how.needs().isEmpty();
        change(new Demand(
                how.with(first.needs()),
                first.destructive(),
                how.time() == Rerun.Time.ALONE ? "" : first.alone(),
                picks ? null : first.bond(), // its group may be on a system that it must not use
                how.on() == Rerun.On.FRESH,
                how.on() == Rerun.On.OTHER ? Set.copyOf(hosts) : Set.of(),
                first.locks(),
                first.gang()));
    }

    /** Sets the cause and time of the next attempt of a test on several systems, after those of its members. */
    void again(AttemptCause cause, PlannedTest leader) {
        causes.add(cause);
        late = leader.late;
    }

    /** {@return whether fewer systems will do than for its first attempt} */
    boolean isPicky() {
        return kind.demand().isPicky() || !kind.demand().needs().equals(first.needs());
    }

    /** Accepts any system that will do for its first attempt. */
    void acceptAny() {
        Demand demand = kind.demand();
        change(new Demand(
                first.needs(),
                demand.destructive(),
                demand.alone(),
                demand.bond(),
                false,
                Set.of(),
                demand.locks(),
                demand.gang()));
    }

    private void change(Demand demand) {
        kind = new Kind(kind.locks(), demand);
        queue = null;
    }

    /** {@return whether it runs after all others} */
    boolean isLate() {
        return late;
    }

    /** {@return the tier: within one, scarce systems are more important than the rank. Lower ones are first.} */
    int tier() {
        return late ? Integer.MAX_VALUE : tier;
    }

    /**
     * {@return the cause of an attempt}
     *
     * @param attempt the number of the attempt; 0 if the test never started
     */
    AttemptCause cause(int attempt) {
        return attempt < 2 ? AttemptCause.FIRST : causes.get(attempt - 2);
    }

    /**
     * Takes over the attempts of a program that was killed.
     *
     * @param earlier their records, in order
     */
    void resumed(List<TestRecord> earlier) {
        for (TestRecord record : earlier) {
            while (ends.size() < record.attempt()) {
                boolean isThis = ends.size() == record.attempt() - 1;
                if (!ends.isEmpty()) {
                    causes.add(isThis ? record.cause() : AttemptCause.RESUMED);
                }
                ends.add(isThis ? record.end() : TestEnd.of(Outcome.LOST, "its record is missing"));
            }
        }
    }

    /** Sets the cause of the next attempt, after those that were taken over. */
    void goesOn(AttemptCause cause) {
        if (!ends.isEmpty()) {
            causes.add(cause);
        }
    }

    void ranOn(HostRecord host) {
        lastHost = host;
    }

    HostRecord lastHost() {
        if (lastHost == null) {
            throw new IllegalStateException(name() + " has not run");
        }
        return lastHost;
    }

    /** {@return the number of the current or next attempt} */
    int attempt() {
        return ends.size() + 1;
    }

    List<TestEnd> ends() {
        return List.copyOf(ends);
    }

    /** {@return the ends of its attempts, with one more} */
    List<TestEnd> endsWith(TestEnd latest) {
        List<TestEnd> all = new ArrayList<>(ends);
        all.add(latest);
        return all;
    }

    void ended(TestEnd end) {
        ends.add(end);
    }

    boolean isConcluded() {
        return concluded;
    }

    /** {@return whether the next test of its serial group need not wait for it any more} */
    boolean isOver() {
        return concluded || passedOn;
    }

    void conclude() {
        if (concluded) {
            throw new IllegalStateException(name() + " already has a final outcome");
        }
        concluded = true;
    }

    @Override
    public int compareTo(PlannedTest other) {
        return late == other.late ? Integer.compare(rank, other.rank) : late ? 1 : -1;
    }

    @Override
    public String toString() {
        return name();
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
