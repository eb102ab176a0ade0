package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.adhoc.PoolSystem.Phase;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.jspecify.annotations.Nullable;

/**
 * Selects the waiting test for a free slot, by order, locks, scarce systems, and systems that are kept free. Part of the
 * {@link Schedule}; not thread-safe.
 */
final class Matching {
    private static final Duration SUSPICION = Duration.ofMinutes(10);

    /** Tests with few ready systems are first; if there are equally many, those that need more. */
    private static final Comparator<Line> SCARCE_FIRST = Comparator.comparingInt((Line line) -> line.readySlots)
            .thenComparingInt(line -> -line.demand.needs().size());

    private final WaitingTests waiting;
    private final HostHealth hosts;
    /** The system that is kept free for each destructive test. */
    private final Map<PlannedTest, PoolSystem> claims = new HashMap<>();

    private final Map<HostRecord, Instant> suspectedUntil = new HashMap<>();
    private int running;
    /** What the running tests share, if no other test may run now; else null. */
    private @Nullable String runningAlone;
    /** Whether no test starts until nothing runs, for a test that must run alone. */
    private boolean draining;

    private @Nullable Duration longest;

    Matching(WaitingTests waiting, HostHealth hosts) {
        this.waiting = waiting;
        this.hosts = hosts;
    }

    /** {@return the number of tests running on all systems} */
    int running() {
        return running;
    }

    /**
     * {@return systems in the order in which they get tests: those that can run the fewest of the waiting tests first}
     *
     * @param systems the systems, the preferred ones first
     */
    List<PoolSystem> inOrder(List<PoolSystem> systems) {
        Map<SystemKind, Integer> demands = new HashMap<>();
        systems.forEach(system -> demands.computeIfAbsent(system.kind, SystemKind::demands));
        return demands.size() < 2
                ? systems
                : systems.stream()
                        .sorted(Comparator.comparing(system -> demands.get(system.kind)))
                        .toList();
    }

    /**
     * {@return the test to start in a free slot now, or null if none can start or the slot is kept free}
     *
     * @param system the system with the slot
     */
    @Nullable
    PlannedTest pick(PoolSystem system, Instant now) {
        if (!system.hasIdleSlot() || waitsForPeers(system, now)) {
            return null;
        }
        PlannedTest first = first(system, now, true);
        if (first == null || system.isWholeFor(first)) {
            return first;
        }
        // The test needs a whole system. Drain one for it; otherwise smaller tests would keep every system busy.
        PoolSystem claimed = claims.get(first);
        if (claimed == null || !willTake(claimed, first, now)) {
            claims.put(first, system);
            return null;
        }
        return claimed == system ? null : first(system, now, false);
    }

    /**
     * {@return the test of a lower tier than the given one to start in a free slot now, or null} Unlike {@link #pick}, it
     * claims the system for such tests only.
     */
    @Nullable
    PlannedTest pickBefore(int tier, PoolSystem system, Instant now) {
        PlannedTest first = system.hasIdleSlot() ? first(system, now, true) : null;
        return first == null || first.tier() >= tier ? null : pick(system, now);
    }

    /** Returns whether a test can start on a system as soon as nothing runs there. */
    private boolean willTake(PoolSystem system, PlannedTest test, Instant now) {
        TestQueue queue = test.queue;
        return system.phase == Phase.READY
                && !system.isClosed()
                && queue != null
                && !test.kind.demand().avoided().contains(system.host)
                && system.outlives(test, longest, now);
    }

    /** {@return all tests that can start on the system now, in the order of the run} */
    List<PlannedTest> candidates(PoolSystem system, Instant now) {
        return system.kind.lines.stream()
                .flatMap(line -> line.startable.stream())
                .flatMap(queue -> queue.tests.stream())
                .filter(test -> canStart(test, system, now))
                .sorted()
                .toList();
    }

    /** {@return whether a test waits that can start on the system now} */
    boolean canStart(PlannedTest test, PoolSystem system, Instant now) {
        TestQueue queue = test.queue;
        return queue != null
                && queue.tests.contains(test)
                && queue.startable
                && system.hasIdleSlot()
                && system.kind.lines.contains(queue.line)
                && mayStart(queue.line, system)
                && system.isWholeFor(test)
                && system.outlives(test, longest, now);
    }

    private @Nullable PlannedTest first(PoolSystem system, Instant now, boolean withDestructive) {
        PlannedTest first = null;
        Line of = null;
        for (Line line : system.kind.lines) {
            if (!mayStart(line, system) || line.demand.destructive() && !withDestructive && !system.isIdle()) {
                continue;
            }
            PlannedTest candidate = first(line, system, now);
            if (candidate != null && (first == null || of == null || isBefore(candidate, line, first, of))) {
                first = candidate;
                of = line;
            }
        }
        return first;
    }

    private boolean mayStart(Line line, PoolSystem system) {
        if (line.startable.isEmpty() || line.demand.gang() || !line.demand.accepts(system)) {
            return false;
        }
        PlannedGroup bond = line.demand.bond();
        if (bond != null && bond.system != null && !bond.system.equals(system)) {
            return false;
        }
        return mayRun(line.demand);
    }

    /** {@return whether a test can run beside those that run now} */
    boolean mayRun(PlannedTest.Demand demand) {
        String alone = demand.alone();
        return alone == null
                ? runningAlone == null && !draining
                : running == 0 || !alone.isEmpty() && alone.equals(runningAlone);
    }

    /** {@return whether no test of a lower tier has claimed the system, and it need not wait for others} */
    boolean isFreeForGang(PlannedTest test, PoolSystem system, Instant now) {
        return !waitsForPeers(system, now)
                && claims.entrySet().stream()
                        .noneMatch(claim -> claim.getValue().equals(system)
                                && claim.getKey().tier() < test.tier());
    }

    private @Nullable PlannedTest first(Line line, PoolSystem system, Instant now) {
        if (system.facts.expires() == null) {
            return line.startable.first().first();
        }
        PlannedTest first = null;
        for (TestQueue queue : line.startable) {
            if (first != null && first.compareTo(queue.first()) < 0) {
                break;
            }
            for (PlannedTest test : queue.tests) {
                if (first != null && first.compareTo(test) < 0) {
                    break;
                }
                if (system.outlives(test, longest, now)) {
                    first = test;
                    break;
                }
            }
        }
        return first;
    }

    private static boolean isBefore(PlannedTest a, Line ofA, PlannedTest b, Line ofB) {
        if (a.tier() != b.tier()) {
            return a.tier() < b.tier();
        }
        int scarcity = SCARCE_FIRST.compare(ofA, ofB);
        return scarcity != 0 ? scarcity < 0 : a.compareTo(b) < 0;
    }

    /**
     * Returns whether a host must wait for results of other hosts: many tests failed on it and none passed. The wait
     * ends after 10 min, or when nothing runs elsewhere.
     */
    private boolean waitsForPeers(PoolSystem system, Instant now) {
        if (!hosts.isSuspicious(system.host) || running <= system.runningNow()) {
            return false;
        }
        return now.isBefore(suspectedUntil.computeIfAbsent(system.host, host -> now.plus(SUSPICION)));
    }

    /** {@return when the next host stops waiting for results of other hosts, or null} */
    @Nullable
    Instant nextEndOfSuspicion(Instant now) {
        if (suspectedUntil.isEmpty()) {
            return null; // asked after each event
        }
        return suspectedUntil.values().stream()
                .filter(until -> until.isAfter(now))
                .min(Instant::compareTo)
                .orElse(null);
    }

    /**
     * Reserves locks, and the whole pool, for the first tests that cannot start yet.
     *
     * @return whether a reservation has changed, so that there may be other tests to start
     */
    boolean reserve() {
        boolean before = draining;
        draining = running > 0 && runningAlone == null && firstMustRunAlone();
        return waiting.claimLocks() || before != draining;
    }

    /**
     * Returns whether a test that must run alone has a higher priority than all other waiting tests. Others like it run
     * when no test runs, at the begin or the end of the run, where systems idle the shortest.
     */
    private boolean firstMustRunAlone() {
        PlannedTest first = null;
        for (Line line : waiting.lines()) {
            if (line.demand.isAlone() && !line.demand.isPicky() && !line.startable.isEmpty() && line.readySlots > 0) {
                PlannedTest candidate = line.startable.first().first();
                first = first == null || candidate.compareTo(first) < 0 ? candidate : first;
            }
        }
        if (first == null) {
            return false;
        }
        for (Line line : waiting.lines()) {
            if (!line.demand.isAlone() && !line.isEmpty() && line.first().tier() <= first.tier()) {
                return false;
            }
        }
        return true;
    }

    /** {@return why a waiting test does not run now, for people} */
    String whyNot(PlannedTest test) {
        PlannedTest.Demand demand = test.kind.demand();
        String locked = waiting.whyLocked(test);
        if (!locked.isEmpty()) {
            return locked;
        }
        if (waiting.readySlots(test) == 0) {
            return "for a system" + (demand.needs().isEmpty() ? "" : " with " + demand.needs());
        }
        PlannedGroup bond = demand.bond();
        if (bond != null && bond.system != null) {
            return "for a slot on " + bond.system.facts.name() + ", where its group runs";
        }
        if (demand.isAlone() ? running > 0 : runningAlone != null) {
            return demand.isAlone() ? "until no other test runs" : "until the tests that must run alone have ended";
        }
        if (draining) {
            return "for a test with a higher priority that must run alone";
        }
        if (demand.isPicky()) {
            return demand.fresh() ? "for a fresh system" : "for another host";
        }
        if (!demand.locks().isEmpty()) {
            return "for a free slot on a system on which "
                    + demand.locks().stream().map(TestLock::name).sorted().collect(Collectors.joining(", "))
                    + " is free";
        }
        return demand.destructive()
                ? "for a system on which no other test runs"
                : "for a free slot" + (demand.needs().isEmpty() ? "" : " on a system with " + demand.needs());
    }

    void started(PlannedTest test, Instant now) {
        claims.remove(test);
        waiting.start(test);
        List<PlannedTest> started = test.gang == null ? List.of(test) : test.gang.members;
        running += started.size();
        runningAlone = started.get(0).kind.demand().alone();
        started.forEach(one -> one.startedAt = now);
    }

    /** A test has ended, or did not start after all. */
    void ended(PlannedTest test) {
        running--;
        runningAlone = running == 0 ? null : runningAlone;
        waiting.ended(test);
    }

    /** Remembers how long a test took. */
    void took(PlannedTest test, TestEnd end, Instant now) {
        if (end.outcome() != Outcome.CANCELLED && end.outcome() != Outcome.LOST) {
            Duration took = Duration.between(test.startedAt, now);
            longest = longest == null || took.compareTo(longest) > 0 ? took : longest;
        }
    }

    void gone(PoolSystem system) {
        claims.values().remove(system);
    }

    /** {@return whether a test that starts now probably ends before the reservation of the system} */
    boolean endsInTime(PlannedTest test, PoolSystem system, Instant now) {
        return system.outlives(test, longest, now);
    }

    /** {@return whether a waiting test can run on the system and probably ends before its reservation} */
    boolean canUseInTime(PoolSystem system, Instant now) {
        return system.facts.expires() == null
                ? waiting.canUse(system)
                : waiting.canUse(system, test -> system.outlives(test, longest, now));
    }

    /**
     * {@return the waiting tests for which systems are missing and can be requested, with the number of systems} Tests
     * with few possible provisioners are first.
     *
     * @param systems the systems of the pool
     * @param urgent how many systems the first test that runs on several lacks
     * @param supply the requests that are pending
     */
    Map<Line, Integer> missing(Collection<PoolSystem> systems, Map<Line, Integer> urgent, Supply supply, Instant now) {
        Map<SystemKind, Integer> soon = waiting.freeSlots();
        List<Line> lines = waiting.lines().stream()
                .filter(line -> !line.isEmpty())
                .sorted(Comparator.comparingLong((Line line) -> supply.fitting(line))
                        .thenComparing(SCARCE_FIRST)
                        .thenComparing(Line::first))
                .toList();
        Supply.Pending pending = supply.pending(now);
        Map<Line, Integer> missing = new LinkedHashMap<>();
        for (Line line : lines) {
            int rest = parallel(line);
            if (line.demand.gang()) {
                rest -= (int) systems.stream().filter(line::mayUseLater).count();
                rest = Math.max(rest, urgent.getOrDefault(line, 0));
            } else if (line.demand.dependsOnSystem()) {
                for (PoolSystem system : systems) {
                    boolean accepts = line.demand.accepts(system) && line.fits(system.kind.labels);
                    rest -= rest > 0 && accepts ? line.slotsOn(system) : 0;
                }
            }
            for (Map.Entry<SystemKind, Integer> entry : soon.entrySet()) {
                if (rest > 0
                        && !line.demand.dependsOnSystem()
                        && entry.getValue() > 0
                        && line.fits(entry.getKey().labels)) {
                    int used = Math.min(rest, entry.getValue());
                    entry.setValue(entry.getValue() - used);
                    rest -= used;
                }
            }
            rest -= pending.take(rest, line::mayFit);
            if (rest > 0 && supply.canBeAsked(List.of(line), now)) {
                missing.put(line, rest);
            }
        }
        return missing;
    }

    /** Returns the number of systems that the tests can use at once. */
    private static int parallel(Line line) {
        PlannedGroup bond = line.demand.bond();
        if (bond != null) {
            return bond.system == null ? 1 : 0;
        }
        return "".equals(line.demand.alone()) ? Math.min(1, line.parallel) : line.parallel;
    }

    /**
     * {@return how many systems to request for each demand} If not all can be requested, tests of a lower tier are
     * first; within a tier, each demand gets a share by the number of its tests.
     *
     * @param most the number of systems that can be requested
     * @param missing the number that is missing
     * @param urgent the part of it that the first test that runs on several systems lacks; it is first in its tier
     */
    Map<Line, Integer> shares(int most, Map<Line, Integer> missing, Map<Line, Integer> urgent) {
        if (missing.values().stream().mapToLong(count -> count).sum() <= most) {
            return missing;
        }
        Map<Line, Integer> shares = new LinkedHashMap<>();
        for (int i = 0; i < most; i++) {
            Line next = null;
            for (Map.Entry<Line, Integer> entry : missing.entrySet()) {
                Line line = entry.getKey();
                if (shares.getOrDefault(line, 0) < entry.getValue()
                        && (next == null || deservesMore(line, next, shares, missing, urgent))) {
                    next = line;
                }
            }
            if (next != null) {
                shares.merge(next, 1, Integer::sum);
            }
        }
        return shares;
    }

    /** The method of D'Hondt. */
    private static boolean deservesMore(
            Line a, Line b, Map<Line, Integer> shares, Map<Line, Integer> missing, Map<Line, Integer> urgent) {
        if (a.first().tier() != b.first().tier()) {
            return a.first().tier() < b.first().tier();
        }
        boolean isUrgent = shares.getOrDefault(a, 0) < urgent.getOrDefault(a, 0);
        if (isUrgent != shares.getOrDefault(b, 0) < urgent.getOrDefault(b, 0)) {
            return isUrgent;
        }
        long forA = (long) missing.getOrDefault(a, 0) * (shares.getOrDefault(b, 0) + 1);
        long forB = (long) missing.getOrDefault(b, 0) * (shares.getOrDefault(a, 0) + 1);
        return forA != forB ? forA > forB : a.first().compareTo(b.first()) < 0;
    }
}
