package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Need;
import org.atex.api.Orchestrator;
import org.atex.api.Provisioner;
import org.atex.api.RunListener;
import org.atex.api.SystemHook;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;

/**
 * Collects what every run needs. A provisioner, an executor factory and an aggregator must be given. Not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class RunBuilder<B extends RunBuilder<B>>
        permits AdHocOrchestrator.Builder, SequentialOrchestrator.Builder {
    /** How many of the latest systems of a provisioner count. */
    static final int DEFAULT_WINDOW = 10;

    private final List<TestCase> tests;
    private final List<NamedProvisioner> provisioners = new ArrayList<>();
    private final List<RunListener> listeners = new ArrayList<>();
    private Executor.@Nullable Factory factory;
    private @Nullable Aggregator aggregator;
    private @Nullable String platform;
    private Duration systemWithin = Duration.ofHours(1);
    private Duration giveUpAfter = Duration.ofMinutes(1);
    private Duration roomWithin = Duration.ofMinutes(10);
    private Limits limits = Limits.defaults();
    private InstantSource wall = InstantSource.system();
    private int lastLines = 8;
    private boolean mayBeEmpty;
    private @Nullable Path workDirectory;

    RunBuilder(Collection<? extends TestCase> tests) {
        this.tests = List.copyOf(tests);
    }

    abstract B self();

    /** Sets another clock than this machine's. */
    B clock(InstantSource other) {
        this.wall = other;
        return self();
    }

    /**
     * Adds a place where systems come from.
     *
     * @param provisioner stays the caller's to close
     * @return this
     */
    public B on(Provisioner provisioner) {
        return on(new NamedProvisioner(
                NamedProvisioner.unnamed(provisioners.size() + 1), false, Objects.requireNonNull(provisioner)));
    }

    /**
     * Adds a provisioner with a name for messages, events and records. The name is also the platform of the tests that run
     * on its systems, unless {@link #platform} sets one for the whole run.
     *
     * @param name tells it from the other provisioners of the run, such as {@code rhel-9}
     * @param provisioner stays the caller's to close
     * @return this
     * @throws IllegalArgumentException if another provisioner of the run has that name
     */
    public B on(String name, Provisioner provisioner) {
        return on(new NamedProvisioner(name, true, Objects.requireNonNull(provisioner)));
    }

    private B on(NamedProvisioner added) {
        if (provisioners.stream().anyMatch(other -> other.name().equals(added.name()))) {
            throw new IllegalArgumentException("two provisioners of the run are called " + added.name()
                    + ": give each a name of its own, on(name, provisioner)");
        }
        provisioners.add(added);
        return self();
    }

    /**
     * Sets what runs the tests on each system.
     *
     * @param executors opens an executor on each system
     * @return this
     */
    public B with(Executor.Factory executors) {
        this.factory = executors;
        return self();
    }

    /**
     * Sets where results go.
     *
     * @param sink stays the caller's to close
     * @return this
     */
    public B into(Aggregator sink) {
        this.aggregator = sink;
        return self();
    }

    /**
     * Sets the platform of all results. Without it, the platform of a result is the name of the provisioner that the system
     * came from, see {@link #on(String, Provisioner)}; tests on systems of a provisioner without a name, and tests that never
     * ran, have the platform {@code default}, or the name of the only provisioner.
     *
     * @param name such as {@code rhel-9 x86_64}
     * @return this
     */
    public B platform(String name) {
        this.platform = name;
        return self();
    }

    /**
     * Adds a listener.
     *
     * @param listener receives each event
     * @return this
     */
    public B listener(RunListener listener) {
        listeners.add(Objects.requireNonNull(listener));
        return self();
    }

    /**
     * Sets how long the run waits while tests wait and there is no system at all.
     *
     * @param limit an hour unless it is set
     * @return this
     */
    public B systemWithin(Duration limit) {
        this.systemWithin = positive(limit, "systemWithin");
        return self();
    }

    /**
     * Sets how long provisioners may do nothing but fail, before the tests that wait for their systems are given up. Until
     * then they are asked again, at growing intervals. It never ends a run in which another provisioner or a test works.
     *
     * @param limit one minute unless it is set
     * @return this
     */
    public B giveUpAfter(Duration limit) {
        this.giveUpAfter = positive(limit, "giveUpAfter");
        return self();
    }

    /**
     * Sets how long the run waits when this machine has no room for artifacts. No test starts meanwhile; attempts that were
     * spoiled by it run again.
     *
     * @param limit ten minutes unless it is set
     * @return this
     */
    public B roomWithin(Duration limit) {
        this.roomWithin = positive(limit, "roomWithin");
        return self();
    }

    /**
     * Sets how long code that is not the run's own may take.
     *
     * @param values {@link Limits#defaults()} unless it is set
     * @return this
     */
    public B limits(Limits values) {
        this.limits = values;
        return self();
    }

    /**
     * Sets how many of the last lines of its output are told of a test that did not pass.
     *
     * @param count 8 unless it is set
     * @return this
     */
    public B lastLines(int count) {
        this.lastLines = atLeast(0, count, "lastLines");
        return self();
    }

    /**
     * Lets a run without any test pass. Otherwise it is refused, as a filter that matches nothing is mostly a mistake.
     *
     * @return this
     */
    public B allowEmpty() {
        this.mayBeEmpty = true;
        return self();
    }

    /**
     * Sets where artifacts are until they are stored. On the file system of the results, storing them is cheap.
     *
     * @param directory made if missing; a temporary one unless it is set
     * @return this
     */
    public B workDirectory(Path directory) {
        this.workDirectory = directory;
        return self();
    }

    /**
     * Makes the orchestrator.
     *
     * @return ready to run
     * @throws IllegalArgumentException if something is missing, or what was given does not go together
     */
    public abstract Orchestrator build();

    /**
     * {@return the plan of a run, complete and checked}
     *
     * @param order which test goes first
     * @param hook what is done with each system first
     * @param rules the rules of the schedule
     * @param refusing whether a test is refused that needs what no provisioner offers
     * @param maxSlots how many slots of a system are used at the most
     */
    RunPlan plan(TestOrder order, SystemHook hook, Schedule.Rules rules, boolean refusing, int maxSlots) {
        if (factory == null || aggregator == null || provisioners.isEmpty()) {
            throw new IllegalArgumentException("a run needs systems, something that runs tests on them, and a place"
                    + " for results: on(provisioner), with(executors) and into(aggregator)");
        }
        if (tests.isEmpty() && !mayBeEmpty) {
            throw new IllegalArgumentException(
                    "there is no test to run: is a filter too strict? If a run of no tests is"
                            + " what you want, say allowEmpty()");
        }
        List<FactsReader.Facts> facts = FactsReader.read(tests, limits.call());
        refuseDuplicates(facts);
        List<String> notes = new ArrayList<>();
        try (Guard guard = new Guard(limits.grace(), (what, limit) -> {})) {
            List<Map<String, String>> offers = offers(guard, notes);
            if (refusing) {
                facts.forEach(test -> refuseUnfit(test, offers));
            }
            List<PlannedTest> planned = inOrder(guard, facts, order);
            Map<PlannedTest, String> unreadable = new LinkedHashMap<>();
            for (int i = 0; i < planned.size(); i++) {
                if (!facts.get(i).problem().isEmpty()) {
                    unreadable.put(planned.get(i), facts.get(i).problem());
                }
            }
            return new RunPlan(
                    planned,
                    unreadable,
                    List.copyOf(provisioners),
                    offers,
                    notes,
                    hook,
                    factory,
                    aggregator,
                    Platforms.of(platform, provisioners),
                    List.copyOf(listeners),
                    workDirectory,
                    rules,
                    limits,
                    maxSlots,
                    wall,
                    lastLines);
        }
    }

    /** {@return the rules that are common to all runs} */
    Schedule.Rules rules(RerunPolicy reruns, DestructionPolicy destruction, int maxSystems, int spares) {
        return new Schedule.Rules(
                reruns,
                destruction,
                maxSystems,
                spares,
                DEFAULT_WINDOW,
                Integer.MAX_VALUE,
                systemWithin,
                giveUpAfter,
                roomWithin,
                null);
    }

    private static void refuseDuplicates(List<FactsReader.Facts> facts) {
        Set<String> names = new HashSet<>();
        for (FactsReader.Facts test : facts) {
            if (!names.add(test.facts().name())) {
                throw new IllegalArgumentException("the test " + test.facts().name()
                        + " is there twice: give each its own name, or drop one of them");
            }
        }
    }

    private List<Map<String, String>> offers(Guard guard, List<String> notes) {
        List<Map<String, String>> offers = new ArrayList<>();
        for (int i = 0; i < provisioners.size(); i++) {
            NamedProvisioner named = provisioners.get(i);
            Guard.Result<Map<String, String>> result = guard.call(
                    Guard.Phase.WORK,
                    "what " + named.name() + " offers",
                    limits.call(),
                    () -> Map.copyOf(named.provisioner().labels()),
                    late -> {});
            if (result instanceof Guard.Result.Done<Map<String, String>>(Map<String, String> known)) {
                offers.add(known);
            } else {
                offers.add(Map.of());
                notes.add(named.name() + " did not say what it offers: " + result.problem());
            }
        }
        return offers;
    }

    private static void refuseUnfit(FactsReader.Facts test, List<Map<String, String>> offers) {
        for (Need need : test.facts().needs()) {
            if (offers.stream().allMatch(need::isRuledOutBy)) {
                throw new IllegalArgumentException("the test " + test.facts().name() + " needs a system with " + need
                        + ", which no provisioner offers: " + offers);
            }
        }
    }

    /** The order is asked once: if it throws or hangs, that is before the run. */
    private List<PlannedTest> inOrder(Guard guard, List<FactsReader.Facts> facts, TestOrder order) {
        Comparator<Integer> unreadableLast =
                Comparator.comparing(i -> !facts.get(i).problem().isEmpty());
        Guard.Result<Integer[]> sorted = guard.call(
                Guard.Phase.WORK,
                "the order of the tests",
                limits.call(),
                () -> {
                    Integer[] byOrder = IntStream.range(0, facts.size()).boxed().toArray(Integer[]::new);
                    Arrays.sort(byOrder, unreadableLast.thenComparing((a, b) -> compare(facts, order, a, b)));
                    return byOrder;
                },
                late -> {});
        if (!(sorted instanceof Guard.Result.Done<Integer[]>(Integer[] byOrder))) {
            Throwable cause =
                    sorted instanceof Guard.Result.Threw<Integer[]>(Throwable thrown, String words) ? thrown : null;
            throw new IllegalArgumentException("the order of the tests failed: " + sorted.problem(), cause);
        }
        PlannedTest[] inGivenOrder = new PlannedTest[facts.size()];
        for (int rank = 0; rank < byOrder.length; rank++) {
            FactsReader.Facts test = facts.get(byOrder[rank]);
            inGivenOrder[byOrder[rank]] = new PlannedTest(test.test(), test.facts(), rank);
        }
        return List.of(inGivenOrder);
    }

    private static int compare(List<FactsReader.Facts> facts, TestOrder order, int a, int b) {
        boolean readable =
                facts.get(a).problem().isEmpty() && facts.get(b).problem().isEmpty();
        return readable ? order.compare(facts.get(a).test(), facts.get(b).test()) : 0;
    }

    static int atLeast(int least, int value, String what) {
        if (value < least) {
            throw new IllegalArgumentException(what + " must be at least " + least + ", and not " + value);
        }
        return value;
    }

    static Duration positive(Duration value, String what) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(what + " must be a time to wait, and not " + value);
        }
        return value;
    }
}
