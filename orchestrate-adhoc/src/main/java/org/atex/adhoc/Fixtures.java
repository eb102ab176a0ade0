package org.atex.adhoc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.atex.api.Fixture.Scope;
import org.jspecify.annotations.Nullable;

/**
 * Decides when fixtures are started and finished: each once for the tests that share it, in order, and finished when no
 * test can use it any more. The jobs themselves are done by {@link Jobs}. Confined to the thread of the run.
 */
final class Fixtures {
    /** Starts and finishes fixtures. */
    interface Jobs {
        /** Starts a fixture for a test. The result must be told on the thread of the run. */
        void start(Instance instance, Decision.Run run, Consumer<Started> then);

        /** Finishes a fixture. The end must be told on the thread of the run. */
        void finish(Instance instance, Runnable then);

        /** {@return whether no further test is to start} */
        boolean isStopping();
    }

    /** How the start of a fixture ended. */
    sealed interface Started {
        /** It has this value, and these variables for commands. */
        record Done(@Nullable Object value, Map<String, String> environment) implements Started {}

        /** It could not be started. */
        record Failed(String why) implements Started {}

        /** The start was cancelled. */
        record Cancelled() implements Started {}
    }

    /** Whether a test can start. */
    sealed interface Acquired {
        /** It can; each of its parts with these fixtures. */
        record Ready(Map<PlannedTest, List<Instance>> fixtures) implements Acquired {
            /** {@return the fixtures of a part of the test, or of the whole test if it runs on one system} */
            List<Instance> of(PlannedTest part) {
                return fixtures.getOrDefault(part, List.of());
            }
        }

        /** A fixture could not be started for one of its parts. */
        record Failed(Decision.Run part, PlannedFixture fixture, String why) implements Acquired {}

        /** The run is being stopped. */
        record Stopped() implements Acquired {}
    }

    private enum State {
        NEW,
        STARTING,
        READY,
        FAILED,
        FINISHING,
        FINISHED
    }

    /**
     * Which tests share a started fixture.
     *
     * @param where the name of the system, group or test; empty for the run
     * @param system the id of the system, or -1 if it is not bound to one
     */
    private record Key(PlannedFixture fixture, String where, int system) {}

    /** A fixture that is started for certain tests. */
    static final class Instance {
        final PlannedFixture fixture;
        /** The name of the group or test for which it is started; empty for the run or a system. */
        final String where;
        /** The id of its system, or -1. */
        final int system;

        private final Key key;
        private final List<Instance> uses;
        private State state = State.NEW;
        private @Nullable Object value;
        private Map<String, String> environment = Map.of();
        private String whyFailed = "";
        /** The number of started fixtures that use this one. */
        private int users;
        /** Whether no test will use it any more. */
        private boolean isOver;
        /** What waits for the end of its start. */
        private List<Runnable> waiting = new ArrayList<>();

        private Instance(Key key, List<Instance> uses) {
            this.fixture = key.fixture();
            this.where = key.where();
            this.system = key.system();
            this.key = key;
            this.uses = uses;
        }

        List<Instance> uses() {
            return uses;
        }

        @Nullable
        Object value() {
            return value;
        }

        Map<String, String> environment() {
            return environment;
        }
    }

    private final Jobs jobs;
    private final Map<Key, Instance> instances = new LinkedHashMap<>();
    /** The number of tests without a final outcome that use a fixture of the run or a group. */
    private final Map<Key, Integer> tests = new HashMap<>();
    /** What waits until a system has no fixtures any more. */
    private final Map<Integer, Runnable> leaving = new HashMap<>();

    private int busy;

    Fixtures(List<PlannedTest> planned, Jobs jobs) {
        this.jobs = jobs;
        for (PlannedTest test : planned) {
            counted(test).forEach(key -> tests.merge(key, 1, Integer::sum));
        }
    }

    private static List<Key> counted(PlannedTest test) {
        return test.fixtures.stream()
                .filter(fixture -> fixture.scope() == Scope.RUN || fixture.scope() == Scope.GROUP)
                .map(fixture -> new Key(fixture, group(fixture, test), -1))
                .toList();
    }

    private static String group(PlannedFixture fixture, PlannedTest test) {
        return fixture.scope() == Scope.GROUP ? String.valueOf(test.unit().facts.group()) : "";
    }

    private static Key key(PlannedFixture fixture, PlannedTest test, int system) {
        return switch (fixture.scope()) {
            case RUN -> new Key(fixture, "", -1);
            case SYSTEM -> new Key(fixture, "", system);
            case GROUP -> new Key(fixture, group(fixture, test), test.isGroupOnOneSystem() ? system : -1);
            case TEST -> new Key(fixture, test.unit().name(), test.isMember() ? -1 : system);
        };
    }

    /**
     * Starts the fixtures of a test that are not started; then tells whether the test can start. The fixtures of one part
     * are started one after the other.
     *
     * @param parts the parts of a test on several systems, or the only one
     * @param then receives the result, when no part waits for a fixture any more
     */
    void acquire(List<Decision.Run> parts, Consumer<Acquired> then) {
        Map<PlannedTest, List<Instance>> ready = new LinkedHashMap<>();
        List<Acquired> unready = new ArrayList<>();
        int[] left = {parts.size()};
        for (Decision.Run part : parts) {
            acquire(part, new ArrayList<>(), result -> {
                if (result instanceof Acquired.Ready(Map<PlannedTest, List<Instance>> own)) {
                    ready.putAll(own);
                } else {
                    unready.add(result);
                }
                if (--left[0] == 0) {
                    then.accept(unready.isEmpty() ? new Acquired.Ready(ready) : unready.get(0));
                }
            });
        }
    }

    private void acquire(Decision.Run run, List<Instance> ready, Consumer<Acquired> then) {
        PlannedTest test = run.test();
        while (ready.size() < test.fixtures.size()) {
            Instance next = instance(test.fixtures.get(ready.size()), test, run.system());
            if (jobs.isStopping()) {
                then.accept(new Acquired.Stopped());
                return;
            }
            if (next.state == State.FAILED) {
                then.accept(new Acquired.Failed(run, next.fixture, next.whyFailed));
                return;
            }
            if (next.state != State.READY) {
                next.waiting.add(() -> acquire(run, ready, then));
                if (next.state == State.NEW) {
                    start(next, run);
                }
                return;
            }
            ready.add(next);
        }
        then.accept(new Acquired.Ready(Map.of(test, ready)));
    }

    private Instance instance(PlannedFixture fixture, PlannedTest test, int system) {
        Key key = key(fixture, test, system);
        Instance known = instances.get(key);
        if (known != null) {
            return known;
        }
        List<Instance> uses = fixture.uses().stream()
                .map(used -> instance(used, test, system))
                .toList();
        Instance instance = new Instance(key, uses);
        instances.put(key, instance);
        return instance;
    }

    private void start(Instance instance, Decision.Run run) {
        instance.state = State.STARTING;
        instance.uses.forEach(used -> used.users++);
        busy++;
        jobs.start(instance, run, result -> {
            busy--;
            switch (result) {
                case Started.Done(Object value, Map<String, String> environment) -> {
                    instance.value = value;
                    instance.environment = environment;
                    instance.state = State.READY;
                }
                case Started.Failed(String why) -> {
                    instance.whyFailed = why;
                    instance.state = State.FAILED;
                    unuse(instance);
                }
                case Started.Cancelled() -> {
                    instance.state = State.NEW;
                    unuse(instance);
                }
            }
            List<Runnable> waiting = instance.waiting;
            instance.waiting = new ArrayList<>();
            waiting.forEach(Runnable::run);
            finishIfOver(instance);
        });
    }

    private void unuse(Instance instance) {
        instance.uses.forEach(used -> {
            used.users--;
            finishIfOver(used);
        });
    }

    /** A test has its final outcome. */
    void concluded(PlannedTest test) {
        for (Key key : counted(test)) {
            if (tests.merge(key, -1, Integer::sum) == 0) {
                over(List.copyOf(instances.values()).stream()
                        .filter(one -> one.fixture.equals(key.fixture()) && one.where.equals(key.where()))
                        .toList());
            }
        }
    }

    /**
     * An attempt has ended; the action runs when the fixtures of the attempt are finished.
     *
     * @param run the attempt; for a test on several systems, the last of its parts
     */
    void ended(Decision.Run run, Runnable then) {
        PlannedTest test = run.test();
        List<Instance> own = test.unit().fixtures.stream()
                .filter(fixture -> fixture.scope() == Scope.TEST)
                .map(fixture -> instances.get(key(fixture, test, run.system())))
                .filter(Objects::nonNull)
                .toList();
        if (own.isEmpty()) {
            then.run();
            return;
        }
        int[] left = {own.size()};
        for (Instance instance : own) {
            instance.waiting.add(() -> {
                if (--left[0] == 0) {
                    then.run();
                }
            });
        }
        over(own);
    }

    /** A system is to be released or reset; the action runs when its fixtures are finished. */
    void leave(int system, Runnable then) {
        List<Instance> own = instances.values().stream()
                .filter(instance -> instance.system == system)
                .toList();
        if (own.isEmpty()) {
            then.run();
        } else {
            leaving.put(system, then);
            over(own);
        }
    }

    private void over(Collection<Instance> some) {
        some.forEach(instance -> instance.isOver = true);
        some.forEach(this::finishIfOver);
    }

    private void finishIfOver(Instance instance) {
        if (!instance.isOver || instance.users > 0 || instances.get(instance.key) != instance) {
            return;
        }
        switch (instance.state) {
            case READY -> {
                instance.state = State.FINISHING;
                busy++;
                jobs.finish(instance, () -> {
                    busy--;
                    remove(instance);
                    unuse(instance);
                });
            }
            case NEW, FAILED -> remove(instance);
            case STARTING, FINISHING, FINISHED -> {}
        }
    }

    private void remove(Instance instance) {
        instance.state = State.FINISHED;
        instances.remove(instance.key);
        instance.waiting.forEach(Runnable::run);
        Runnable left = leaving.get(instance.system);
        if (left != null && instances.values().stream().noneMatch(one -> one.system == instance.system)) {
            leaving.remove(instance.system);
            left.run();
        }
    }

    /** {@return whether a fixture is being started or finished} */
    boolean isBusy() {
        return busy > 0;
    }

    /** {@return the fixtures that are started, those that use others first} */
    List<Instance> started() {
        return instances.values().stream()
                .filter(instance -> instance.state == State.READY)
                .toList()
                .reversed();
    }
}
