package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.adhoc.PoolSystem.Phase;
import org.atex.api.AttemptCause;
import org.atex.api.Fixture;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.Stop;
import org.atex.api.TestEnd;
import org.atex.api.Verdict;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Decides which test runs where and when: a state machine without threads, clock or I/O. It receives events and
 * returns decisions, which the caller carries out and reports on with further events. All rules are here, except for
 * the user's own policies, which {@link Decision.AskPolicies} asks for.
 *
 * <p>Not thread-safe.
 */
final class Schedule {
    private record End(PlannedTest test, TestEnd end) {}

    private record Judged(PoolSystem system, int slot, TestEnd end) {}

    private static final int MAX_NO_SPACE = 2;
    private static final int MAX_QUARANTINED = 3;
    private static final int MAX_REASONS = 10;
    private static final int MAX_NAMES = 3;
    private static final int MAX_RESTARTS = 3;
    /** On how many systems in a row a fixture may fail to start. */
    private static final int MAX_FIXTURE_FAILURES = 2;
    /** How many systems, for each that a test needs, are given back for others before it is given up. */
    private static final int MAX_EXCHANGES = 5;

    private final RunRules rules;
    private final List<PlannedTest> tests;
    /** The groups that have rules. */
    private final Set<PlannedGroup> groups = new LinkedHashSet<>();
    /** The tests of serial groups, in order. */
    private final Map<PlannedGroup, List<PlannedTest>> serial;

    private final WaitingTests waiting = new WaitingTests();
    private final DependentTests dependent;
    /** The tests with an expected duration, if the run has a limit. */
    private final List<PlannedTest> longestFirst;

    private int firstNotTooLong;
    private final HostHealth hosts = new HostHealth();
    private final Matching matching = new Matching(waiting, hosts);
    private final Gangs gangs = new Gangs(waiting, matching);
    private final FreeSpaceWatch freeSpace;
    private final Map<Integer, PoolSystem> systems = new LinkedHashMap<>();
    /** The systems with a free slot, the longest idle first. */
    private final Set<PoolSystem> idle = new LinkedHashSet<>();

    private final Map<PlannedTest, Judged> beingJudged = new HashMap<>();
    private final FixtureFailures fixtureFailures = new FixtureFailures();
    /** Hosts with held-back failures that the host may have caused. */
    private final Set<HostRecord> doubted = new LinkedHashSet<>();

    private final Supply supply;
    private int quarantined;
    private int unfinished;
    private int failures;
    private @Nullable Stop stop;
    private String whyStopped = "";
    private String lastWait = "";
    /** Before the first system is ready, all tests wait; that is not reported. */
    private boolean wasReady;

    private boolean ended;
    private Instant now = Instant.EPOCH;
    private Instant lastProgress = Instant.EPOCH;
    private boolean stallIsTold;
    private @Nullable Instant deadline;
    private @Nullable Instant starvingSince;
    private @Nullable Instant wake;
    /** No system is requested before this instant, or null. */
    private @Nullable Instant nextRequest;

    /** Final ends of tests for which others may wait. */
    private final Deque<End> ends = new ArrayDeque<>();

    private boolean freeing;

    private List<Decision> out = new ArrayList<>();

    /**
     * Creates a schedule.
     *
     * @param tests the planned tests
     * @param sources the terms of each provisioner
     * @param rules the options of the run
     */
    Schedule(List<PlannedTest> tests, List<Supply.Terms> sources, RunRules rules) {
        this.rules = rules;
        this.tests = List.copyOf(tests);
        this.supply = new Supply(sources, rules.failureWindow(), rules.failingWithin());
        this.freeSpace = new FreeSpaceWatch(rules.diskSpaceWithin());
        this.unfinished = tests.size();
        this.longestFirst = this.tests.stream()
                .filter(test -> rules.runWithin() != null && test.facts.expected() != null)
                .sorted(Comparator.comparing((PlannedTest test) -> test.facts.expected())
                        .reversed())
                .toList();
        this.tests.stream().map(test -> test.group).filter(Objects::nonNull).forEach(groups::add);
        this.serial = this.tests.stream()
                .filter(Schedule::isSerial)
                .sorted()
                .collect(Collectors.groupingBy(Schedule::group, LinkedHashMap::new, Collectors.toList()));
        this.dependent = new DependentTests(this.tests);
        this.tests.stream().filter(test -> !dependent.contains(test)).forEach(waiting::add);
    }

    /** {@return the needs of the tests for which the pending requests of a provisioner were made, the oldest first} */
    List<Set<Need>> requestedNeeds(int provisioner) {
        return supply.requests(provisioner).stream()
                .map(line -> line.demand.needs())
                .toList();
    }

    /** {@return the planned tests, in the order given} */
    List<PlannedTest> tests() {
        return tests;
    }

    /** Concludes a test with properties that could not be read. To be called before {@link Event.Begin}. */
    void refuse(PlannedTest test, String why) {
        takeOut(test);
        conclude(test, 0, TestEnd.of(Outcome.ERROR, why));
    }

    /**
     * Takes over the ends of tests from a program that was killed. To be called before {@link Event.Begin}, when the
     * tests have their attempts.
     *
     * @param ended the end of each test that does not run again
     */
    void resume(Map<PlannedTest, TestEnd> ended) {
        // First, so that the end of one test does not end another one that has ended as well.
        ended.keySet().forEach(this::takeOut);
        ended.forEach(this::over);
    }

    private void takeOut(PlannedTest test) {
        if (dependent.contains(test)) {
            dependent.remove(test);
        } else {
            waiting.remove(test);
        }
    }

    /** {@return the decisions that follow from an event, in order} */
    List<Decision> on(Event event, Instant at) {
        now = at;
        if (!ended) {
            take(event);
            settle();
        }
        List<Decision> decisions = out;
        out = new ArrayList<>();
        return decisions;
    }

    private void take(Event event) {
        if (event.isProgress()) {
            lastProgress = now;
            stallIsTold = false;
        }
        switch (event) {
            case Event.Begin() -> deadline = rules.runWithin() == null ? null : now.plus(rules.runWithin());
            case Event.Tick() -> tick();
            case Event.Stopped(Stop how, String why) -> stopping(how, why);
            case Event.Arriving(int provisioner) -> supply.arriving(provisioner);
            case Event.Offered(PoolSystem.Facts facts) -> offered(facts);
            case Event.NotOffered failure -> notOffered(failure);
            case Event.NotAsked(int provisioner, int count, String why) -> {
                supply.notComing(provisioner, count, false);
                supply.failed(provisioner, why, now);
            }
            case Event.Exhausted(int provisioner, String why, boolean forGood) ->
                supply.exhausted(provisioner, why, forGood);
            case Event.Waiting(int provisioner, String why) -> supply.waiting(provisioner, why);
            case Event.Prepared(int id) -> prepared(system(id));
            case Event.PreparationFailed(int id, String why) -> preparationFailed(system(id), why);
            case Event.Started(int id, int slot) -> started(system(id).runs(slot));
            case Event.FixtureFailed(int id, int slot, PlannedFixture fixture, String why) ->
                fixtureFailed(system(id), slot, fixture, why);
            case Event.Finished(int id, int slot, TestEnd end) -> finished(system(id), slot, end);
            case Event.NotStarted(int id, int slot) -> notStarted(system(id), slot);
            case Event.NoSpace(int id, int slot, String why) -> noSpace(system(id), slot, why);
            case Event.FreeSpace(String why) -> {
                if (why.isEmpty() && freeSpace.isShort()) {
                    freeSpace.returned();
                    out.add(new Decision.Pause(""));
                }
            }
            case Event.PoliciesAnswered(PlannedTest test, Rerun again, boolean spent) -> judged(test, again, spent);
            case Event.NextChosen(int id, PlannedTest choice) -> chosen(id, choice);
            case Event.Renewed(int id) -> renewed(system(id));
            case Event.Freed(int id) -> freed(system(id));
            case Event.Released(int id) -> released(id);
        }
    }

    // Systems.

    private void offered(PoolSystem.Facts facts) {
        supply.came(facts.provisioner(), facts.labels(), now);
        PoolSystem system = new PoolSystem(
                facts, hosts.of(facts.provisioner(), facts.host()), waiting.systems(facts.labels()), now);
        systems.put(system.id(), system);
        waiting.arrived(system);
        system.host.mayReturn |= !system.isItsOwnHost();
        if (systems.size() - quarantined > rules.maxSystems() || supply.hasTooMany(facts.provisioner())) {
            release(system, "it arrived after its request was withdrawn, and enough others have been requested");
        } else if (system.host.quarantined != null && unfinished > 0 && stop == null) {
            // Hold it: the provisioner would hand out a released system again at once.
            system.enter(Phase.QUARANTINED);
            quarantined++;
            if (quarantined > MAX_QUARANTINED) {
                // The provisioner has hardly any other host, so it must not be asked again and again.
                supply.failed(facts.provisioner(), "the host " + facts.host() + " is in quarantine", now);
            }
        } else if (waiting.isEmpty() || matching.canUseInTime(system, now)) {
            prepareIfNeeded(system);
        } else {
            refuse(system);
        }
    }

    private void notOffered(Event.NotOffered failure) {
        supply.notComing(failure.provisioner(), 1, failure.arriving());
        // A failure on a host that is known as bad must not open the breaker of the whole provisioner.
        boolean counts = true;
        if (failure.host() != null) {
            HostRecord host = hosts.of(failure.provisioner(), failure.host());
            counts = hosts.setUpFailed(host);
            if (hosts.isNewlyBad(host)) {
                quarantine(host);
            }
        }
        if (counts) {
            supply.failed(failure.provisioner(), failure.why(), now);
        }
    }

    private void prepareIfNeeded(PoolSystem system) {
        if (waiting.isEmpty() && !wantsSpare()) {
            release(system, "no test needs it any more");
        } else {
            out.add(new Decision.Prepare(system.id()));
        }
    }

    /** Releases a system that no waiting test can use, so that another one can be requested. */
    private void refuse(PoolSystem system) {
        if (waiting.canUse(system)) {
            String why = whyTooShort(system);
            supply.failed(system.facts.provisioner(), why, now);
            release(system, why);
            return;
        }
        supply.unfit(
                system.facts.provisioner(),
                system.facts.name() + " with the labels " + system.facts.labels() + " fits none of the "
                        + waiting.size() + " waiting tests; the first is " + waiting.describeFirst(),
                waiting.needsOtherLabels(system.facts.labels()));
        release(system, "no waiting test can run on it");
    }

    private String whyTooShort(PoolSystem system) {
        return "its reservation ends at " + system.facts.expires() + ", before any of the " + waiting.size()
                + " waiting tests has ended for certain; the first is " + waiting.describeFirst();
    }

    private void prepared(PoolSystem system) {
        supply.worked(system.facts.provisioner());
        hosts.setUpWorked(system.host);
        if (system.phase == Phase.PREPARING) {
            system.ready();
            wasReady = true;
            gangs.ready();
            idle.add(system);
        }
    }

    private void preparationFailed(PoolSystem system, String why) {
        if (stop == null && unfinished > 0 && !system.preparationCancelled) {
            if (hosts.setUpFailed(system.host)) {
                supply.failed(system.facts.provisioner(), why, now);
            }
            if (hosts.isNewlyBad(system.host)) {
                quarantine(system.host);
            }
        }
        release(system, why);
    }

    private void renewed(PoolSystem system) {
        PoolSystem fresh = new PoolSystem(system.facts, system.host, system.kind, system.since);
        systems.put(system.id(), fresh);
        prepareIfNeeded(fresh);
    }

    private void released(int id) {
        PoolSystem system = system(id);
        systems.remove(id);
        matching.gone(system);
        gangs.gone(system);
        supply.gotBack(system.facts.provisioner());
        if (system.isItsOwnHost()) {
            // It does not return, so there will be no further results to compare.
            settleDoubts(system.host);
        }
    }

    private void freed(PoolSystem system) {
        if (system.phase == Phase.HELD) {
            release(system, "it was held, and is free again");
        }
    }

    /**
     * Returns whether a system is kept for a person after a failed test. While tests wait, one system of those that are
     * allowed must be left for them.
     */
    private boolean isToBeHeld(PoolSystem system, PlannedTest test, TestEnd end) {
        if (rules.holds().most() == 0 || rules.known().of(test.unit().name(), end) != null) {
            return false;
        }
        long held =
                systems.values().stream().filter(other -> other.heldFor != null).count();
        return stop == null
                && end.systemUsable()
                && end.outcome().verdict() == Verdict.FAILED
                && system.phase == Phase.READY
                && system.host.quarantined == null
                && !system.runsSerialGroup()
                && held < rules.holds().most()
                && (waiting.isEmpty() && matching.running() == 0 || held + 1 < rules.maxSystems());
    }

    /** Holds a spent system on which no test runs any more, if it is to be held. {@return whether it is held} */
    private boolean holdIfWanted(PoolSystem system) {
        PlannedTest test = system.heldFor;
        if (test == null || stop != null || system.host.quarantined != null) {
            return false;
        }
        Instant until = now.plus(rules.holds().time());
        Instant expires = system.facts.expires();
        system.enter(Phase.HELD);
        system.heldUntil = expires != null && expires.isBefore(until) ? expires : until;
        out.add(new Decision.HoldSystem(system.id(), test, system.heldUntil));
        if (system.isItsOwnHost()) {
            settleDoubts(system.host); // there will be no further results to compare
        }
        return true;
    }

    private void releaseHeld(boolean all) {
        for (PoolSystem system : List.copyOf(systems.values())) {
            if (system.phase == Phase.HELD && (all || !now.isBefore(system.heldUntil))) {
                release(
                        system,
                        all ? whyStopped : "it was held for " + rules.holds().time());
            }
        }
    }

    private void release(PoolSystem system, String why) {
        quarantined -= system.phase == Phase.QUARANTINED ? 1 : 0;
        system.enter(Phase.LEAVING);
        idle.remove(system);
        out.add(new Decision.Release(system.id(), why));
    }

    /** Holds a spent system, resets it if it is usable and tests wait, and releases it otherwise. */
    private void leave(PoolSystem system) {
        if (holdIfWanted(system)) {
            return;
        }
        if (system.isUsable && !waiting.isEmpty() && stop == null && system.host.quarantined == null) {
            system.renew();
            out.add(new Decision.Renew(system.id(), system.whySpent));
        } else {
            release(system, system.whySpent);
        }
    }

    private void quarantine(HostRecord host) {
        String why = String.valueOf(host.quarantined);
        out.add(new Decision.Quarantine(host.name, why));
        out.add(new Decision.Report(Problem.overcome("the host " + host.name + " was not used any more: " + why)));
        // Its failed tests run again elsewhere: the host probably caused the failures.
        List<PlannedTest> again = List.copyOf(host.doubtful);
        host.doubtful.clear();
        again.forEach(this::waitIfInTime);
        doubted.remove(host);
        for (PoolSystem system : List.copyOf(systems.values())) {
            if (system.host == host && system.phase == Phase.READY) {
                spend(system, "its host is in quarantine");
                if (system.isIdle()) {
                    release(system, system.whySpent);
                }
            }
        }
    }

    private void spend(PoolSystem system, String why) {
        system.enter(Phase.SPENT);
        system.whySpent = why;
        idle.remove(system);
    }

    // Tests.

    /** Takes back a test that did not start after all, or has no valid result. */
    private PlannedTest putBack(PoolSystem system, int slot) {
        PlannedTest test = system.finish(slot);
        matching.ended(test);
        if (system.isClosed() && system.isIdle() && system.phase == Phase.READY) {
            spend(system, system.whySpent);
        }
        if (system.phase == Phase.READY && !system.isClosed()) {
            idle.add(system);
        } else if (system.phase == Phase.SPENT && system.isIdle()) {
            if (!holdIfWanted(system)) {
                release(system, system.whySpent);
            }
        }
        if (isSerial(test) && system.phase != Phase.READY) {
            // It may have been lost while the test was about to start.
            group(test).lostSystem = true;
        }
        return test;
    }

    /** Returns a test to the waiting tests; gives it up if the run is being stopped. */
    private void wait(PlannedTest test) {
        waitIfInTime(test);
        if (stop != null) {
            giveUpWaitingTests(whyStopped);
        }
    }

    private void waitIfInTime(PlannedTest test) {
        String failure = fixtureFailures.of(test);
        if (failure != null) {
            failSetUp(test, failure);
        } else if (endsInTime(test)) {
            waiting.add(test);
        } else {
            giveUp(test, whyTooLong(test));
        }
    }

    private void notStarted(PoolSystem system, int slot) {
        PlannedTest test = system.runs(slot);
        if (test.gang == null) {
            wait(putBack(system, slot));
        } else {
            test.gang.notStarted();
            memberEnded(test.gang, test, Gang.NOT_STARTED);
        }
    }

    /**
     * A fixture of a test could not be started; on several systems, no part of the test starts then. A fixture of systems
     * is tried on another one first.
     */
    private void fixtureFailed(PoolSystem system, int slot, PlannedFixture fixture, String why) {
        PlannedTest part = system.runs(slot);
        PlannedTest test = part.unit();
        String note = "the fixture " + fixture.name() + " could not be started: " + why;
        if (fixture.scope() != Fixture.Scope.TEST && system.phase == Phase.READY && !test.isFixtureShared(fixture)) {
            spend(system, note);
        }
        if (part.gang == null) {
            putBack(system, slot);
        } else {
            part.gang.leave().forEach(place -> putBack(place.system(), place.slot()));
        }
        if (fixture.scope() == Fixture.Scope.TEST) {
            failSetUp(test, note);
            return;
        }
        if (test.isFixtureShared(fixture) || fixtureFailures.onSystem(fixture) >= MAX_FIXTURE_FAILURES) {
            if (fixtureFailures.failed(fixture, test, note)) {
                out.add(new Decision.Report(Problem.infrastructure(note)));
            }
            Stream.concat(waiting.all().stream(), dependent.all().stream())
                    .filter(other -> fixtureFailures.of(other) != null)
                    .toList()
                    .forEach(other -> {
                        if (waiting.contains(other) || dependent.contains(other)) {
                            takeOut(other);
                            failSetUp(other, note);
                        }
                    });
        } else if (hosts.setUpFailed(system.host)) {
            supply.failed(system.facts.provisioner(), note, now);
        }
        wait(test);
    }

    /** Ends a test that cannot run, or not again, for lack of a fixture. */
    private void failSetUp(PlannedTest test, String note) {
        if (test.ends().isEmpty()) {
            conclude(test, 0, TestEnd.of(Outcome.SETUP_FAILED, note));
        } else {
            giveUp(test, note);
        }
    }

    private void noSpace(PoolSystem system, int slot, String why) {
        PlannedTest test = system.runs(slot);
        if (test.gang == null) {
            noSpace(putBack(system, slot), why);
        } else {
            test.gang.noSpace(why);
            memberEnded(test.gang, test, Gang.NOT_STARTED);
        }
    }

    private void noSpace(PlannedTest test, String why) {
        // A test that fills the disk by itself would otherwise run again and again.
        if (++test.noSpaceCount > MAX_NO_SPACE) {
            TestEnd end = TestEnd.of(Outcome.SETUP_FAILED, "no disk space for its artifacts on this machine: " + why);
            int attempt = test.attempt();
            test.ended(end);
            conclude(test, attempt, end);
        } else {
            wait(test);
        }
        if (!freeSpace.isShort()) {
            freeSpace.isGone(why, now);
            out.add(new Decision.Report(Problem.overcome(
                    "tests were paused because this machine had no disk space for artifacts: " + why)));
            out.add(new Decision.Pause(why));
        }
    }

    /** Concludes the previous attempt: only now is it certain that it was not the last one. */
    private void started(PlannedTest started) {
        if (!started.fixtures.isEmpty()) {
            waiting.openGates(started);
            fixtureFailures.started(started);
        }
        PlannedTest test = started.unit();
        TestEnd held = test.held;
        if (held != null) {
            test.held = null;
            out.add(new Decision.Conclude(test, test.ends().size(), held, false));
        }
    }

    private void finished(PoolSystem system, int slot, TestEnd end) {
        PlannedTest test = system.runs(slot);
        if (test.gang != null) {
            if (!end.systemUsable() && system.phase == Phase.READY) {
                spend(system, whySpent(test, end));
            }
            memberEnded(test.gang, test, end);
        } else if (stop != null) {
            ended(system, slot, end, null, true);
        } else if (Policies.areBuiltIn(rules)) {
            Rerun again = rules.rerun(test.facts, test.endsWith(end));
            boolean spent = !end.systemUsable() || rules.destruction().shouldDestroy(test.facts, end);
            ended(system, slot, end, again, spent);
        } else {
            beingJudged.put(test, new Judged(system, slot, end));
            out.add(new Decision.AskPolicies(test, end));
        }
    }

    private void judged(PlannedTest test, @Nullable Rerun again, boolean spent) {
        if (test.gang != null) {
            ended(test.gang, again, spent);
            return;
        }
        Judged judged = beingJudged.remove(test);
        if (judged != null) {
            ended(
                    judged.system(),
                    judged.slot(),
                    judged.end(),
                    again,
                    spent || !judged.end().systemUsable());
        }
    }

    private void ended(PoolSystem system, int slot, TestEnd end, @Nullable Rerun again, boolean spent) {
        PlannedTest test = system.finish(slot);
        matching.ended(test);
        matching.took(test, end, now);
        int attempt = test.attempt();
        test.ended(end);
        test.ranOn(system.host);
        hosts.ended(system.host, end);
        system.isUsable &= end.systemUsable();
        boolean keeps = keepsSystem(system, test, end)
                && (!isSerial(test) || test.next == null || matching.endsInTime(test.next, system, now));
        test.lostSystem = isSerial(test) && !keeps;
        boolean restarts = !keeps && mayRestart(test, end);
        if (restarts) {
            hold(test, attempt, end);
        } else if (again != null
                && stop == null
                && end.outcome() != Outcome.CANCELLED
                && mayRunAgain(test)
                && endsInTime(test)) {
            hold(test, attempt, end);
            test.again(AttemptCause.RERUN, isSerial(test) ? Rerun.inOrder() : again, system.host);
            supply.reconsider();
            waiting.add(test);
        } else if (stop == null
                && !isSerial(test)
                && rules.maxFailures() == Integer.MAX_VALUE
                && hosts.isDoubtful(system.host, end)) {
            // Not with maxFailures: failures that are held back would delay the cancellation.
            hold(test, attempt, end);
            test.again(AttemptCause.HOST_QUARANTINED, Rerun.inOrder(), system.host);
            if (system.host.quarantined == null) {
                system.host.doubtful.add(test);
                doubted.add(system.host);
            } else {
                waitIfInTime(test);
            }
        } else if (isSerial(test) && group(test).restarts() && stop == null) {
            hold(test, attempt, end);
            passOn(test, end);
        } else {
            conclude(test, attempt, end);
        }
        giveUpTooLong();
        PlannedTest next = !isSerial(test) || !keeps ? null : waiting.contains(test) ? test : test.next;
        if (next != null && waiting.contains(next) && !freeSpace.isShort()) {
            // The slot stays with the group, before other tests are considered for it.
            if (spent) {
                close(system, test, end);
            }
            start(next, system);
        } else {
            afterEnd(system, test, end, spent || system.isClosed() && system.isIdle());
        }
        if (restarts) {
            restart(group(test), test.name() + " " + DependentTests.words(end));
        }
        judgeHosts(system.host);
    }

    /** Returns whether the group of a test starts again because its system is lost. */
    private boolean mayRestart(PlannedTest test, TestEnd end) {
        return isSerial(test)
                && mayRestart(group(test))
                && end.outcome() != Outcome.CANCELLED
                && (end.outcome() == Outcome.LOST || test.next != null && !test.next.isConcluded());
    }

    private boolean mayRestart(PlannedGroup group) {
        return group.restarts() && stop == null && group.restarts < MAX_RESTARTS;
    }

    /** Starts a serial group again, from its first test on. None of its tests runs. */
    private void restart(PlannedGroup group, String why) {
        group.restarts++;
        group.endOfRest = null;
        systems.values().forEach(system -> system.unbind(group));
        out.add(new Decision.Report(Problem.overcome(
                "the group " + group.name() + " was started again, as its system was lost or replaced: " + why)));
        List<PlannedTest> members =
                members(group).stream().filter(test -> !test.isConcluded()).toList();
        List<PlannedTest> waitNoMore = members.stream()
                .filter(test -> !dependent.contains(test) || test.previous != null && test.previous.isOver())
                .toList();
        PlannedTest previous = null;
        for (PlannedTest test : members) {
            if (waiting.contains(test)) {
                waiting.remove(test);
            }
            if (test.held != null) {
                test.again(AttemptCause.GROUP_RESTARTED, Rerun.inOrder(), test.lastHost());
            }
            test.passedOn = false;
            test.lostSystem = false;
            test.previous = previous;
            test.next = null;
            if (previous == null) {
                waiting.add(test);
            } else {
                previous.next = test;
                if (waitNoMore.contains(test)) {
                    dependent.waitsAgainFor(test, previous);
                }
            }
            previous = test;
        }
        supply.reconsider();
    }

    /** {@return the tests of a serial group, in order} */
    private List<PlannedTest> members(PlannedGroup group) {
        return serial.getOrDefault(group, List.of());
    }

    /** Lets the next test of a serial group run, although the end of this one is not final. */
    private void passOn(PlannedTest test, TestEnd end) {
        test.passedOn = true;
        group(test).changed = true;
        PlannedTest next = test.next;
        if (next != null) {
            free(next, test, end);
        }
    }

    /** Concludes the tests of groups that cannot start again any more. */
    private void concludeGroups() {
        for (PlannedGroup group : groups) {
            if (group.changed) {
                group.changed = false;
                List<PlannedTest> members = members(group);
                if (members.stream().allMatch(PlannedTest::isOver)) {
                    members.stream().filter(test -> !test.isConcluded()).forEach(this::concludeHeld);
                }
            }
        }
    }

    // Tests that run on several systems.

    private void memberEnded(Gang gang, PlannedTest member, TestEnd end) {
        gang.ended(member, end);
        if (gang.isEnded()) {
            ended(gang);
            return;
        }
        for (Gang.Place place : gang.endedBy(end)) {
            String why = member.guest().name() + ": " + Gang.words(end);
            out.add(new Decision.CancelMember(place.member(), place.system().id(), place.slot(), why));
        }
    }

    /** All members have ended, or could not start. */
    private void ended(Gang gang) {
        PlannedTest test = gang.test;
        String noSpace = gang.noSpace();
        if (noSpace != null || !gang.hasStarted()) {
            gang.leave().forEach(place -> putBack(place.system(), place.slot()));
            if (noSpace == null) {
                wait(test);
            } else {
                noSpace(test, noSpace);
            }
            return;
        }
        TestEnd end = gang.end();
        if (stop != null) {
            ended(gang, null, true);
        } else if (Policies.areBuiltIn(rules)) {
            Rerun again = rules.rerun(test.facts, test.endsWith(end));
            ended(gang, again, rules.destruction().shouldDestroy(test.facts, end));
        } else {
            out.add(new Decision.AskPolicies(test, end));
        }
    }

    private void ended(Gang gang, @Nullable Rerun again, boolean spent) {
        PlannedTest test = gang.test;
        TestEnd end = gang.end();
        Map<Gang.Place, TestEnd> ends = new LinkedHashMap<>();
        gang.places().forEach(place -> ends.put(place, gang.endOf(place)));
        gang.leave();
        ends.forEach((place, memberEnd) -> {
            PlannedTest member = place.system().finish(place.slot());
            matching.ended(member);
            matching.took(member, memberEnd, now);
            hosts.ended(place.system().host, memberEnd);
            place.system().isUsable &= memberEnd.systemUsable();
        });
        int attempt = test.attempt();
        test.ended(end);
        if (again != null && stop == null && end.outcome() != Outcome.CANCELLED && endsInTime(test)) {
            hold(test, attempt, end);
            Rerun anywhere = new Rerun(again.on(), again.time(), Set.of());
            ends.keySet().forEach(place -> place.member().again(AttemptCause.RERUN, anywhere, place.system().host));
            test.again(AttemptCause.RERUN, gang.leader());
            supply.reconsider();
            waiting.add(test);
        } else {
            conclude(test, attempt, end);
        }
        giveUpTooLong();
        ends.forEach((place, memberEnd) -> {
            PoolSystem system = place.system();
            boolean isSpent = spent || !memberEnd.systemUsable() || system.isClosed() && system.isIdle();
            afterEnd(system, place.member(), memberEnd, isSpent);
        });
        ends.keySet().forEach(place -> judgeHosts(place.system().host));
    }

    private void startGangs() {
        if (gangs.isEmpty() || freeSpace.isShort()) {
            return;
        }
        int tier = gangs.firstTier();
        for (PoolSystem system : matching.inOrder(idleByCost())) {
            PlannedTest test = matching.pickBefore(tier, system, now);
            while (test != null && test.tier() < tier) {
                startOrAsk(test, system);
                test = matching.pickBefore(tier, system, now);
            }
        }
        Map<PlannedTest, PoolSystem> found = gangs.next(systems.values(), supply.asked(), now);
        while (found != null) {
            startTogether(found);
            found = gangs.next(systems.values(), supply.asked(), now);
        }
        systems.values().stream().filter(PoolSystem::hasIdleSlot).forEach(idle::add);
    }

    private void startTogether(Map<PlannedTest, PoolSystem> places) {
        PlannedTest test = places.keySet().iterator().next().unit();
        Gang gang = test.gang;
        if (gang == null) {
            throw new IllegalStateException(test.name() + " runs on one system");
        }
        matching.started(test, now);
        List<Decision.Run> runs = new ArrayList<>();
        places.forEach((member, system) -> {
            int slot = system.start(member);
            if (!system.hasIdleSlot()) {
                idle.remove(system);
            }
            gang.runsAt(new Gang.Place(member, system, slot));
            runs.add(new Decision.Run(member, test.attempt(), system.id(), slot));
        });
        out.add(new Decision.RunTogether(test, test.attempt(), runs));
    }

    /** {@return how many systems the first of these tests lacks} */
    private Map<Line, Integer> urgent() {
        Map<Line, Integer> urgent = new HashMap<>();
        Gang first = gangs.first();
        if (first != null) {
            gangs.lacking(first, systems.values())
                    .forEach(member -> urgent.merge(waiting.line(member), 1, Integer::sum));
        }
        return urgent;
    }

    private static boolean isSerial(PlannedTest test) {
        return test.group != null && test.group.rules.isSerial();
    }

    private static PlannedGroup group(PlannedTest test) {
        if (test.group == null) {
            throw new IllegalStateException(test.name() + " has no group with rules");
        }
        return test.group;
    }

    /** Returns whether the next test of a serial group can use the system. A policy spends it after the group only. */
    private static boolean keepsSystem(PoolSystem system, PlannedTest test, TestEnd end) {
        return system.phase == Phase.READY && end.systemUsable() && !test.facts.destructive();
    }

    /** Returns whether another attempt makes sense: not without what the previous tests of its group have left. */
    private static boolean mayRunAgain(PlannedTest test) {
        return !test.lostSystem || test.previous == null || group(test).rules.afterLoss() == TestGroup.Rest.CONTINUE;
    }

    private void afterEnd(PoolSystem system, PlannedTest test, TestEnd end, boolean spent) {
        if (system.phase == Phase.READY) {
            if (isToBeHeld(system, test, end)) {
                system.heldFor = test;
                spend(system, test.name() + " failed on it");
            } else if (spent && keepsSystem(system, test, end) && system.runsSerialGroup()) {
                close(system, test, end);
            } else if (spent) {
                spend(system, system.isClosed() ? system.whySpent : whySpent(test, end));
            } else if (!system.isClosed()) {
                idle.add(system);
            }
        }
        if (system.phase == Phase.SPENT && system.isIdle()) {
            leave(system);
        }
    }

    private static String whySpent(PlannedTest test, TestEnd end) {
        return end.systemUsable()
                ? test.name() + " may have changed it (" + end.outcome() + ")"
                : test.name() + " left it unusable (" + end.outcome() + ")";
    }

    /** Leaves a system to the serial groups that have begun on it. */
    private void close(PoolSystem system, PlannedTest test, TestEnd end) {
        system.close(whySpent(test, end));
        idle.remove(system);
    }

    /** Checks all doubted hosts again: a result on one host changes the comparison for the others. */
    private void judgeHosts(HostRecord latest) {
        Set<HostRecord> suspects = new LinkedHashSet<>(doubted);
        suspects.add(latest);
        for (HostRecord host : suspects) {
            if (hosts.isNewlyBad(host)) {
                quarantine(host);
            } else if (host.passes > 0 || hosts.peersFailToo(host)) {
                settleDoubts(host);
            }
        }
    }

    /** Accepts the held-back failures of a host as failures of the tests. */
    private void settleDoubts(HostRecord host) {
        doubted.remove(host);
        List<PlannedTest> settled = List.copyOf(host.doubtful);
        host.doubtful.clear();
        settled.forEach(this::concludeHeld);
    }

    private void settleLastDoubts(HostRecord host) {
        if (stop == null && hosts.isBadInTheEnd(host)) {
            quarantine(host);
        } else {
            settleDoubts(host);
        }
    }

    private void hold(PlannedTest test, int attempt, TestEnd end) {
        test.held = end;
        out.add(new Decision.Hold(test, attempt, end));
    }

    private void concludeHeld(PlannedTest test) {
        TestEnd end = test.held;
        if (end != null) {
            conclude(test, test.ends().size(), end);
        }
    }

    private void conclude(PlannedTest test, int attempt, TestEnd end) {
        test.held = null;
        out.add(new Decision.Conclude(test, attempt, end, true));
        over(test, end);
    }

    private void over(PlannedTest test, TestEnd end) {
        test.conclude();
        if (test.group != null) {
            test.group.unfinished--;
            test.group.changed = test.group.restarts();
        }
        unfinished--;
        boolean failed =
                end.outcome().verdict() == Verdict.FAILED && rules.known().of(test.name(), end) == null;
        if (failed && ++failures == rules.maxFailures()) {
            stopping(rules.onMaxFailures(), failures == 1 ? test.name() + " failed" : failures + " tests failed");
        }
        ends.add(new End(test, end));
        if (!freeing) {
            // In a loop: a chain of tests that wait for each other may be as long as the run.
            freeing = true;
            for (End next = ends.poll(); next != null; next = ends.poll()) {
                End ended = next;
                dependent.of(ended.test()).forEach(other -> free(other, ended.test(), ended.end()));
            }
            freeing = false;
        }
    }

    /** Ends tests of serial groups whose system was lost or spent while they waited for something else. */
    private void endLostGroups() {
        for (PlannedGroup group : groups) {
            if (group.lostSystem) {
                group.lostSystem = false;
                if (mayRestart(group)) {
                    restartIfBegun(group);
                    continue;
                }
                members(group).stream()
                        .filter(test -> waiting.contains(test) || dependent.contains(test))
                        .filter(test -> test.previous != null && test.previous.isOver())
                        .toList()
                        .forEach(this::endAfterLoss);
            }
        }
    }

    private void restartIfBegun(PlannedGroup group) {
        boolean runs = systems.values().stream().anyMatch(system -> system.runs(group));
        members(group).stream()
                .filter(test -> !runs && test.passedOn && test.next != null && !test.next.isOver())
                .findFirst()
                .ifPresent(test -> restart(group, "that happened after " + test.name()));
    }

    private void endAfterLoss(PlannedTest test) {
        PlannedTest previous = test.previous;
        List<TestEnd> before = previous == null ? List.of() : previous.ends();
        if (previous != null && !before.isEmpty()) {
            previous.lostSystem = true;
            TestEnd without = DependentTests.endWithout(test, previous, before.get(before.size() - 1));
            if (without != null && !test.isConcluded()) {
                takeOut(test);
                conclude(test, 0, without);
            }
        }
    }

    /**
     * Lets a test of a serial group take the place of its predecessor, if that ended before its turn, without having run.
     * {@return whether it did}
     */
    private boolean takesThePlaceOf(PlannedTest test, PlannedTest ended) {
        PlannedTest previous = ended.previous;
        if (previous == null || previous.isOver() || ended.next == null || !ended.next.equals(test)) {
            return false;
        }
        test.previous = previous;
        previous.next = test;
        dependent.waitsFor(test, previous);
        return true;
    }

    /** One of the tests for which a test waits has ended. */
    private void free(PlannedTest test, PlannedTest ended, TestEnd end) {
        if (!dependent.contains(test)) {
            return; // it was concluded with another one that waited, too
        }
        boolean early = takesThePlaceOf(test, ended);
        TestEnd without = DependentTests.endWithout(test, ended, end);
        if (without != null) {
            dependent.remove(test);
            conclude(test, 0, without);
        } else if (!early && dependent.oneEnded(test)) {
            supply.reconsider();
            wait(test);
        }
    }

    private void giveUpWaitingTests(String why) {
        List<PlannedTest> all = new ArrayList<>(waiting.takeAll());
        if (stop != null) {
            all.addAll(dependent.takeAll());
        }
        all.forEach(test -> giveUp(test, test.gang == null || stop != null ? why : whyNot(test.gang, why)));
    }

    private void giveUp(PlannedTest test, String why) {
        List<TestEnd> before = test.ends();
        if (before.isEmpty()) {
            conclude(test, 0, TestEnd.of(Outcome.NOT_RUN, "not run: " + why));
        } else {
            // The previous attempt remains the result.
            TestEnd last = before.get(before.size() - 1);
            TestEnd end = last.plusNote("not run again: " + why).withSystemUsable(true);
            // Its record is still open, unless another attempt started and failed for lack of disk space.
            int attempt = test.held == null ? test.attempt() : before.size();
            conclude(test, attempt, end);
        }
    }

    /** Gives up tests that are expected to take longer than the rest of the run. */
    private void giveUpTooLong() {
        while (deadline != null
                && firstNotTooLong < longestFirst.size()
                && !endsInTime(longestFirst.get(firstNotTooLong))) {
            PlannedTest test = longestFirst.get(firstNotTooLong++);
            if (dependent.contains(test) || waiting.contains(test)) {
                takeOut(test);
                giveUp(test, whyTooLong(test));
            }
        }
    }

    private String whyTooLong(PlannedTest test) {
        Duration left = deadline == null ? Duration.ZERO : Duration.between(now, deadline);
        return "it is expected to take " + test.facts.expected() + ", but only " + left + " of the run's limit of "
                + rules.runWithin() + " are left";
    }

    private boolean endsInTime(PlannedTest test) {
        Duration expected = test.facts.expected();
        return deadline == null || expected == null || !now.plus(expected).isAfter(deadline);
    }

    // Ends.

    private void stopping(Stop how, String why) {
        if (ended || stop != null && stop.compareTo(how) >= 0) {
            return;
        }
        boolean first = stop == null;
        boolean cancelling = how.compareTo(Stop.CANCEL) >= 0 && (stop == null || stop == Stop.DRAIN);
        stop = how;
        if (first) {
            whyStopped = why;
            giveUpWaitingTests(why);
            List.copyOf(doubted).forEach(this::settleDoubts);
            releaseHeld(true);
        }
        if (cancelling) {
            out.add(new Decision.CancelTests(why));
            cancelPreparations();
        }
    }

    private void tick() {
        wake = null;
        if (deadline != null && !now.isBefore(deadline)) {
            deadline = null;
            stopping(Stop.CANCEL, "the run's limit of " + rules.runWithin() + " passed");
        }
        if (starvingSince != null && !now.isBefore(starvingSince.plus(rules.systemWithin()))) {
            String why = whyNone();
            forget(supply.forgetAll());
            giveUp("none was provisioned within " + rules.systemWithin() + "; " + why);
        }
        tellStall();
        releaseHeld(false);
        if (freeSpace.isShort()) {
            if (freeSpace.isHopeless(now)) {
                String why = "no disk space for artifacts on this machine for " + rules.diskSpaceWithin() + ": "
                        + freeSpace.why();
                out.add(new Decision.Report(Problem.infrastructure(testsNotRun() + why)));
                giveUpWaitingTests(why);
            } else if (freeSpace.isDue(now)) {
                freeSpace.lookedFor(now);
                out.add(new Decision.CheckSpace());
            }
        }
    }

    private String testsNotRun() {
        return Plural.of(waiting.size(), "test", "was", "were") + " not run, ";
    }

    private String whyNone() {
        return supply.whyNone(waiting::mayFit, "the first waiting test is " + waiting.describeFirst());
    }

    private void giveUp(String why) {
        String all = "no system to run on: " + why;
        out.add(new Decision.Report(Problem.infrastructure(testsNotRun() + all)));
        giveUpWaitingTests(all);
    }

    /** Completes the handling of an event: fills slots, requests and releases systems, detects the end. */
    private void settle() {
        boolean again = true;
        while (again) {
            settleOnce();
            // Tests that were concluded meanwhile may have been the last that others waited for.
            again = breakDeadlock() || groups.stream().anyMatch(group -> group.changed);
        }
        noteWaiting();
        // An arriving system is not in 'systems' yet, but it must be released before the end.
        if (unfinished == 0 && systems.isEmpty() && !supply.isArriving()) {
            ended = true;
            forget(supply.forgetAll());
            out.add(new Decision.End());
        } else {
            setTimer();
        }
    }

    private void settleOnce() {
        concludeGroups();
        endLostGroups();
        giveUpTooLong();
        giveUpImpatient();
        if (waiting.isEmpty() && matching.running() == 0) {
            List.copyOf(doubted).forEach(this::settleLastDoubts);
        }
        fillSlots();
        releaseUnfit();
        releaseSurplus();
        if (groups.stream().anyMatch(group -> group.lostSystem)) {
            // Their tests are not bound to that system any more.
            endLostGroups();
            fillSlots();
        }
        askForMore();
        freshenForReruns();
    }

    private void setTimer() {
        starvingSince = !isStarving() ? null : starvingSince == null ? now : starvingSince;
        Instant next = deadline;
        if (stop == null && !waiting.isEmpty()) {
            next = earlier(next, starvingSince == null ? null : starvingSince.plus(rules.systemWithin()));
            next = earlier(next, supply.wakeAt(now));
            next = earlier(next, nextRequest != null && nextRequest.isAfter(now) ? nextRequest : null);
            next = earlier(next, freeSpace.wakeAt());
            next = earlier(next, matching.nextEndOfSuspicion(now));
            next = earlier(next, stallsAt());
        }
        if (rules.holds().most() > 0) {
            for (PoolSystem system : systems.values()) {
                next = earlier(next, system.phase == Phase.HELD ? system.heldUntil : null);
            }
        }
        if (next != null && !next.equals(wake)) {
            wake = next;
            out.add(new Decision.WakeAt(next));
        }
    }

    /** {@return when the tests have waited too long without any progress, or null} */
    private @Nullable Instant stallsAt() {
        RunRules.Stall stall = rules.stall();
        boolean waits = stop == null && !waiting.isEmpty() && matching.running() == 0 && !freeSpace.isShort();
        return stall == null || stallIsTold || !waits ? null : lastProgress.plus(stall.after());
    }

    private void tellStall() {
        Instant at = stallsAt();
        RunRules.Stall stall = rules.stall();
        if (at == null || stall == null || now.isBefore(at)) {
            return;
        }
        stallIsTold = true;
        String why = "nothing has happened for " + stall.after();
        String reasons = reasonsOfWaiting();
        out.add(new Decision.Report(
                stall.how() == null
                        ? Problem.overcome(why + ": " + reasons)
                        : Problem.infrastructure(why + ", so the run ends: " + reasons)));
        if (stall.how() != null) {
            stopping(stall.how(), why);
        }
    }

    /** {@return why tests wait, with a few names for each reason} */
    private String reasonsOfWaiting() {
        Map<String, List<String>> names = new LinkedHashMap<>();
        whyWaiting()
                .forEach((name, why) ->
                        names.computeIfAbsent(why, key -> new ArrayList<>()).add(name));
        String reasons = names.entrySet().stream()
                .limit(MAX_REASONS)
                .map(entry -> some(entry.getValue()) + " " + entry.getKey())
                .collect(Collectors.joining("; "));
        return names.size() > MAX_REASONS ? reasons + "; …" : reasons;
    }

    private static String some(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(MAX_NAMES, names.size())));
        return names.size() == 1
                ? first + " waits"
                : Plural.of(names.size(), "test") + " (" + first + (names.size() > MAX_NAMES ? ", …" : "") + ") wait";
    }

    private static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
        return a == null ? b : b == null || a.isBefore(b) ? a : b;
    }

    private void fillSlots() {
        // Starting a test may free a slot that was kept for it elsewhere, so repeat until nothing starts.
        int before;
        do {
            before = matching.running();
            fillOnce();
        } while (matching.reserve() || matching.running() > before);
    }

    private void fillOnce() {
        startGangs();
        if (!waiting.hasStartable() || idle.isEmpty() || freeSpace.isShort()) {
            return;
        }
        for (PoolSystem system : matching.inOrder(idleByCost())) {
            PlannedTest test = matching.pick(system, now);
            while (test != null) {
                startOrAsk(test, system);
                test = matching.pick(system, now);
            }
            if (!waiting.hasStartable()) {
                return;
            }
        }
    }

    /** {@return the systems with a free slot, the cheapest first} */
    private List<PoolSystem> idleByCost() {
        return supply.hasCosts()
                ? idle.stream().sorted(Comparator.comparingDouble(supply::cost)).toList()
                : List.copyOf(idle);
    }

    /** Starts a test, or lets the user's policy choose between it and others. */
    private void startOrAsk(PlannedTest test, PoolSystem system) {
        List<PlannedTest> candidates = rules.next() == null ? List.of(test) : matching.candidates(system, now);
        if (candidates.size() < 2) {
            start(test, system);
        } else {
            system.setChoosing(true);
            idle.remove(system);
            out.add(new Decision.AskNext(system.id(), system.previous(), candidates));
        }
    }

    /** The user's policy has chosen the test for a free slot. */
    private void chosen(int id, @Nullable PlannedTest choice) {
        PoolSystem system = systems.get(id);
        if (system == null || !system.isChoosing()) {
            return; // the system was released or reset meanwhile
        }
        system.setChoosing(false);
        if (system.hasIdleSlot()) {
            idle.add(system);
            // Otherwise the choice has started elsewhere, and the policy is asked again.
            PlannedTest test = choice == null ? matching.pick(system, now) : choice;
            if (test != null && !freeSpace.isShort() && matching.canStart(test, system, now)) {
                start(test, system);
            }
        }
    }

    private void start(PlannedTest test, PoolSystem system) {
        matching.started(test, now);
        int slot = system.start(test);
        if (!system.hasIdleSlot()) {
            idle.remove(system);
        }
        out.add(new Decision.Run(test, test.attempt(), system.id(), slot));
    }

    /**
     * Releases idle systems that no waiting test can use, so that others can be requested instead, and those whose
     * reservation ends too early for the waiting tests. Of the latter, a system that never ran a test counts as a
     * failure of its provisioner.
     */
    private void releaseUnfit() {
        if (waiting.isEmpty() || idle.isEmpty()) {
            return;
        }
        int kept = 0;
        for (PoolSystem system : idleByCost()) {
            if (!system.isIdle()) {
                continue;
            }
            if (!waiting.canUse(system)) {
                // Otherwise it tells what the provisioner has, see breakDeadlock().
                if (matching.running() > 0 && !system.isBound() && kept++ >= rules.spares()) {
                    release(system, "no waiting test can run on it");
                }
            } else if (!matching.canUseInTime(system, now)) {
                if (system.hasWorked) {
                    release(system, whyTooShort(system));
                } else {
                    refuse(system);
                }
                Gang gang = gangs.first();
                if (gang != null && gangs.needs(gang, system)) {
                    gang.exchanged++;
                }
            }
        }
    }

    private void releaseSurplus() {
        if (!waiting.isEmpty()) {
            return;
        }
        forget(supply.forgetAll());
        if (unfinished == 0) {
            cancelPreparations();
        }
        int kept = 0;
        for (PoolSystem system : idleByCost()) {
            int wanted = rules.spares() + (dependent.canUse(system.facts.labels()) ? dependent.size() : 0);
            if (system.isIdle() && (!system.isBound() && kept++ >= wanted || unfinished == 0 || stop != null)) {
                release(system, "no test needs it any more");
            }
        }
        if (unfinished == 0 || stop != null) {
            systems.values().stream()
                    .filter(system -> system.phase == Phase.QUARANTINED)
                    .toList()
                    .forEach(system -> release(system, "its host is in quarantine"));
        }
    }

    private boolean wantsSpare() {
        return stop == null
                && unfinished > 0
                && systems.values().stream()
                                .filter(s -> s.phase == Phase.PREPARING || s.hasIdleSlot())
                                .count()
                        <= rules.spares();
    }

    private void askForMore() {
        if (waiting.isEmpty()
                || stop != null
                || freeSpace.isShort()
                || nextRequest != null && now.isBefore(nextRequest)) {
            return;
        }
        // An overdue request does not keep others from being made, but counts against the limits.
        int allowed = allowed();
        if (allowed <= 0) {
            List<Integer> withdrawn = supply.withdrawOverdue(now);
            forget(withdrawn);
            allowed = withdrawn.isEmpty() ? 0 : allowed();
        }
        if (allowed <= 0 || !supply.canBeAsked(waiting.lines(), now)) {
            return;
        }
        boolean one = rules.rampUp().isPositive();
        int left = one ? 1 : allowed;
        int made;
        Map<Integer, Integer> asks = new TreeMap<>();
        Map<Line, Integer> urgent = urgent();
        do {
            made = 0;
            Map<Line, Integer> missing = matching.missing(systems.values(), urgent, supply, now);
            for (Map.Entry<Line, Integer> share :
                    matching.shares(left, missing, urgent).entrySet()) {
                made += supply.ask(share.getValue(), share.getKey(), now, asks);
            }
            left -= made;
        } while (made > 0 && left > 0);
        asks.forEach((provisioner, count) -> out.add(new Decision.Request(provisioner, count)));
        nextRequest = one && !asks.isEmpty() ? now.plus(rules.rampUp()) : null;
    }

    /** {@return how many more systems may be requested} */
    private int allowed() {
        return rules.maxSystems() - (systems.size() - quarantined) - supply.asked();
    }

    /** Resets or replaces an idle system for a rerun that needs a fresh one, if there is none and none is coming. */
    private void freshenForReruns() {
        if (stop != null || supply.asked() > 0 || supply.isArriving() || freeSpace.isShort()) {
            return;
        }
        for (Line line : waiting.lines()) {
            if (line.demand.fresh() && !line.startable.isEmpty() && isDue(line)) {
                List<PoolSystem> fitting = systems.values().stream()
                        .filter(system -> line.fits(system.kind.labels))
                        .toList();
                long coming = fitting.stream()
                        .filter(system -> system.phase == Phase.PREPARING
                                || system.phase == Phase.LEAVING
                                || system.phase == Phase.READY && !system.hasWorked)
                        .count();
                Gang gang = line.first().gang;
                long needed = gang == null
                        ? 1
                        : gang.members.stream()
                                .filter(member -> waiting.line(member).equals(line))
                                .count();
                fitting.stream()
                        .filter(system -> system.phase == Phase.READY && system.isIdle() && system.hasWorked)
                        .limit(Math.max(0, needed - coming))
                        .forEach(system -> {
                            system.renew();
                            idle.remove(system);
                            out.add(new Decision.Renew(
                                    system.id(), line.first().unit().name() + " runs again on a fresh system"));
                        });
            }
        }
    }

    /** Returns whether the first test of a line could run now, if it had a system. */
    private boolean isDue(Line line) {
        PlannedTest first = waiting.first();
        return (!line.demand.isAlone() || matching.running() == 0)
                && (first == null
                        || first.tier() == line.first().tier()
                        || !line.first().isLate());
    }

    /**
     * Handles tests that wait while nothing runs and no system is requested or in preparation. Unsuitable systems are
     * released; if there is no system and none will come, the tests are given up.
     *
     * @return whether tests were given up or accept other systems: they and others may be able to run, or be final, then
     */
    private boolean breakDeadlock() {
        if (waiting.isEmpty()
                || matching.running() > 0
                || supply.asked() > 0
                || supply.isArriving()
                || freeSpace.isShort()) {
            return false;
        }
        List<PoolSystem> usable = systems.values().stream()
                .filter(system -> system.phase != Phase.QUARANTINED)
                .toList();
        if (!usable.isEmpty() && usable.stream().allMatch(system -> system.phase == Phase.HELD)) {
            usable.forEach(system -> release(system, "it was held, but tests wait and no other system is available"));
            return false;
        }
        Gang gang = gangs.first();
        boolean mayFree = gang != null; // then held systems are not waited for
        if (usable.stream()
                .anyMatch(system -> system.isChoosing()
                        || system.phase != Phase.READY && !(mayFree && system.phase == Phase.HELD))) {
            return false;
        }
        if (gangs.stopGathering()) {
            // The rest of what it needs does not come.
            usable.stream().filter(PoolSystem::hasIdleSlot).forEach(idle::add);
            fillSlots();
            if (matching.running() > 0) {
                return false;
            }
        }
        if (!usable.isEmpty() && waiting.acceptAny()) {
            fillSlots();
            if (matching.running() > 0) {
                return false;
            }
        }
        if (gang != null && usable.stream().anyMatch(waiting::canUse)) {
            return breakDeadlock(gang);
        }
        if (!usable.isEmpty()) {
            usable.stream().filter(system -> system.phase == Phase.READY).forEach(this::refuse);
            return false;
        }
        if (!supply.isHopeless(waiting.lines(), now)) {
            return false;
        }
        if (waiting.acceptAny()) {
            return true;
        }
        HostRecord host = hosts.giveSecondChance();
        if (host == null) {
            giveUp(whyNone());
            return true;
        }
        tryAgain(host);
        return false;
    }

    private void tryAgain(HostRecord host) {
        systems.values().stream()
                .filter(system -> system.host == host)
                .toList()
                .forEach(system -> release(system, "its host is tried once more, as no other host is left"));
    }

    /**
     * Handles a test for which there are some systems, but not enough, while nothing runs.
     *
     * @return whether it was given up
     */
    private boolean breakDeadlock(Gang gang) {
        List<PlannedTest> lacking = gangs.lacking(gang, systems.values());
        List<PoolSystem> useless = gangs.useless(gang, systems.values(), now);
        boolean isPatient = gang.exchanged <= MAX_EXCHANGES * gang.members.size();
        if (!useless.isEmpty() && isPatient) {
            for (PoolSystem system : useless.subList(0, Math.clamp(lacking.size(), 1, useless.size()))) {
                gang.exchanged++;
                if (matching.canUseInTime(system, now)) {
                    release(system, gang.test.name() + " needs other systems, and no test can run meanwhile");
                } else {
                    refuse(system);
                }
            }
            return false;
        }
        List<PoolSystem> held = systems.values().stream()
                .filter(system -> system.phase == Phase.HELD)
                .toList();
        if (!held.isEmpty()) {
            held.forEach(system -> release(system, "it was held, but " + gang.test.name() + " needs more systems"));
            return false;
        }
        Set<Line> lines = lacking.stream().map(waiting::line).collect(Collectors.toSet());
        boolean full = systems.size() - quarantined >= rules.maxSystems() || supply.isFull(lines);
        if (isPatient && !full && !supply.isHopeless(lines, now)) {
            return false;
        }
        HostRecord host = hosts.giveSecondChance();
        if (host != null) {
            tryAgain(host);
            return false;
        }
        giveUpAlike(gang, isPatient && full ? "all systems that there may be are in use" : whyNone());
        return true;
    }

    private void giveUpAlike(Gang gang, String reason) {
        List<Gang> all = gangs.alike(gang);
        String why = whyNot(gang, reason);
        out.add(new Decision.Report(Problem.infrastructure(
                gang.test.name() + (all.size() == 1 ? " was" : " and " + (all.size() - 1) + " tests like it were")
                        + " not run: " + why)));
        for (Gang one : all) {
            waiting.remove(one.test);
            giveUp(one.test, why);
        }
        supply.reconsider();
    }

    private String whyNot(Gang gang, String reason) {
        String exchanges = gang.exchanged == 0
                ? ""
                : "; " + Plural.of(gang.exchanged, "system", "was", "were") + " given back for others";
        return "it needs " + gangs.whatLacks(gang, gangs.lacking(gang, systems.values())) + ": " + reason + exchanges;
    }

    /** Gives up tests for which too many systems were given back while they waited for others. */
    private void giveUpImpatient() {
        Gang gang = gangs.first();
        if (gang != null && gang.exchanged > MAX_EXCHANGES * gang.members.size() && stop == null) {
            giveUpAlike(gang, whyNone());
        }
    }

    private void noteWaiting() {
        String why = "";
        if (!waiting.isEmpty() && matching.running() == 0 && wasReady) {
            why = systems.isEmpty() ? "for a system" : "for a system to become ready";
        } else if (!waiting.isEmpty() && !idle.isEmpty()) {
            why = "for locks or slots of running tests, or for a suitable system";
        }
        if (!why.equals(lastWait)) {
            lastWait = why;
            PlannedTest first = waiting.first();
            if (!why.isEmpty() && first != null) {
                String example = "; " + first.name() + " waits " + whyNot(first);
                out.add(new Decision.Wait(waiting.size(), why + example));
            }
        }
    }

    /** {@return why each test that has not started yet, or runs again, does not run now} */
    Map<String, String> whyWaiting() {
        Map<String, String> reasons = new LinkedHashMap<>();
        String space = freeSpace.isShort() ? "for disk space: " + freeSpace.why() : "";
        for (PlannedTest test : waiting.all()) {
            reasons.put(test.name(), space.isEmpty() ? whyNot(test) : space);
        }
        dependent.all().forEach(test -> reasons.put(test.name(), DependentTests.whyNot(test)));
        return reasons;
    }

    private String whyNot(PlannedTest test) {
        return test.gang == null || !gangs.mayRun(test.gang)
                ? matching.whyNot(test)
                : gangs.whyNot(test.gang, systems.values(), now);
    }

    private void cancelPreparations() {
        for (PoolSystem system : systems.values()) {
            if (system.phase == Phase.PREPARING && !system.preparationCancelled) {
                // The system stays in the pool until the end of its preparation is reported.
                system.preparationCancelled = true;
                out.add(new Decision.CancelPreparation(system.id()));
            }
        }
    }

    private void forget(List<Integer> provisioners) {
        provisioners.forEach(provisioner -> out.add(new Decision.ClearRequests(provisioner)));
    }

    private PoolSystem system(int id) {
        PoolSystem system = systems.get(id);
        if (system == null) {
            throw new IllegalStateException("system " + id + " is not in the pool");
        }
        return system;
    }

    /** {@return whether tests wait, nothing runs, and no system is arriving or in preparation} */
    private boolean isStarving() {
        return !waiting.isEmpty()
                && matching.running() == 0
                && !freeSpace.isShort()
                && !supply.isArriving()
                && systems.values().stream()
                        .noneMatch(system -> system.phase == Phase.PREPARING || system.isChoosing());
    }

    /** {@return a waiting test that could start now, or null; between events it must be null (for tests)} */
    @Nullable
    PlannedTest startableTest() {
        if (freeSpace.isShort()) {
            return null;
        }
        for (PoolSystem system : systems.values()) {
            PlannedTest test = matching.pick(system, now);
            if (test != null) {
                return test;
            }
        }
        return gangs.startable(systems.values(), now);
    }
}
