package org.atex.adhoc;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.atex.adhoc.Fixtures.Instance;
import org.atex.api.Fixture;
import org.atex.api.Problem;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.artifacts.OpenFixture;
import org.jspecify.annotations.Nullable;

/** Calls the methods of fixtures. Confined to the thread of the run. */
final class FixtureJobs implements Fixtures.Jobs {
    private final RunContext context;
    private final Guard guard;
    private final Function<Integer, OpenSystem> systems;

    /**
     * Creates the object.
     *
     * @param systems returns a system of the pool by its id
     */
    FixtureJobs(RunContext context, Guard guard, Function<Integer, OpenSystem> systems) {
        this.context = context;
        this.guard = guard;
        this.systems = systems;
    }

    @Override
    public boolean isStopping() {
        return context.isStopping();
    }

    @Override
    public void start(Instance instance, Decision.Run run, Consumer<Fixtures.Started> then) {
        OpenSystem openSystem = systems.apply(run.system());
        Fixture.Context where = context(instance);
        String name = name(instance);
        OpenFixture open = new OpenFixture(instance.fixture.name(), where(instance));
        context.fixture(open, true);
        long begin = System.nanoTime();
        Guard.Call<Fixtures.Started.Done> call = guard.start(
                Guard.Phase.WORK,
                "the start of " + name,
                instance.fixture.limit(),
                () -> start(untyped(instance), where),
                result -> context.post(() -> {
                    openSystem.calls.remove(run.slot());
                    if (!(result instanceof Guard.Result.Done<Fixtures.Started.Done>)) {
                        context.fixture(open, false); // a start that fails leaves nothing
                    }
                    then.accept(
                            switch (result) {
                                case Guard.Result.Done<Fixtures.Started.Done>(Fixtures.Started.Done done) -> {
                                    Duration took = Duration.ofNanos(System.nanoTime() - begin);
                                    context.publish(stamp -> new RunEvent.FixtureStarted(
                                            stamp, instance.fixture.name(), where(instance), took));
                                    yield done;
                                }
                                case Guard.Result.Cancelled<Fixtures.Started.Done> cancelled ->
                                    new Fixtures.Started.Cancelled();
                                default -> new Fixtures.Started.Failed(result.problem());
                            });
                }),
                late -> finishLate(untyped(instance), late.value(), where, name));
        openSystem.calls.put(run.slot(), call);
    }

    private static Fixtures.Started.Done start(Fixture<@Nullable Object> fixture, Fixture.Context where)
            throws Exception {
        Object value = fixture.start(where);
        try {
            return new Fixtures.Started.Done(value, Map.copyOf(fixture.environment(value)));
        } catch (Throwable e) { // an error of user code must not leave the fixture started, either
            try {
                fixture.finish(value, where);
            } catch (Throwable more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }

    /** Finishes a fixture whose start returned after it was given up, on the thread of that call. */
    private void finishLate(
            Fixture<@Nullable Object> fixture, @Nullable Object value, Fixture.Context where, String name) {
        try {
            fixture.finish(value, where);
        } catch (Throwable e) {
            guard.log().warn("could not finish " + name + ", which was started too late", e);
        }
    }

    @Override
    public void finish(Instance instance, Runnable then) {
        Fixture.Context where = context(instance);
        String name = name(instance);
        String place = where(instance);
        guard.start(
                Guard.Phase.RELEASE,
                "the end of " + name,
                instance.fixture.limit(),
                () -> {
                    untyped(instance).finish(instance.value(), where);
                    return true;
                },
                result -> context.post(() -> {
                    String problem = result.problem();
                    if (problem.isEmpty()) {
                        context.fixture(new OpenFixture(instance.fixture.name(), place), false);
                    } else {
                        context.problem(Problem.infrastructure(name + " was not finished: " + problem));
                    }
                    context.publish(
                            stamp -> new RunEvent.FixtureFinished(stamp, instance.fixture.name(), place, problem));
                    then.run();
                }),
                late -> {});
    }

    /** Finishes a fixture when the run cannot go on, and waits for it. */
    void abandon(Instance instance) {
        String problem = guard.run(
                Guard.Phase.RELEASE,
                "the end of " + name(instance),
                instance.fixture.limit(),
                () -> untyped(instance).finish(instance.value(), context(instance)));
        if (problem.isEmpty()) {
            context.fixture(new OpenFixture(instance.fixture.name(), where(instance)), false);
        } else {
            context.problem(Problem.infrastructure(name(instance) + " was not finished: " + problem));
        }
    }

    /** Finishes a fixture that a killed program has started, and waits for it. */
    void finishLeft(OpenFixture open, @Nullable PlannedFixture planned) {
        AtomicBoolean done = new AtomicBoolean();
        String problem = planned == null || planned.scope() != Fixture.Scope.RUN
                ? ""
                : guard.run(
                        Guard.Phase.WORK,
                        "the end of the fixture " + open.name(),
                        planned.limit(),
                        () -> done.set(planned.fixture().finishLeft()));
        if (done.get() && problem.isEmpty()) {
            context.fixture(open, false);
        } else {
            context.problem(Problem.overcome("the fixture " + open.name()
                    + (open.where().isEmpty() ? "" : " of " + open.where())
                    + " was started before the program was killed, and is not finished"
                    + (problem.isEmpty() ? "" : ": " + problem)));
        }
    }

    /** The value of a fixture comes from its own method start. */
    @SuppressWarnings("unchecked")
    private static Fixture<@Nullable Object> untyped(Instance instance) {
        return (Fixture<@Nullable Object>) instance.fixture.fixture();
    }

    private String name(Instance instance) {
        String where = where(instance);
        return "the fixture " + instance.fixture.name() + (where.isEmpty() ? "" : " of " + where);
    }

    private String where(Instance instance) {
        return !instance.where.isEmpty()
                ? instance.where
                : instance.system < 0 ? "" : systems.apply(instance.system).name();
    }

    private Fixture.Context context(Instance instance) {
        Remote remote = instance.system < 0 ? null : systems.apply(instance.system).remote;
        return new Fixture.Context() {
            @Override
            public Remote remote() {
                if (remote == null) {
                    throw new IllegalStateException(name(instance) + " has no system, since it is shared by several");
                }
                return remote;
            }

            // The value comes from the method start of the same fixture, and may be null if that says so.
            @SuppressWarnings({"unchecked", "NullAway"})
            @Override
            public <U extends @Nullable Object> U value(Fixture<U> used) {
                String name = used.name();
                return (U) instance.uses().stream()
                        .filter(one -> one.fixture.name().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException(
                                name(instance) + " does not use " + name + ": uses() must return it"))
                        .value();
            }
        };
    }
}
