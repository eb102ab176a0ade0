package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.jspecify.annotations.Nullable;

/** Makes a {@link Forecast} of a run. Used once. */
final class Forecaster extends Simulator {
    /** A test that runs or ran. */
    private static final class Step {
        private final PlannedTest test;
        private final int system;
        private final Instant start;
        /** The last reason why it waited, for people. */
        private final String waitsFor;
        /** The test for whose end it waited, or null. */
        private final @Nullable Step before;
        /** Null while it runs. */
        private Forecast.@Nullable Entry entry;

        Step(PlannedTest test, int system, Instant start, String waitsFor, @Nullable Step before) {
            this.test = test;
            this.system = system;
            this.start = start;
            this.waitsFor = waitsFor;
            this.before = before;
        }
    }

    private final RunPlan plan;
    private final Assumed model;
    private final Map<Place, Step> steps = new HashMap<>();
    private final List<Forecast.Entry> timeline = new ArrayList<>();
    private final Map<String, String> notRun = new HashMap<>();
    /** The last step on each system. */
    private final Map<Integer, Step> lastOn = new HashMap<>();

    private final Map<PlannedTest, Step> lastOf = new HashMap<>();
    private final Map<Integer, Instant> arrivals = new HashMap<>();
    private Duration systemTime = Duration.ZERO;
    private @Nullable Step last;
    private int most;
    /** The test that has just ended, or null. */
    private @Nullable Step justEnded;
    /** The system that has just become ready, or 0. */
    private int justReady;

    private Instant happened = EPOCH;

    /** Creates a forecaster with as many systems as the provisioners have at most. */
    Forecaster(RunPlan plan, Forecast.Assumptions assumptions) {
        this(plan, assumptions, assumptions::takes);
    }

    /**
     * Creates a forecaster with as many systems as the provisioners have at most.
     *
     * @param takes how long tests take
     */
    Forecaster(RunPlan plan, Forecast.Assumptions assumptions, Function<PlannedTest, Duration> takes) {
        this(plan, limited(plan), new Assumed(plan, assumptions, takes));
    }

    private Forecaster(RunPlan plan, List<Supply.Terms> terms, Assumed model) {
        super(new Schedule(plan.tests(), terms, plan.rules()), model);
        this.plan = plan;
        this.model = model;
    }

    /** {@return a forecaster as if the provisioners had any number of systems} */
    static Forecaster unlimited(RunPlan plan, Forecast.Assumptions assumptions) {
        return new Forecaster(plan, plan.terms(), new Assumed(plan, assumptions, assumptions::takes));
    }

    private static List<Supply.Terms> limited(RunPlan plan) {
        List<Supply.Terms> terms = plan.terms();
        return IntStream.range(0, terms.size())
                .mapToObj(i -> terms.get(i)
                        .withAtMost(plan.provisioners().get(i).provisioner().maxSystems()))
                .toList();
    }

    /** All tests pass, and provisioners have the systems that tests need. */
    private record Assumed(RunPlan plan, Forecast.Assumptions assumptions, Function<PlannedTest, Duration> duration)
            implements Model {
        @Override
        public Supplies supplies(int provisioner, Set<Need> needs) {
            Map<String, String> labels = new HashMap<>(plan.offers().get(provisioner));
            needs.stream()
                    .filter(need -> !labels.containsKey(need.label()))
                    .collect(Collectors.groupingBy(Need::label))
                    .forEach((label, all) -> labels.put(label, meeting(label, all)));
            int slots = Math.min(assumptions.slots(), plan.maxSlots());
            return new Supplies.Machine(labels, slots, setUp(provisioner), Duration.ZERO, null);
        }

        Duration setUp(int provisioner) {
            Duration assumed = assumptions.setUp();
            Duration known = plan.history()
                    .before()
                    .setUp(plan.provisioners().get(provisioner).name());
            return assumed != null ? assumed : known != null ? known : Duration.ZERO;
        }

        /** Returns a value that meets all needs, if there is one among those that they name. */
        private static String meeting(String label, Collection<Need> needs) {
            return needs.stream()
                    .flatMap(need -> Stream.concat(need.anyOf().stream(), Stream.ofNullable(need.minimum())))
                    .sorted()
                    .filter(value -> needs.stream().allMatch(need -> need.isMetBy(Map.of(label, value))))
                    .findFirst()
                    .orElse("yes");
        }

        @Override
        public Duration takes(Decision.Run run, PoolSystem.Facts system) {
            return duration.apply(run.test());
        }

        @Override
        public TestEnd ends(Decision.Run run, PoolSystem.Facts system) {
            return TestEnd.exited(0);
        }

        @Override
        public Event.PoliciesAnswered judge(PlannedTest test, TestEnd end) {
            return new Event.PoliciesAnswered(test, null, test.facts.destructive());
        }

        @Override
        public @Nullable PlannedTest next(Decision.AskNext ask, PoolSystem.Facts system) {
            return null;
        }
    }

    Forecast forecast() {
        plan.unreadable().forEach(schedule::refuse);
        Duration end = run();
        return new Forecast(timeline, notRun, criticalPath(), end, most, systemTime);
    }

    private List<Forecast.Entry> criticalPath() {
        Deque<Forecast.Entry> path = new ArrayDeque<>();
        for (Step step = last; step != null; step = step.before) {
            if (step.entry != null) {
                path.addFirst(step.entry);
            }
        }
        return List.copyOf(path);
    }

    @Override
    void tell(Event event) {
        // The last thing that a test waited for is the event with which it starts.
        Step ended = null;
        int ready = 0;
        switch (event) {
            case Event.Finished finished -> ended = justEnded;
            case Event.PoliciesAnswered answered -> ended = lastOf.get(answered.test());
            case Event.Renewed renewed -> ended = lastOn.get(renewed.system());
            case Event.Prepared prepared -> {
                ended = lastOn.get(prepared.system()); // it was reset after that test
                ready = prepared.system();
            }
            default -> {
                // Another consequence of what happened at the same time.
                ended = now.equals(happened) ? justEnded : null;
                ready = now.equals(happened) ? justReady : 0;
            }
        }
        justEnded = ended;
        justReady = ready;
        happened = now;
        super.tell(event);
    }

    @Override
    void carryOut(Decision decision) {
        if (decision instanceof Decision.Run run) {
            begins(run);
        } else if (decision instanceof Decision.RunTogether together) {
            together.members().forEach(this::begins);
        } else if (decision instanceof Decision.Prepare prepare) {
            arrivals.put(prepare.system(), now);
        } else if (decision instanceof Decision.Conclude conclude) {
            Outcome outcome = conclude.end().outcome();
            if (outcome != Outcome.PASSED) {
                notRun.put(conclude.test().name(), String.valueOf(conclude.end().note()));
            }
        }
        super.carryOut(decision);
        most = Math.max(most, systems.size());
    }

    private void begins(Decision.Run run) {
        Step before = justEnded;
        steps.put(
                new Place(run.system(), run.slot()),
                new Step(run.test(), run.system(), now, now.equals(EPOCH) ? "" : waitsFor(run, before), before));
    }

    private String waitsFor(Decision.Run run, @Nullable Step before) {
        if (justReady > 0) {
            return nameOf(justReady) + " to be ready"
                    + (before == null
                            ? ""
                            : " again after " + before.test.unit().name());
        }
        if (before == null) {
            return "its turn";
        }
        PlannedTest test = run.test().unit();
        PlannedTest other = before.test.unit();
        if (test.after.stream().anyMatch(after -> after.test().equals(other))) {
            return "the end of " + other.name() + ", after which it runs";
        }
        if (test.previous != null && test.previous.equals(other)) {
            return "the end of " + other.name() + " of its group";
        }
        String lock = lock(test, other);
        if (!lock.isEmpty()) {
            return "the lock " + lock + ", which " + other.name() + " holds";
        }
        if (test.kind.demand().isAlone() || other.kind.demand().isAlone()) {
            return "the end of " + other.name() + ", as "
                    + (test.kind.demand().isAlone() ? "it runs alone" : "that runs alone");
        }
        return "the end of " + other.name() + " on " + nameOf(before.system);
    }

    /** Returns the name of a lock that two tests cannot hold at the same time; empty if there is none. */
    private static String lock(PlannedTest one, PlannedTest other) {
        for (TestLock lock : one.facts.locks()) {
            for (TestLock held : other.facts.locks()) {
                boolean isExclusive = lock.mode() == TestLock.Mode.EXCLUSIVE || held.mode() == TestLock.Mode.EXCLUSIVE;
                if (isExclusive
                        && lock.name().equals(held.name())
                        && lock.scope() == held.scope()
                        && !lock.name().equals(TestLock.EVERYTHING)) {
                    return lock.name();
                }
            }
        }
        return "";
    }

    private String nameOf(int system) {
        PoolSystem.Facts facts = systems.get(system);
        return facts == null
                ? "a system"
                : plan.provisioners().get(facts.provisioner()).name() + " " + system;
    }

    @Override
    void end(Place place, Decision.Run run, TestEnd end) {
        Step step = steps.remove(place);
        if (step != null && systems.containsKey(place.system())) {
            Forecast.Entry entry = new Forecast.Entry(
                    run.test().name(),
                    nameOf(place.system()),
                    Duration.between(EPOCH, step.start),
                    Duration.between(EPOCH, now),
                    step.waitsFor);
            timeline.add(entry);
            step.entry = entry;
            lastOn.put(place.system(), step);
            lastOf.put(run.test().unit(), step);
            last = step;
            justEnded = step;
        }
        super.end(place, run, end);
    }

    @Override
    void released(int system) {
        PoolSystem.Facts facts = systems.get(system);
        Instant arrived = arrivals.remove(system);
        if (facts != null && arrived != null) {
            systemTime = systemTime.plus(Duration.between(arrived, now)).plus(model.setUp(facts.provisioner()));
        }
        super.released(system);
    }
}
