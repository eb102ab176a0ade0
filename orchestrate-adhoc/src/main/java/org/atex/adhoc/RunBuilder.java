package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Fixture;
import org.atex.api.KnownFailure;
import org.atex.api.Need;
import org.atex.api.Orchestrator;
import org.atex.api.Provisioner;
import org.atex.api.RunListener;
import org.atex.api.Stop;
import org.atex.api.SystemHook;
import org.atex.api.TestCase;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.Retention;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * Configures a run: the options common to all orchestrators. A provisioner, an executor factory and an aggregator are
 * required; a run that is {@linkplain #keep(Path) kept} needs no aggregator. Not thread-safe.
 *
 * @param <B> the type of the builder
 */
public abstract sealed class RunBuilder<B extends RunBuilder<B>>
        permits AdHocOrchestrator.Builder, SequentialOrchestrator.Builder {
    /** The default number of recent systems that the breaker of a provisioner counts. */
    static final int DEFAULT_WINDOW = 10;

    private final List<TestCase> tests;
    private final List<NamedProvisioner> provisioners = new ArrayList<>();
    private final List<TestGroup> groups = new ArrayList<>();
    private final List<Fixture<?>> fixtures = new ArrayList<>();
    private final List<KnownFailure> known = new ArrayList<>();
    private final List<Sink> sinks = new ArrayList<>();
    private final List<RunListener> listeners = new ArrayList<>();
    private Executor.@Nullable Factory factory;
    private @Nullable String platform;
    private Duration systemWithin = Duration.ofHours(1);
    private Duration giveUpAfter = Duration.ofMinutes(1);
    private Duration diskSpaceWithin = Duration.ofMinutes(10);
    private Limits limits = Limits.defaults();
    private InstantSource wall = InstantSource.system();
    private int lastLines = 8;
    private boolean mayBeEmpty;
    private @Nullable Path workDirectory;
    private @Nullable Retention retention;
    private boolean resumes;
    private boolean recordsPackages;
    private @Nullable Path history;
    private @Nullable Duration limitFloor;
    private @Nullable Shard shard;
    private KnownFailures.@Nullable Baseline baseline;

    RunBuilder(Collection<? extends TestCase> tests) {
        this.tests = List.copyOf(tests);
    }

    abstract B self();

    /** Replaces the clock of this machine, for tests. */
    B clock(InstantSource other) {
        this.wall = other;
        return self();
    }

    /**
     * Adds a provisioner of systems.
     *
     * @param provisioner the provisioner; the caller must close it after the run
     * @return this
     */
    public B on(Provisioner provisioner) {
        return on(Source.of(provisioner));
    }

    /**
     * Adds a provisioner of systems, with a name for messages, events and records. The name is also the platform of the
     * tests that run on its systems, unless {@link #platform} sets one for the whole run.
     *
     * @param name a name that is unique in the run, such as {@code rhel-9}
     * @param provisioner the provisioner; the caller must close it after the run
     * @return this
     * @throws IllegalArgumentException if another provisioner of the run has the same name
     */
    public B on(String name, Provisioner provisioner) {
        return on(Source.of(provisioner).withName(name));
    }

    /**
     * Adds a provisioner of systems, with a preference or a limit.
     *
     * @param source the provisioner and its terms
     * @return this
     * @throws IllegalArgumentException if another provisioner of the run has the same name
     */
    public B on(Source source) {
        NamedProvisioner added = NamedProvisioner.of(source, provisioners.size() + 1);
        if (provisioners.stream().anyMatch(other -> other.name().equals(added.name()))) {
            throw new IllegalArgumentException("two provisioners of the run are named " + added.name()
                    + ": use unique names in on(name, provisioner)");
        }
        provisioners.add(added);
        return self();
    }

    /**
     * Adds rules for the tests of a group.
     *
     * @param group the rules
     * @return this
     * @throws IllegalArgumentException if the group already has rules
     */
    public B group(TestGroup group) {
        if (groups.stream().anyMatch(other -> other.name().equals(group.name()))) {
            throw new IllegalArgumentException("the group " + group.name() + " has rules already");
        }
        groups.add(group);
        return self();
    }

    /**
     * Adds failures that are known, and do not make the run fail until a date. The tests still run.
     *
     * @param failures the rules; of several for a test, the first one counts that has not expired
     * @return this
     */
    public B known(KnownFailure... failures) {
        known.addAll(List.of(failures));
        return self();
    }

    /**
     * Lets only new failures count: a test that also failed in an earlier run does not make this run fail. It still runs,
     * and its failure is recorded and shown as a {@linkplain KnownFailure known} one. The problems of the run tell which
     * failures are new, and which tests pass again.
     *
     * {@snippet :
     * Optional<PastRun> main = PastRun.latest(Path.of("runs-of-main"));
     * main.ifPresent(builder::baseline);
     * }
     *
     * <p>A test without a result in the earlier run, because its system was lost for example, counts if it fails.
     *
     * @param earlier the earlier run
     * @return this
     */
    public B baseline(PastRun earlier) {
        this.baseline = KnownFailures.Baseline.of(earlier);
        return self();
    }

    /**
     * Sets the factory of the executors that run tests.
     *
     * @param executors opens an executor on each system
     * @return this
     */
    public B with(Executor.Factory executors) {
        this.factory = executors;
        return self();
    }

    /**
     * Adds an aggregator that stores the results.
     *
     * @param aggregator the aggregator; the caller must close it after the run
     * @return this
     */
    public B into(Aggregator aggregator) {
        return into(Sink.of(aggregator));
    }

    /**
     * Adds an aggregator that stores the results, with a name, a number of tries, or as optional.
     *
     * @param sink the aggregator and its terms
     * @return this
     * @throws IllegalArgumentException if another aggregator of the run has the same name
     */
    public B into(Sink sink) {
        if (sink.name != null && sinks.stream().anyMatch(other -> sink.name.equals(other.name))) {
            throw new IllegalArgumentException(
                    "two aggregators of the run are named " + sink.name + ": use unique names in Sink.withName(name)");
        }
        sinks.add(sink);
        return self();
    }

    /**
     * Sets the platform of all results. Without it, the platform of a result is the name of the provisioner of its
     * system, see {@link #on(String, Provisioner)}. The results of tests that never ran, and of systems from a
     * provisioner without a name, then have the platform {@code default}, or the name of the only provisioner.
     *
     * @param name the platform, such as {@code rhel-9 x86_64}
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
     * Sets how long tests wait while there is no system at all, before they are given up.
     *
     * @param limit the maximum; default: 1 h
     * @return this
     */
    public B systemWithin(Duration limit) {
        this.systemWithin = Arguments.positive(limit, "systemWithin");
        return self();
    }

    /**
     * Sets how long provisioners may fail without a success before the tests that wait for their systems are given up.
     * Until then, systems are requested again at growing intervals. A run in which a test runs or another provisioner
     * works is not ended by this.
     *
     * @param limit the maximum; default: 1 min
     * @return this
     */
    public B giveUpAfter(Duration limit) {
        this.giveUpAfter = Arguments.positive(limit, "giveUpAfter");
        return self();
    }

    /**
     * Sets how long the run waits for disk space for artifacts on this machine. No test starts meanwhile; attempts
     * that failed for lack of space run again.
     *
     * @param limit the maximum; default: 10 min
     * @return this
     */
    public B diskSpaceWithin(Duration limit) {
        this.diskSpaceWithin = Arguments.positive(limit, "diskSpaceWithin");
        return self();
    }

    /**
     * Sets the time limits for calls of user code.
     *
     * @param values the limits; default: {@link Limits#defaults()}
     * @return this
     */
    public B limits(Limits values) {
        this.limits = values;
        return self();
    }

    /**
     * Sets the number of last output lines in the events of a test that did not pass.
     *
     * @param count the number, at least 0; default: 8
     * @return this
     */
    public B lastLines(int count) {
        this.lastLines = Arguments.atLeast(0, count, "lastLines");
        return self();
    }

    /**
     * Allows a run without tests. By default it is refused, because a filter that matches nothing is usually a
     * mistake.
     *
     * @return this
     */
    public B allowEmpty() {
        this.mayBeEmpty = true;
        return self();
    }

    /**
     * Sets the directory for the results of tests until they are stored, see {@link org.atex.artifacts.Spool}. Storing
     * is fast if it is on the same file system as the final results.
     *
     * @param directory the directory, created if missing; default: a temporary directory
     * @return this
     */
    public B workDirectory(Path directory) {
        this.workDirectory = directory;
        return self();
    }

    /**
     * Keeps the run in a directory, also after its results are stored: its journal, its log, and the artifacts of each
     * attempt, for {@link org.atex.artifacts.PastRun}. The directory is also the
     * {@linkplain #workDirectory work directory}. Old runs are not deleted. What cannot be kept is logged, and does not make
     * the run fail.
     *
     * @param runs the directory, created if missing, which other runs may use, too
     * @return this
     */
    public B keep(Path runs) {
        return keep(runs, Retention.all());
    }

    /**
     * Keeps the run in a directory, and deletes old ones when the run ends, see
     * {@link org.atex.artifacts.PastRun#prune}. Runs that go on, and runs with results that are not stored yet, stay.
     *
     * @param runs the directory, created if missing, which other runs may use, too
     * @param what which runs stay, including this one, and what of this one
     * @return this
     * @throws IllegalArgumentException if no run stays
     * @see #keep(Path)
     */
    public B keep(Path runs, Retention what) {
        Arguments.atLeast(1, what.newest(), "the number of kept runs");
        this.retention = what;
        return workDirectory(runs);
    }

    /**
     * Goes on with the run that started last in the directory of {@link #keep}, if its program was killed; otherwise, this
     * is a new run. Tests that have ended do not run again, and their results are in the summary. Tests that ran when the
     * program was killed run again as further attempts, with the cause {@link org.atex.api.AttemptCause#RESUMED}. Results
     * that were not stored yet are stored. Fixtures that were started are finished, see
     * {@link org.atex.api.Fixture#finishLeft()}.
     *
     * <p>The tests, the platform and the names of the aggregators should be the same. Aggregators must continue their
     * files, as {@code JsonLinesOptions.withResume()} does. A run that another program still runs is left alone.
     *
     * @return this
     */
    public B resume() {
        this.resumes = true;
        return self();
    }

    /**
     * Adds the label {@code packages} to each system, with the number of its packages and a hash of their names and
     * versions: systems with the same value have the same packages. Reports show the labels of systems. One command reads
     * the packages of dpkg and rpm when a system is prepared; without them, or without bash, there is no label.
     *
     * @return this
     */
    public B recordPackages() {
        recordsPackages = true;
        return self();
    }

    /**
     * Uses the history of earlier runs, and adds the attempts of this run to it when the run ends. A test that declares no
     * expected duration gets its own from the history: for the order, for the limit of the run, for reservations, and
     * for {@linkplain AdHocOrchestrator.Builder#forecast forecasts}. A history that cannot be read or written is reported
     * as a problem, and does not make the run fail.
     *
     * @param file the file, created if missing, which other programs may use at the same time
     * @return this
     * @see org.atex.artifacts.History
     */
    public B history(Path file) {
        this.history = Objects.requireNonNull(file);
        return self();
    }

    /**
     * Ends a test that takes three times as long as 99 % of its earlier attempts, so that a test that hangs is found
     * early. Concerns tests with at least five attempts in the {@linkplain #history history} that passed. A limit that a test
     * declares is lowered by this, and never raised. The note of a test that exceeds such a limit says where it comes
     * from. As that attempt counts as well, a test that has become slower gets more time in the next run.
     *
     * @param floor the lowest limit, for tests that take seconds
     * @return this
     */
    public B adaptiveLimits(Duration floor) {
        this.limitFloor = Arguments.positive(floor, "the lowest of the adaptive limits");
        return self();
    }

    /**
     * Runs only a part of the tests, as one of several jobs that share them. The tests of other shards are not part of the
     * run. A shard may have no test, if there are fewer tests than shards.
     *
     * @param number the number of this job, from 1 to the number of jobs
     * @param count the number of jobs
     * @return this
     * @throws IllegalArgumentException if there is no such shard
     * @see Shard
     */
    public B shard(int number, int count) {
        return shard(Shard.of(number, count));
    }

    /**
     * Runs only a part of the tests, as one of several jobs that share them.
     *
     * @param part the part
     * @return this
     * @see #shard(int, int)
     */
    public B shard(Shard part) {
        this.shard = Objects.requireNonNull(part);
        return self();
    }

    /**
     * Adds a fixture, which tests use by its name, see {@link org.atex.api.TestCase#fixtures()}.
     *
     * @param fixture the fixture; its methods must be thread-safe
     * @return this
     */
    public B fixture(Fixture<?> fixture) {
        fixtures.add(Objects.requireNonNull(fixture, "fixture"));
        return self();
    }

    /**
     * Builds the orchestrator.
     *
     * @return an orchestrator that is ready to run
     * @throws IllegalArgumentException if a required part is missing, or options contradict each other
     */
    public abstract Orchestrator build();

    /**
     * {@return the complete and validated plan of a run}
     *
     * @param order the order of the tests
     * @param hook the preparation of each system
     * @param rules the rules of the schedule
     * @param refusing whether to refuse a test that needs labels that no provisioner offers
     * @param maxSlots the maximum number of slots used of a system
     */
    RunPlan plan(TestOrder order, SystemHook hook, RunRules rules, boolean refusing, int maxSlots) {
        if (factory == null || (sinks.isEmpty() && retention == null) || provisioners.isEmpty()) {
            throw new IllegalArgumentException("a run needs a provisioner, an executor factory and an aggregator:"
                    + " call on(provisioner), with(executors) and into(aggregator), or keep(directory)");
        }
        if (resumes && retention == null) {
            throw new IllegalArgumentException(
                    "resume() needs the directory of the run that is to go on: call keep(directory)");
        }
        if (tests.isEmpty() && !mayBeEmpty) {
            throw new IllegalArgumentException(
                    "there is no test to run: check the filter, or call allowEmpty() to allow a"
                            + " run without tests");
        }
        if (limitFloor != null && history == null) {
            throw new IllegalArgumentException(
                    "adaptiveLimits(…) needs the durations of earlier runs: call history(file), too");
        }
        List<FactsReader.Facts> read = FactsReader.read(tests, limits.call());
        refuseDuplicates(read);
        List<String> notes = new ArrayList<>();
        // Labels and the order are user code as well, and may hang before the run begins.
        try (Guard guard = new Guard(limits.grace(), (what, limit) -> {})) {
            RunHistory known = RunHistory.read(history, guard, limits.call(), notes);
            List<FactsReader.Facts> facts = ofShard(read, known, notes).stream()
                    .map(test -> known.complete(test, limitFloor))
                    .toList();
            Set<String> elsewhere =
                    read.stream().map(test -> test.facts().name()).collect(Collectors.toSet());
            facts.forEach(test -> elsewhere.remove(test.facts().name()));
            List<Map<String, String>> offers = offers(guard, notes);
            notes.addAll(warnings(guard, factory));
            if (refusing) {
                facts.forEach(test -> refuseUnfit(
                        "the test " + test.facts().name(), test.facts().needs(), offers));
            }
            Planner planner = new Planner(facts, order, groupsWithout(elsewhere, read), fixtures(guard));
            List<PlannedTest> planned = inGivenOrder(facts, inOrder(guard, planner));
            planner.connect(planned);
            notes.addAll(planner.notes());
            if (refusing) {
                planned.stream()
                        .map(test -> test.kind.demand().bond())
                        .filter(Objects::nonNull)
                        .distinct()
                        .forEach(group -> refuseUnfit("the group " + group.name(), group.needs, offers));
                planned.stream()
                        .filter(test -> test.gang != null)
                        .flatMap(test -> test.gang.members.stream())
                        .forEach(member -> refuseUnfit("the test " + member.name(), member.facts.needs(), offers));
            }
            planned.forEach(test -> refuseTooMany(test, rules.maxSystems(), offers));
            Map<PlannedTest, String> unreadable = new LinkedHashMap<>();
            for (int i = 0; i < planned.size(); i++) {
                if (!facts.get(i).problem().isEmpty()) {
                    unreadable.put(planned.get(i), facts.get(i).problem());
                }
            }
            return new RunPlan(
                    planned,
                    elsewhere,
                    unreadable,
                    List.copyOf(provisioners),
                    offers,
                    notes,
                    hook,
                    recordsPackages,
                    factory,
                    NamedSink.of(sinks.isEmpty() ? List.of(Sink.of(new NoReport())) : sinks, guard, limits.call()),
                    Platforms.of(platform, provisioners),
                    List.copyOf(listeners),
                    workDirectory,
                    retention,
                    resumes,
                    rules,
                    limits,
                    maxSlots,
                    wall,
                    known,
                    lastLines);
        }
    }

    private List<FactsReader.Facts> ofShard(List<FactsReader.Facts> all, RunHistory known, List<String> notes) {
        if (shard == null) {
            return all;
        }
        Shard.Split split =
                shard.split(all.stream().map(FactsReader.Facts::facts).toList(), known.before());
        notes.add("shard " + shard + " has " + split.names().size() + " of " + all.size() + " tests, split "
                + split.id() + ": all shards must report the same split, else their tests or histories differ");
        return all.stream()
                .filter(test -> split.names().contains(test.facts().name()))
                .toList();
    }

    /** Leaves out the rules of groups whose tests are all in other shards. */
    private List<TestGroup> groupsWithout(Set<String> elsewhere, List<FactsReader.Facts> all) {
        Set<String> others = all.stream()
                .filter(test -> elsewhere.contains(test.facts().name()))
                .map(test -> Objects.requireNonNullElse(test.facts().group(), ""))
                .collect(Collectors.toSet());
        return groups.stream().filter(group -> !others.contains(group.name())).toList();
    }

    /** {@return the fixtures by name} */
    private Map<String, PlannedFixture> fixtures(Guard guard) {
        Guard.Result<Map<String, PlannedFixture>> result = guard.call(
                Guard.Phase.WORK,
                "the properties of the fixtures",
                limits.call(),
                () -> PlannedFixture.read(fixtures),
                late -> {});
        return switch (result) {
            case Guard.Result.Done<Map<String, PlannedFixture>>(Map<String, PlannedFixture> read) -> read;
            case Guard.Result.Threw<Map<String, PlannedFixture>> threw
            when threw.cause() instanceof IllegalArgumentException refused -> throw refused;
            default ->
                throw new IllegalArgumentException(
                        "the properties of the fixtures cannot be read: " + result.problem());
        };
    }

    /** {@return rules with the options that are common to all runs} */
    RunRules rules(RerunPolicy reruns, DestructionPolicy destruction, int maxSystems, int spares) {
        return new RunRules(
                reruns,
                destruction,
                maxSystems,
                spares,
                DEFAULT_WINDOW,
                Integer.MAX_VALUE,
                Stop.CANCEL,
                systemWithin,
                giveUpAfter,
                diskSpaceWithin,
                null,
                RunRules.Holds.NONE,
                Duration.ZERO,
                new KnownFailures(known, LocalDate.ofInstant(wall.instant(), ZoneId.systemDefault()), baseline),
                null,
                null);
    }

    /** Refuses a test that needs more systems at once than there may be. */
    private void refuseTooMany(PlannedTest test, int maxSystems, List<Map<String, String>> offers) {
        if (test.gang == null) {
            return;
        }
        List<PlannedTest> members = test.gang.members;
        for (PlannedTest member : members) {
            Set<Need> needs = member.facts.needs();
            long ofSources = 0;
            for (int i = 0; i < offers.size(); i++) {
                Map<String, String> labels = offers.get(i);
                ofSources += Needs.mayBeMet(needs, labels) ? provisioners.get(i).maxSystems() : 0;
            }
            long alike = members.stream()
                    .filter(other -> other.facts.needs().containsAll(needs))
                    .count();
            if (alike > ofSources) {
                throw new IllegalArgumentException("the test " + test.name() + " needs " + alike + " systems at once"
                        + (needs.isEmpty() ? "" : " with " + needs) + ", but the provisioners may have at most "
                        + ofSources + " (Source.withMaxSystems)");
            }
        }
        long ofAll =
                provisioners.stream().mapToLong(NamedProvisioner::maxSystems).sum();
        if (members.size() > ofAll) {
            throw new IllegalArgumentException("the test " + test.name() + " needs " + members.size()
                    + " systems at once, but the provisioners may have at most " + ofAll + " (Source.withMaxSystems)");
        }
        if (members.size() > maxSystems) {
            throw new IllegalArgumentException("the test " + test.name() + " needs " + members.size()
                    + " systems at once, but the run may have at most " + maxSystems + " (maxSystems)");
        }
    }

    private static void refuseDuplicates(List<FactsReader.Facts> facts) {
        Set<String> names = new HashSet<>();
        for (FactsReader.Facts test : facts) {
            if (!names.add(test.facts().name())) {
                throw new IllegalArgumentException("the test " + test.facts().name()
                        + " is listed twice: give each test a unique name, or remove one of them");
            }
        }
    }

    private List<Map<String, String>> offers(Guard guard, List<String> notes) {
        List<Map<String, String>> offers = new ArrayList<>();
        for (int i = 0; i < provisioners.size(); i++) {
            NamedProvisioner named = provisioners.get(i);
            Guard.Result<Map<String, String>> result = guard.call(
                    Guard.Phase.WORK,
                    "the labels of " + named.name(),
                    limits.call(),
                    () -> Map.copyOf(named.provisioner().labels()),
                    late -> {});
            if (result instanceof Guard.Result.Done<Map<String, String>>(Map<String, String> known)) {
                offers.add(known);
            } else {
                offers.add(Map.of());
                notes.add(named.name() + " failed to return its labels: " + result.problem());
            }
        }
        return offers;
    }

    private List<String> warnings(Guard guard, Executor.Factory executors) {
        Guard.Result<List<String>> result = guard.call(
                Guard.Phase.WORK,
                "the warnings of the executors",
                limits.call(),
                () -> List.copyOf(executors.warnings()),
                late -> {});
        return result instanceof Guard.Result.Done<List<String>>(List<String> known)
                ? known
                : List.of("the executors failed to return their warnings: " + result.problem());
    }

    private static void refuseUnfit(String what, Set<Need> needs, List<Map<String, String>> offers) {
        for (Need need : needs) {
            if (offers.stream().allMatch(need::isRuledOutBy)) {
                throw new IllegalArgumentException(what + " needs a system with " + need
                        + ", but no provisioner offers that; the labels of the provisioners are " + offers);
            }
        }
        if (offers.stream().noneMatch(labels -> Needs.mayBeMet(needs, labels))) {
            throw new IllegalArgumentException(what + " needs a system "
                    + (needs.isEmpty() ? "that is not reserved" : "with all of " + needs)
                    + ", but no provisioner offers that; the labels of the provisioners are " + offers);
        }
    }

    /** Sorts the tests once, before the run, so that an order that throws or hangs fails the build of the run. */
    private List<PlannedTest> inOrder(Guard guard, Planner planner) {
        Guard.Result<List<PlannedTest>> sorted =
                guard.call(Guard.Phase.WORK, "the order of the tests", limits.call(), planner::inOrder, late -> {});
        if (sorted instanceof Guard.Result.Done<List<PlannedTest>>(List<PlannedTest> tests)) {
            return tests;
        }
        Throwable cause = sorted instanceof Guard.Result.Threw<List<PlannedTest>>(Throwable thrown, String message)
                ? thrown
                : null;
        throw new IllegalArgumentException("the order of the tests failed: " + sorted.problem(), cause);
    }

    private static List<PlannedTest> inGivenOrder(List<FactsReader.Facts> facts, List<PlannedTest> planned) {
        Map<String, PlannedTest> byName =
                planned.stream().collect(Collectors.toMap(PlannedTest::name, Function.identity()));
        return facts.stream()
                .map(test -> Objects.requireNonNull(byName.get(test.facts().name())))
                .toList();
    }
}
