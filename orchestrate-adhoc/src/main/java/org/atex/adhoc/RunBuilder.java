package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Orchestrator;
import org.atex.api.Provisioner;
import org.atex.api.RunListener;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;

/**
 * Collects what every run needs. A provisioner, an executor factory and an aggregator must be given. Not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class RunBuilder<B extends RunBuilder<B>>
        permits AdHocOrchestrator.Builder, SequentialOrchestrator.Builder {
    /**
     * What was collected.
     *
     * @param tests what is run
     * @param provisioners where systems come from
     * @param factory what runs tests on them
     * @param aggregator where results go
     * @param platform what the tests run on, in the user's words
     * @param listeners who is told
     * @param systemWithin how long to wait without any system
     * @param workDirectory where artifacts wait to be ingested, or null for a temporary place
     */
    record Parts(
            List<TestCase> tests,
            List<Provisioner> provisioners,
            Executor.Factory factory,
            Aggregator aggregator,
            String platform,
            List<RunListener> listeners,
            Duration systemWithin,
            @Nullable Path workDirectory) {}

    private final List<TestCase> tests;
    private final List<Provisioner> provisioners = new ArrayList<>();
    private final List<RunListener> listeners = new ArrayList<>();
    private Executor.@Nullable Factory factory;
    private @Nullable Aggregator aggregator;
    private String platform = "default";
    private Duration systemWithin = Duration.ofHours(1);
    private @Nullable Path workDirectory;

    RunBuilder(Collection<? extends TestCase> tests) {
        this.tests = List.copyOf(tests);
    }

    abstract B self();

    /**
     * Adds a place where systems come from.
     *
     * @param provisioner stays the caller's to close
     * @return this
     */
    public B on(Provisioner provisioner) {
        provisioners.add(Objects.requireNonNull(provisioner));
        return self();
    }

    /**
     * Sets what runs the tests on each system.
     *
     * @param executors makes an executor for each place
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
     * Sets what the results say that the tests ran on.
     *
     * @param name such as {@code rhel-9 x86_64}; {@code default} unless it is set
     * @return this
     */
    public B platform(String name) {
        this.platform = name;
        return self();
    }

    /**
     * Adds somebody who is told what happens.
     *
     * @param listener is told of each event
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

    /** {@return what was collected, which is complete and has each test once} */
    Parts parts() {
        if (factory == null || aggregator == null || provisioners.isEmpty()) {
            throw new IllegalArgumentException("a run needs systems, something that runs tests on them, and a place"
                    + " for results: on(provisioner), with(executors) and into(aggregator)");
        }
        refuseDuplicates();
        return new Parts(
                tests,
                List.copyOf(provisioners),
                factory,
                aggregator,
                platform,
                List.copyOf(listeners),
                systemWithin,
                workDirectory);
    }

    private void refuseDuplicates() {
        Set<String> names = new HashSet<>();
        for (TestCase test : tests) {
            if (!names.add(test.name())) {
                throw new IllegalArgumentException(
                        "the test " + test.name() + " is there twice: give each its own name, or drop one of them");
            }
        }
    }

    static Duration positive(Duration value, String what) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(what + " must be a time to wait, and not " + value);
        }
        return value;
    }
}
