package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * Runs a {@link Schedule} on a virtual clock, with systems and tests that behave as a {@link Model} says. Not
 * thread-safe.
 */
class Simulator {
    static final Instant EPOCH = Instant.parse("2030-01-01T00:00:00Z");

    /** The behaviour of systems and tests. */
    interface Model {
        /**
         * {@return the reaction of a provisioner to a request for one system}
         *
         * @param provisioner the index of the provisioner
         * @param needs the needs of the test for which the request was made
         */
        Supplies supplies(int provisioner, Set<Need> needs);

        /** {@return how long an attempt takes} */
        Duration takes(Decision.Run run, PoolSystem.Facts system);

        /** {@return how an attempt ends} */
        TestEnd ends(Decision.Run run, PoolSystem.Facts system);

        /** {@return the answers of the policies about an attempt} */
        Event.PoliciesAnswered judge(PlannedTest test, TestEnd end);

        /** {@return the test that runs next, or null for the first one} */
        @Nullable
        PlannedTest next(Decision.AskNext ask, PoolSystem.Facts system);

        /** {@return why this machine has no disk space; empty if it has} */
        default String whyNoSpace(Instant now) {
            return "";
        }

        /** {@return when a person frees a system that is held, or null for never} */
        default @Nullable Duration freesHeldAfter() {
            return null;
        }
    }

    /** The reaction of a provisioner to a request for one system. */
    sealed interface Supplies {
        /**
         * A system.
         *
         * @param labels its labels
         * @param slots its slots
         * @param after when it is offered
         * @param setup how long its preparation takes
         * @param lease when its reservation ends, or null
         * @param host its host, or null for one of its own
         */
        record Machine(
                Map<String, String> labels,
                int slots,
                Duration after,
                Duration setup,
                @Nullable Duration lease,
                @Nullable String host)
                implements Supplies {
            Machine(Map<String, String> labels, int slots, Duration after, Duration setup, @Nullable Duration lease) {
                this(labels, slots, after, setup, lease, null);
            }
        }

        /** None, after a time. */
        record Failure(Duration after) implements Supplies {}

        /** A system that cannot be prepared. */
        record BadSetup(Duration after, @Nullable String host) implements Supplies {
            BadSetup(Duration after) {
                this(after, null);
            }
        }

        /** No answer. */
        record Nothing() implements Supplies {}

        /** The provisioner has no more systems until one is released. */
        record Exhausted() implements Supplies {}
    }

    /** Where a test runs. */
    record Place(int system, int slot) {}

    private record Happening(Instant at, long number, Runnable happens) {}

    private static final Duration CANNOT_BE_PREPARED = Duration.ofDays(-1);

    final Schedule schedule;
    private final Model model;
    private final PriorityQueue<Happening> events =
            new PriorityQueue<>(Comparator.comparing(Happening::at).thenComparingLong(Happening::number));
    final Map<Integer, PoolSystem.Facts> systems = new LinkedHashMap<>();
    private final Map<Integer, Duration> setups = new HashMap<>();
    private final Set<Integer> preparing = new HashSet<>();
    final Map<Place, Decision.Run> running = new HashMap<>();
    private final Map<Integer, Integer> outstanding = new HashMap<>();
    Instant now = EPOCH;
    private long lastNumber;
    private int lastSystem;
    boolean ended;

    Simulator(Schedule schedule, Model model) {
        this.schedule = schedule;
        this.model = model;
    }

    /** Runs to the end. {@return the time that the run takes} */
    Duration run() {
        tell(new Event.Begin());
        while (!isOver()) {
            Happening event = events.poll();
            if (event == null) {
                throw new IllegalStateException(
                        "the schedule waits, but no event is pending: " + schedule.whyWaiting());
            }
            now = event.at();
            event.happens().run();
        }
        return Duration.between(EPOCH, now);
    }

    /** {@return whether the run and all that it has begun has ended} */
    boolean isOver() {
        return ended;
    }

    void tell(Event event) {
        for (Decision decision : schedule.on(event, now)) {
            carryOut(decision);
        }
    }

    void at(Duration after, Runnable happens) {
        events.add(new Happening(now.plus(after), ++lastNumber, happens));
    }

    /** Carries out a decision. */
    void carryOut(Decision decision) {
        switch (decision) {
            case Decision.Request(int provisioner, int count) -> asked(provisioner, count);
            case Decision.ClearRequests(int provisioner) -> outstanding.put(provisioner, 0);
            case Decision.Prepare(int system) -> prepare(system);
            case Decision.CancelPreparation(int system) ->
                at(Duration.ZERO, () -> endPreparation(system, new Event.PreparationFailed(system, "cancelled")));
            case Decision.Run run -> begin(run);
            case Decision.RunTogether together -> beginTogether(together.members());
            case Decision.CancelMember(PlannedTest member, int system, int slot, String why) ->
                cancel(new Place(system, slot), "cancelled: " + why);
            case Decision.CancelTests cancel ->
                List.copyOf(running.keySet()).forEach(place -> cancel(place, "cancelled"));
            case Decision.Renew(int system, String why) -> at(Duration.ZERO, () -> tell(new Event.Renewed(system)));
            case Decision.Release(int system, String why) -> at(Duration.ZERO, () -> released(system));
            case Decision.WakeAt(Instant when) -> wakeAt(when);
            case Decision.AskPolicies(PlannedTest test, TestEnd end) ->
                at(Duration.ofMillis(1), () -> tell(model.judge(test, end)));
            case Decision.AskNext ask -> choose(ask);
            case Decision.CheckSpace() -> at(Duration.ZERO, () -> tell(new Event.FreeSpace(model.whyNoSpace(now))));
            case Decision.HoldSystem hold -> {
                Duration free = model.freesHeldAfter();
                if (free != null) {
                    at(free, () -> tell(new Event.Freed(hold.system())));
                }
            }
            case Decision.End() -> ended = true;
            case Decision.Conclude conclude -> {}
            case Decision.Hold hold -> {}
            case Decision.Report report -> {}
            case Decision.Pause pause -> {}
            case Decision.Quarantine quarantine -> {}
            case Decision.Wait wait -> {}
        }
    }

    private void wakeAt(Instant when) {
        events.add(new Happening(when.isBefore(now) ? now : when, ++lastNumber, () -> {
            if (!ended) {
                tell(new Event.Tick());
            }
        }));
    }

    private void choose(Decision.AskNext ask) {
        PoolSystem.Facts facts = facts(ask.system());
        at(Duration.ofMillis(1), () -> {
            PlannedTest choice = model.next(ask, facts);
            if (!ended) {
                tell(new Event.NextChosen(ask.system(), choice));
            }
        });
    }

    private PoolSystem.Facts facts(int system) {
        PoolSystem.Facts facts = systems.get(system);
        if (facts == null) {
            throw new IllegalStateException("system " + system + " is not in the pool");
        }
        return facts;
    }

    private void asked(int provisioner, int count) {
        outstanding.merge(provisioner, count, Integer::sum);
        List<Set<Need>> needs = schedule.requestedNeeds(provisioner);
        needs.subList(needs.size() - count, needs.size())
                .forEach(one -> supply(provisioner, model.supplies(provisioner, one)));
    }

    private void supply(int provisioner, Supplies reaction) {
        switch (reaction) {
            case Supplies.Machine system ->
                answer(system.after(), provisioner, () -> offer(provisioner, system, system.setup()));
            case Supplies.BadSetup bad -> {
                Supplies.Machine system =
                        new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, null, bad.host());
                answer(bad.after(), provisioner, () -> offer(provisioner, system, CANNOT_BE_PREPARED));
            }
            case Supplies.Failure failure ->
                answer(
                        failure.after(),
                        provisioner,
                        () -> tell(new Event.NotOffered(provisioner, false, null, "no luck")));
            case Supplies.Exhausted exhausted ->
                answer(Duration.ZERO, provisioner, () -> {
                    outstanding.put(provisioner, 0);
                    tell(new Event.Exhausted(provisioner, "no more", false));
                });
            case Supplies.Nothing nothing -> {}
        }
    }

    /** Answers a request, unless it was cleared: then a system may or may not have been made already. */
    private void answer(Duration after, int provisioner, Runnable answer) {
        at(after, () -> {
            int left = outstanding.getOrDefault(provisioner, 0);
            if (!ended && left > 0) {
                outstanding.put(provisioner, left - 1);
                answer.run();
            }
        });
    }

    private void offer(int provisioner, Supplies.Machine system, Duration setup) {
        int id = ++lastSystem;
        String host = system.host() == null ? "s" + id : system.host();
        Instant expires = system.lease() == null ? null : now.plus(system.lease());
        PoolSystem.Facts facts =
                new PoolSystem.Facts(id, provisioner, "s" + id, host, system.labels(), system.slots(), expires);
        tell(new Event.Arriving(provisioner));
        systems.put(id, facts);
        setups.put(id, setup);
        tell(new Event.Offered(facts));
    }

    private void prepare(int system) {
        preparing.add(system);
        Duration setup = setups.getOrDefault(system, Duration.ZERO);
        boolean fails = setup.isNegative();
        at(
                fails ? Duration.ofSeconds(1) : setup,
                () -> endPreparation(
                        system, fails ? new Event.PreparationFailed(system, "bad setup") : new Event.Prepared(system)));
    }

    private void endPreparation(int system, Event end) {
        if (preparing.remove(system)) {
            tell(end);
        }
    }

    void beginTogether(List<Decision.Run> members) {
        members.forEach(this::begin);
    }

    void begin(Decision.Run run) {
        Place place = new Place(run.system(), run.slot());
        PoolSystem.Facts facts = facts(run.system());
        running.put(place, run);
        tell(new Event.Started(run.system(), run.slot()));
        at(model.takes(run, facts), () -> end(place, run, model.ends(run, facts)));
    }

    /** Ends a test, unless it was cancelled. */
    void end(Place place, Decision.Run run, TestEnd end) {
        if (running.remove(place, run)) {
            finished(run, end);
        }
    }

    void finished(Decision.Run run, TestEnd end) {
        tell(new Event.Finished(run.system(), run.slot(), end));
    }

    private void cancel(Place place, String why) {
        Decision.Run run = running.get(place);
        if (run != null) {
            at(Duration.ZERO, () -> end(place, run, TestEnd.of(Outcome.CANCELLED, why)));
        }
    }

    void released(int system) {
        systems.remove(system);
        tell(new Event.Released(system));
    }
}
