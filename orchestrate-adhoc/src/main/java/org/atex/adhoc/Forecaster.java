package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/** Makes a {@link Forecast} of a run. Used once. */
final class Forecaster extends Simulator {
    private final RunPlan plan;
    private final Map<Place, Instant> starts = new HashMap<>();
    private final List<Forecast.Entry> timeline = new ArrayList<>();
    private final Map<String, String> notRun = new HashMap<>();
    private int most;

    Forecaster(RunPlan plan, Forecast.Assumptions assumptions) {
        super(new Schedule(plan.tests(), plan.terms(), plan.rules()), new Assumed(plan, assumptions));
        this.plan = plan;
    }

    /** All tests pass, and provisioners have the systems that tests need. */
    private record Assumed(RunPlan plan, Forecast.Assumptions assumptions) implements Model {
        @Override
        public Supplies supplies(int provisioner, Set<Need> needs) {
            Map<String, String> labels = new HashMap<>(plan.offers().get(provisioner));
            needs.stream()
                    .filter(need -> !labels.containsKey(need.label()))
                    .collect(Collectors.groupingBy(Need::label))
                    .forEach((label, all) -> labels.put(label, meeting(label, all)));
            int slots = Math.min(assumptions.slots(), plan.maxSlots());
            return new Supplies.Machine(labels, slots, assumptions.setUp(), Duration.ZERO, null);
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
            return assumptions.takes(run.test());
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
        return new Forecast(timeline, notRun, end, most);
    }

    @Override
    void carryOut(Decision decision) {
        if (decision instanceof Decision.Run run) {
            starts.put(new Place(run.system(), run.slot()), now);
        } else if (decision instanceof Decision.RunTogether together) {
            together.members().forEach(run -> starts.put(new Place(run.system(), run.slot()), now));
        } else if (decision instanceof Decision.Conclude conclude) {
            Outcome outcome = conclude.end().outcome();
            if (outcome != Outcome.PASSED) {
                notRun.put(conclude.test().name(), String.valueOf(conclude.end().note()));
            }
        }
        super.carryOut(decision);
        most = Math.max(most, systems.size());
    }

    @Override
    void end(Place place, Decision.Run run, TestEnd end) {
        Instant start = starts.remove(place);
        PoolSystem.Facts facts = systems.get(place.system());
        if (start != null && facts != null) {
            String provisioner = plan.provisioners().get(facts.provisioner()).name();
            timeline.add(new Forecast.Entry(
                    run.test().name(),
                    provisioner + " " + facts.id(),
                    Duration.between(EPOCH, start),
                    Duration.between(EPOCH, now)));
        }
        super.end(place, run, end);
    }
}
