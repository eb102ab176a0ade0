package org.atex.adhoc;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.atex.adhoc.PoolSystem.Phase;
import org.atex.api.Outcome;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Who runs what when: a state machine without threads, clock or I/O. Events go in, decisions come out; all policy is
 * here. Its caller carries the decisions out and tells it what came of them.
 *
 * <p>Not thread-safe.
 */
final class Schedule {
    /**
     * What the user decided beforehand.
     *
     * @param order which waiting test goes first
     * @param reruns which tests are run again
     * @param destruction which tests spend their system
     * @param maxSystems how many systems there may be at once
     * @param spares how many idle systems to keep, when no test waits, for tests that may be run again
     * @param maxFailedSystems how many systems in a row may fail before no more are asked for
     * @param maxFailures how many tests may fail before the run is cancelled
     */
    record Rules(
            TestOrder order,
            RerunPolicy reruns,
            DestructionPolicy destruction,
            int maxSystems,
            int spares,
            int maxFailedSystems,
            int maxFailures) {
        Rules withOrder(TestOrder value) {
            return new Rules(value, reruns, destruction, maxSystems, spares, maxFailedSystems, maxFailures);
        }

        Rules withReruns(RerunPolicy value) {
            return new Rules(order, value, destruction, maxSystems, spares, maxFailedSystems, maxFailures);
        }

        Rules withDestruction(DestructionPolicy value) {
            return new Rules(order, reruns, value, maxSystems, spares, maxFailedSystems, maxFailures);
        }

        Rules withMaxSystems(int value) {
            return new Rules(order, reruns, destruction, value, spares, maxFailedSystems, maxFailures);
        }

        Rules withMaxFailures(int value) {
            return new Rules(order, reruns, destruction, maxSystems, spares, maxFailedSystems, value);
        }
    }

    private final Rules rules;
    private final List<PlannedTest> tests;
    private final Backlog backlog = new Backlog();
    private final Locks locks = new Locks();
    private final Map<Integer, PoolSystem> systems = new LinkedHashMap<>();
    /** Those of the systems that have a place free, the longest idle first. */
    private final Set<PoolSystem> idle = new LinkedHashSet<>();

    private final Supply supply;
    private int running;
    private int unfinished;
    private int failures;
    private @Nullable Stop stop;
    private String lastWait = "";
    private boolean ended;
    private List<Decision> out = new ArrayList<>();

    Schedule(List<? extends TestCase> planned, List<Map<String, String>> offers, Rules rules) {
        this.rules = rules;
        this.supply = new Supply(offers, rules.maxFailedSystems());
        // The order is asked once: whatever it costs, and if it throws, that is before the run.
        Integer[] byOrder = IntStream.range(0, planned.size()).boxed().toArray(Integer[]::new);
        Arrays.sort(byOrder, Comparator.comparing(planned::get, rules.order()));
        PlannedTest[] inGivenOrder = new PlannedTest[planned.size()];
        for (int rank = 0; rank < byOrder.length; rank++) {
            inGivenOrder[byOrder[rank]] = new PlannedTest(planned.get(byOrder[rank]), rank);
        }
        this.tests = List.of(inGivenOrder);
        this.unfinished = tests.size();
        tests.forEach(backlog::add);
    }

    /** {@return the planned tests, in the order given} */
    List<PlannedTest> tests() {
        return tests;
    }

    List<Decision> start(Instant now) {
        return settle(now);
    }

    /** A provisioner has handed out a system. */
    List<Decision> offered(PoolSystem.Facts facts, Instant now) {
        supply.came(facts.provisioner());
        PoolSystem system = new PoolSystem(facts);
        systems.put(system.id(), system);
        if (backlog.isEmpty() || backlog.canUseInTime(system, now)) {
            prepareIfNeeded(system);
        } else {
            refuse(system);
        }
        return settle(now);
    }

    private void prepareIfNeeded(PoolSystem system) {
        if (backlog.isEmpty() && !wantsSpare()) {
            release(system, "nothing is left for it to do");
        } else {
            out.add(new Decision.Prepare(system.id()));
        }
    }

    /** A system that no waiting test can use makes room for another, and counts as a failure of its provisioner. */
    private void refuse(PoolSystem system) {
        if (backlog.canUse(system)) {
            String why = whyTooShort(system);
            supply.systemFailed(system.facts.provisioner(), why);
            release(system, why);
            return;
        }
        supply.systemFailed(
                system.facts.provisioner(),
                "a system with the labels " + system.facts.labels() + " fits none of the " + backlog.size()
                        + " waiting tests; the first is " + backlog.describeFirst());
        release(system, "none of the waiting tests fits it");
    }

    private String whyTooShort(PoolSystem system) {
        return "its reservation ends at " + system.facts.expires() + ", before any of the " + backlog.size()
                + " waiting tests has ended for certain; the first is " + backlog.describeFirst();
    }

    /** A provisioner could not make one of the systems that it was asked for. */
    List<Decision> offerFailed(int provisioner, String why, Instant now) {
        supply.offerFailed(provisioner, why);
        return settle(now);
    }

    /** A provisioner has no more systems to give, until it gets one back. */
    List<Decision> exhausted(int provisioner, String why, Instant now) {
        supply.exhausted(provisioner, why);
        return settle(now);
    }

    /** Nothing came for too long: no more is waited for. */
    List<Decision> gaveUpWaiting(String why, Instant now) {
        supply.giveUp(why);
        return settle(now);
    }

    /** A system can run tests. */
    List<Decision> prepared(int id, Instant now) {
        PoolSystem system = system(id);
        system.ready();
        idle.add(system);
        return settle(now);
    }

    /** A system could not be made ready; it is given back. */
    List<Decision> preparationFailed(int id, String why, Instant now) {
        PoolSystem system = system(id);
        if (stop == null && unfinished > 0) {
            supply.systemFailed(system.facts.provisioner(), why);
        }
        release(system, why);
        return settle(now);
    }

    /** A test has ended. */
    List<Decision> finished(int id, int slot, TestEnd end, Instant now) {
        PoolSystem system = system(id);
        PlannedTest test = system.finish(slot);
        running--;
        locks.giveBack(test.kind.locks());
        int attempt = test.attempt();
        test.ended(end);
        boolean again = isRunAgain(test, end);
        if (again) {
            out.add(new Decision.Conclude(test, attempt, end, false));
            backlog.add(test);
        } else {
            conclude(test, attempt, end);
        }
        if (system.phase == Phase.READY) {
            if (isSpentBy(test, end)) {
                system.phase = Phase.SPENT;
                system.whySpent = end.systemUsable()
                        ? test.name() + " may have changed it (" + end.outcome() + ")"
                        : test.name() + " left it unusable (" + end.outcome() + ")";
                idle.remove(system);
            } else {
                idle.add(system);
            }
        }
        if (system.phase == Phase.SPENT && system.isIdle()) {
            leave(system, end);
        }
        return settle(now);
    }

    /** A system was given back. */
    List<Decision> released(int id, Instant now) {
        PoolSystem system = system(id);
        systems.remove(id);
        supply.gotBack(system.facts.provisioner());
        return settle(now);
    }

    /** A system was reset, and is as good as new. */
    List<Decision> renewed(int id, Instant now) {
        PoolSystem system = system(id);
        PoolSystem fresh = new PoolSystem(system.facts);
        systems.put(id, fresh);
        prepareIfNeeded(fresh);
        return settle(now);
    }

    /** Somebody wants the run to end early. */
    List<Decision> stop(Stop how, String why, Instant now) {
        stopping(how, why);
        return settle(now);
    }

    private void stopping(Stop how, String why) {
        if (ended || stop != null && stop.compareTo(how) >= 0) {
            return;
        }
        boolean first = stop == null;
        boolean cancelling = how.compareTo(Stop.CANCEL) >= 0 && (stop == null || stop == Stop.DRAIN);
        stop = how;
        if (first) {
            giveUpWaitingTests(why);
        }
        if (cancelling) {
            out.add(new Decision.CancelTests(why));
            cancelPreparations();
        }
    }

    /** Brings everything to rest after an event: places filled, systems asked for or given back, the end found. */
    private List<Decision> settle(Instant now) {
        if (!ended) {
            fillPlaces(now);
            giveBackOutlived(now);
            forget(supply.forgetGivenUp());
            giveBackSurplus();
            askForMore();
            breakDeadlock();
            noteWaiting();
            if (unfinished == 0 && systems.isEmpty()) {
                ended = true;
                forget(supply.forgetAll());
                out.add(new Decision.End());
            }
        }
        List<Decision> decisions = out;
        out = new ArrayList<>();
        return decisions;
    }

    private void fillPlaces(Instant now) {
        if (backlog.isEmpty() || idle.isEmpty()) {
            return;
        }
        for (PoolSystem system : List.copyOf(idle)) {
            while (system.hasIdleSlot()) {
                PlannedTest test = backlog.take(system, locks, now);
                if (test == null) {
                    break;
                }
                locks.take(test.kind.locks());
                running++;
                supply.worked(system.facts.provisioner());
                int slot = system.start(test);
                out.add(new Decision.Run(test, test.attempt(), system.id(), slot));
            }
            if (!system.hasIdleSlot()) {
                idle.remove(system);
            }
            if (backlog.isEmpty()) {
                return;
            }
        }
    }

    /** What is reserved for too short a time makes room. It is a failure of its provisioner if it never was of use. */
    private void giveBackOutlived(Instant now) {
        if (backlog.isEmpty()) {
            return;
        }
        for (PoolSystem system : List.copyOf(idle)) {
            if (system.isIdle() && backlog.canUse(system) && !backlog.canUseInTime(system, now)) {
                if (system.hasWorked) {
                    release(system, whyTooShort(system));
                } else {
                    refuse(system);
                }
            }
        }
    }

    private void giveBackSurplus() {
        if (!backlog.isEmpty()) {
            return;
        }
        forget(supply.forgetAll());
        if (unfinished == 0) {
            cancelPreparations();
        }
        int kept = 0;
        for (PoolSystem system : List.copyOf(idle)) {
            if (system.isIdle() && (kept++ >= rules.spares() || unfinished == 0 || stop != null)) {
                release(system, "nothing is left for it to do");
            }
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
        if (backlog.isEmpty() || stop != null) {
            return;
        }
        int missing = backlog.parallel() - supply.asked();
        int allowed = rules.maxSystems() - systems.size() - supply.asked();
        if (missing <= 0 || allowed <= 0) {
            return;
        }
        int soon = 0;
        for (PoolSystem system : systems.values()) {
            soon += system.phase == Phase.PREPARING ? system.facts.slots() : system.idleSlots();
        }
        supply.ask(Math.min(missing - soon, allowed), backlog::mayFit)
                .forEach((provisioner, count) -> out.add(new Decision.Ask(provisioner, count)));
    }

    /**
     * Nothing runs, nothing is on its way, and yet tests wait. Systems that fit none of them make room for others, which
     * counts as a failure of the supply; when that has none to give, the tests are given up.
     */
    private void breakDeadlock() {
        if (backlog.isEmpty() || running > 0 || supply.asked() > 0) {
            return;
        }
        boolean moving = systems.values().stream().anyMatch(s -> s.phase != Phase.READY);
        if (moving) {
            return;
        }
        if (!systems.isEmpty()) {
            List.copyOf(systems.values()).forEach(this::refuse);
            return;
        }
        String why = "no system to run on: " + supply.whyNone();
        out.add(new Decision.Problem(backlog.size() + " tests were not run, " + why));
        giveUpWaitingTests(why);
    }

    private void noteWaiting() {
        String why = "";
        if (!backlog.isEmpty() && running == 0) {
            why = systems.isEmpty() ? "for a system" : "for a system to get ready";
        } else if (!backlog.isEmpty() && !idle.isEmpty()) {
            why = "for what running tests hold, or for a system that fits";
        }
        if (!why.equals(lastWait)) {
            lastWait = why;
            if (!why.isEmpty()) {
                out.add(new Decision.Wait(backlog.size(), why));
            }
        }
    }

    private void giveUpWaitingTests(String why) {
        for (PlannedTest test : backlog.takeAll()) {
            List<TestEnd> ends = test.ends();
            if (ends.isEmpty()) {
                conclude(test, 0, TestEnd.of(Outcome.NOT_RUN, "not run: " + why));
            } else {
                // What the attempts before it showed is still the best that is known.
                TestEnd last = ends.get(ends.size() - 1);
                String note = (last.note() == null ? "" : last.note() + "; ") + "not run again: " + why;
                conclude(test, test.attempt(), new TestEnd(last.outcome(), last.exitCode(), note, true));
            }
        }
    }

    private void conclude(PlannedTest test, int attempt, TestEnd end) {
        test.conclude();
        unfinished--;
        out.add(new Decision.Conclude(test, attempt, end, true));
        if (end.outcome().verdict() == Verdict.FAILED && ++failures == rules.maxFailures()) {
            stopping(Stop.CANCEL, failures == 1 ? test.name() + " failed" : failures + " tests failed");
        }
    }

    private boolean isRunAgain(PlannedTest test, TestEnd end) {
        if (stop != null || end.outcome() == Outcome.CANCELLED) {
            return false;
        }
        try {
            return rules.reruns().again(test.test, test.ends());
        } catch (RuntimeException e) {
            out.add(new Decision.Problem(
                    "the rerun policy failed for " + test.name() + ", which is not run again: " + e));
            return false;
        }
    }

    private boolean isSpentBy(PlannedTest test, TestEnd end) {
        try {
            return !end.systemUsable() || rules.destruction().destroys(test.test, end);
        } catch (RuntimeException e) {
            out.add(new Decision.Problem(
                    "the destruction policy failed for " + test.name() + ", whose system is replaced: " + e));
            return true;
        }
    }

    /** A spent system goes: reset if it answers and somebody waits for it, given back if not. */
    private void leave(PoolSystem system, TestEnd end) {
        if (end.systemUsable() && !backlog.isEmpty() && stop == null) {
            system.phase = Phase.LEAVING;
            out.add(new Decision.Renew(system.id(), system.whySpent));
        } else {
            release(system, system.whySpent);
        }
    }

    private void release(PoolSystem system, String why) {
        system.phase = Phase.LEAVING;
        idle.remove(system);
        out.add(new Decision.Release(system.id(), why));
    }

    private void cancelPreparations() {
        for (PoolSystem system : systems.values()) {
            if (system.phase == Phase.PREPARING && !system.preparationCancelled) {
                // It stays among the systems until whoever prepares it says how that ended.
                system.preparationCancelled = true;
                out.add(new Decision.CancelPreparation(system.id()));
            }
        }
    }

    private void forget(List<Integer> provisioners) {
        provisioners.forEach(provisioner -> out.add(new Decision.Forget(provisioner)));
    }

    private PoolSystem system(int id) {
        PoolSystem system = systems.get(id);
        if (system == null) {
            throw new IllegalStateException("system " + id + " is not in the pool");
        }
        return system;
    }

    /** {@return whether tests wait, and nothing goes on but waiting for systems that were asked for} */
    boolean isStarving() {
        return !backlog.isEmpty()
                && running == 0
                && systems.values().stream().noneMatch(system -> system.phase == Phase.PREPARING);
    }

    /** {@return a waiting test that could start now, which there must not be between events; else null} */
    @Nullable
    PlannedTest settledBacklog(Instant now) {
        for (PoolSystem system : systems.values()) {
            PlannedTest test = system.hasIdleSlot() ? backlog.first(system, locks, now) : null;
            if (test != null) {
                return test;
            }
        }
        return null;
    }
}
