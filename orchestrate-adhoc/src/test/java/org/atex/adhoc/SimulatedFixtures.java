package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.atex.adhoc.Fixtures.Acquired;
import org.atex.adhoc.Fixtures.Instance;
import org.atex.adhoc.Fixtures.Started;
import org.atex.api.Fixture;

/** The fixtures of a {@link Simulation}: starts and finishes them on its clock, and checks their order. */
final class SimulatedFixtures implements Fixtures.Jobs {
    /** A fixture whose methods are never called. */
    record Simulated(String name, Fixture.Scope scope, List<Fixture<?>> uses) implements Fixture<String> {
        Simulated(String name, Fixture.Scope scope, Fixture<?>... uses) {
            this(name, scope, List.of(uses));
        }

        @Override
        public String start(Context context) {
            throw new UnsupportedOperationException("the simulation starts no fixtures");
        }
    }

    private final Simulation simulation;
    final Fixtures book;
    /** The started fixtures, by name and place. */
    private final Map<String, Instance> live = new HashMap<>();

    private final List<Consumer<Started>> starting = new ArrayList<>();
    final List<String> log = new ArrayList<>();
    int starts;
    int finishes;

    /** Why the start of a fixture on a system, or -1, fails; empty if it does not. */
    Function<Instance, String> failures = instance -> "";

    /** How long each start and each end takes. */
    Function<Instance, Duration> durations = instance -> Duration.ofSeconds(1);

    SimulatedFixtures(Simulation simulation) {
        this.simulation = simulation;
        this.book = new Fixtures(simulation.schedule.tests(), this);
    }

    private static String key(PlannedFixture fixture, PlannedTest test, int system) {
        return fixture.name()
                + switch (fixture.scope()) {
                    case RUN -> "";
                    case SYSTEM -> " on " + system;
                    case GROUP ->
                        " of " + test.unit().facts.group() + (test.isGroupOnOneSystem() ? " on " + system : "");
                    case TEST -> " of " + test.unit().name() + (test.isMember() ? "" : " on " + system);
                };
    }

    private static String key(Instance instance) {
        return instance.fixture.name()
                + (instance.where.isEmpty() ? "" : " of " + instance.where)
                + (instance.system < 0 ? "" : " on " + instance.system);
    }

    @Override
    public boolean isStopping() {
        return simulation.isStopping();
    }

    void begin(List<Decision.Run> parts, Runnable start) {
        book.acquire(parts, result -> {
            switch (result) {
                case Acquired.Ready ready -> {
                    parts.forEach(part -> assertReady(part, ready.of(part.test())));
                    start.run();
                }
                case Acquired.Failed(Decision.Run part, PlannedFixture fixture, String why) ->
                    book.ended(
                            part,
                            () -> simulation.tell(new Event.FixtureFailed(part.system(), part.slot(), fixture, why)));
                case Acquired.Stopped() ->
                    book.ended(
                            parts.getFirst(),
                            () -> parts.forEach(
                                    part -> simulation.tell(new Event.NotStarted(part.system(), part.slot()))));
            }
        });
    }

    private void assertReady(Decision.Run part, List<Instance> ready) {
        assertThat(ready.stream().map(instance -> instance.fixture))
                .as("the fixtures of %s", part.test())
                .isEqualTo(part.test().fixtures);
        for (PlannedFixture fixture : part.test().fixtures) {
            assertThat(live)
                    .as("%s starts with its fixtures", part.test())
                    .containsKey(key(fixture, part.test(), part.system()));
        }
    }

    @Override
    public void start(Instance instance, Decision.Run run, Consumer<Started> then) {
        assertThat(live).as("started once").doesNotContainKey(key(instance));
        for (Instance used : instance.uses()) {
            assertThat(live).as("%s uses it", instance.fixture).containsKey(key(used));
        }
        Consumer<Started> once = new Consumer<>() {
            @Override
            public void accept(Started result) {
                if (starting.remove(this)) {
                    if (result instanceof Started.Done) {
                        live.put(key(instance), instance);
                        starts++;
                        log.add("start " + key(instance));
                    }
                    then.accept(result);
                }
            }
        };
        starting.add(once);
        String why = failures.apply(instance);
        simulation.at(
                durations.apply(instance),
                () -> once.accept(why.isEmpty() ? new Started.Done("value", Map.of()) : new Started.Failed(why)));
    }

    void cancel() {
        List.copyOf(starting)
                .forEach(start -> simulation.at(Duration.ZERO, () -> start.accept(new Started.Cancelled())));
    }

    @Override
    public void finish(Instance instance, Runnable then) {
        String key = key(instance);
        assertThat(live.remove(key)).as("%s is finished once", key).isEqualTo(instance);
        simulation
                .running
                .values()
                .forEach(run -> assertThat(
                                run.test().fixtures.stream().map(used -> key(used, run.test(), run.system())))
                        .as("%s is finished while %s runs", key, run.test())
                        .doesNotContain(key));
        live.values()
                .forEach(other -> assertThat(other.uses())
                        .as("%s is finished before %s", key, other.fixture)
                        .doesNotContain(instance));
        finishes++;
        log.add("finish " + key);
        simulation.at(durations.apply(instance), then);
    }

    void assertAllFinished() {
        assertThat(live).as("started fixtures at the end").isEmpty();
        assertThat(starting).as("starting fixtures at the end").isEmpty();
        assertThat(finishes).as("finished").isEqualTo(starts);
    }
}
