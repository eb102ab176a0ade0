package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Need;
import org.atex.api.Orchestrator;
import org.atex.api.Provisioner;
import org.atex.api.RunListener;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;

/**
 * Runs tests on a pool of systems. Systems come up in parallel; the first test starts when the first system is ready; a
 * place that gets free takes the next test at once. Results are stored beside the tests, as each one ends.
 *
 * <p>See {@link Orchestrator} for lifecycle and thread safety.
 */
public final class AdHocOrchestrator implements Orchestrator {
    /**
     * Everything that a run needs to know.
     *
     * @param tests what is run
     * @param provisioners where systems come from
     * @param factory what runs tests on them
     * @param aggregator where results go
     * @param platform what the tests run on, in the user's words
     * @param listeners who is told
     * @param hook what is done with each system first
     * @param rules the schedule's
     * @param systemWithin how long to wait without any system
     * @param runWithin how long the run may take, or null
     * @param workDirectory where artifacts wait to be ingested, or null for a temporary place
     */
    record Plan(
            List<TestCase> tests,
            List<Provisioner> provisioners,
            Executor.Factory factory,
            Aggregator aggregator,
            String platform,
            List<RunListener> listeners,
            SystemHook hook,
            Schedule.Rules rules,
            Duration systemWithin,
            @Nullable Duration runWithin,
            @Nullable Path workDirectory) {}

    private final Pool pool;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CountDownLatch over = new CountDownLatch(1);

    private AdHocOrchestrator(Plan plan) {
        this.pool = new Pool(plan);
    }

    /**
     * {@return a builder of a run of these tests}
     *
     * @param tests what to run; each name once
     */
    public static Builder of(Collection<? extends TestCase> tests) {
        return new Builder(tests);
    }

    @Override
    public RunSummary run() throws InterruptedException {
        if (!begun.compareAndSet(false, true)) {
            throw new IllegalStateException("a run cannot be begun twice, nor after it was closed: build another one");
        }
        try {
            return pool.run();
        } finally {
            over.countDown();
        }
    }

    @Override
    public void stop(Stop how) {
        pool.stop(how, "stopped by the user");
    }

    /**
     * Stops the run with a reason of the caller's, which the results of the tests concerned then give.
     *
     * @param how how much of a hurry there is
     * @param why the reason, for people
     */
    public void stop(Stop how, String why) {
        pool.stop(how, why);
    }

    @Override
    public void close() {
        if (begun.compareAndSet(false, true)) {
            pool.discard();
            over.countDown();
            return;
        }
        pool.stop(Stop.CANCEL, "the orchestrator was closed");
        if (pool.isListening()) {
            // A listener cannot wait for the end that it would itself be told of.
            return;
        }
        boolean interrupted = false;
        while (true) {
            try {
                over.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
                pool.stop(Stop.NOW, "the orchestrator was closed");
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Collects what a run needs. Provisioners, an executor factory and an aggregator must be given. Not thread-safe. */
    public static final class Builder {
        private final List<TestCase> tests;
        private final List<Provisioner> provisioners = new ArrayList<>();
        private final List<RunListener> listeners = new ArrayList<>();
        private Executor.@Nullable Factory factory;
        private @Nullable Aggregator aggregator;
        private String platform = "default";
        private SystemHook hook = unused -> {};
        private TestOrder order = TestOrder.priority().then(TestOrder.longestFirst());
        private RerunPolicy reruns = RerunPolicy.never();
        private DestructionPolicy destruction = DestructionPolicy.declared();
        private int maxSystems = Integer.MAX_VALUE;
        private int spares;
        private int maxFailedSystems = 10;
        private int maxFailures = Integer.MAX_VALUE;
        private Duration systemWithin = Duration.ofHours(1);
        private @Nullable Duration runWithin;
        private @Nullable Path workDirectory;

        private Builder(Collection<? extends TestCase> tests) {
            this.tests = List.copyOf(tests);
        }

        /**
         * Adds a place where systems come from.
         *
         * @param provisioner stays the caller's to close
         * @return this
         */
        public Builder on(Provisioner provisioner) {
            provisioners.add(Objects.requireNonNull(provisioner));
            return this;
        }

        /**
         * Sets what runs the tests on each system.
         *
         * @param executors makes an executor for each place
         * @return this
         */
        public Builder with(Executor.Factory executors) {
            this.factory = executors;
            return this;
        }

        /**
         * Sets where results go.
         *
         * @param sink stays the caller's to close
         * @return this
         */
        public Builder into(Aggregator sink) {
            this.aggregator = sink;
            return this;
        }

        /**
         * Sets what the results say that the tests ran on.
         *
         * @param name such as {@code rhel-9 x86_64}; {@code default} unless it is set
         * @return this
         */
        public Builder platform(String name) {
            this.platform = name;
            return this;
        }

        /**
         * Adds somebody who is told what happens.
         *
         * @param listener is told of each event
         * @return this
         */
        public Builder listener(RunListener listener) {
            listeners.add(Objects.requireNonNull(listener));
            return this;
        }

        /**
         * Sets what is done with each system before its executors are opened.
         *
         * @param prepare nothing unless it is set
         * @return this
         */
        public Builder setup(SystemHook prepare) {
            this.hook = prepare;
            return this;
        }

        /**
         * Sets which waiting test goes first.
         *
         * @param first by priority, then the longest, unless it is set
         * @return this
         */
        public Builder order(TestOrder first) {
            this.order = first;
            return this;
        }

        /**
         * Sets which tests are run again.
         *
         * @param again none unless it is set
         * @return this
         */
        public Builder reruns(RerunPolicy again) {
            this.reruns = again;
            return this;
        }

        /**
         * Sets after which tests a system is reset or replaced.
         *
         * @param spent only after those that say so themselves, unless it is set
         * @return this
         */
        public Builder destruction(DestructionPolicy spent) {
            this.destruction = spent;
            return this;
        }

        /**
         * Sets how many systems there may be at once, those being made ready or given back included.
         *
         * @param count as many as there are tests that can use one, unless it is set
         * @return this
         */
        public Builder maxSystems(int count) {
            this.maxSystems = atLeast(1, count, "maxSystems");
            return this;
        }

        /**
         * Sets how many idle systems are kept while tests that may be run again still run.
         *
         * @param count none unless it is set
         * @return this
         */
        public Builder spares(int count) {
            this.spares = atLeast(0, count, "spares");
            return this;
        }

        /**
         * Sets how many systems of a provisioner may fail in a row before it is asked for no more.
         *
         * @param count 10 unless it is set
         * @return this
         */
        public Builder maxFailedSystems(int count) {
            this.maxFailedSystems = atLeast(1, count, "maxFailedSystems");
            return this;
        }

        /**
         * Sets how many tests may fail before the run is cancelled.
         *
         * @param count any number unless it is set
         * @return this
         */
        public Builder maxFailures(int count) {
            this.maxFailures = atLeast(1, count, "maxFailures");
            return this;
        }

        /**
         * Sets how long the run waits while tests wait and there is no system at all.
         *
         * @param limit an hour unless it is set
         * @return this
         */
        public Builder systemWithin(Duration limit) {
            this.systemWithin = positive(limit, "systemWithin");
            return this;
        }

        /**
         * Sets how long the run may take before it is cancelled.
         *
         * @param limit any time unless it is set
         * @return this
         */
        public Builder runWithin(Duration limit) {
            this.runWithin = positive(limit, "runWithin");
            return this;
        }

        /**
         * Sets where artifacts are until they are stored. On the file system of the results, storing them is cheap.
         *
         * @param directory made if missing; a temporary one unless it is set
         * @return this
         */
        public Builder workDirectory(Path directory) {
            this.workDirectory = directory;
            return this;
        }

        /**
         * Makes the orchestrator.
         *
         * @return ready to run
         * @throws IllegalArgumentException if something is missing, a test's name is there twice, or a test needs what no
         *     provisioner offers
         */
        public AdHocOrchestrator build() {
            if (factory == null || aggregator == null || provisioners.isEmpty()) {
                throw new IllegalArgumentException("a run needs systems, something that runs tests on them, and a place"
                        + " for results: on(provisioner), with(executors) and into(aggregator)");
            }
            refuseDuplicates();
            tests.forEach(this::refuseUnfit);
            Schedule.Rules rules =
                    new Schedule.Rules(order, reruns, destruction, maxSystems, spares, maxFailedSystems, maxFailures);
            return new AdHocOrchestrator(new Plan(
                    tests,
                    List.copyOf(provisioners),
                    factory,
                    aggregator,
                    platform,
                    List.copyOf(listeners),
                    hook,
                    rules,
                    systemWithin,
                    runWithin,
                    workDirectory));
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

        private void refuseUnfit(TestCase test) {
            for (Need need : test.needs()) {
                if (provisioners.stream().allMatch(provisioner -> need.isRuledOutBy(provisioner.offers()))) {
                    throw new IllegalArgumentException("the test " + test.name() + " needs a system with " + need
                            + ", which no provisioner offers: "
                            + provisioners.stream().map(Provisioner::offers).toList());
                }
            }
        }

        private static int atLeast(int least, int value, String what) {
            if (value < least) {
                throw new IllegalArgumentException(what + " must be at least " + least + ", and not " + value);
            }
            return value;
        }

        private static Duration positive(Duration value, String what) {
            if (value.isZero() || value.isNegative()) {
                throw new IllegalArgumentException(what + " must be a time to wait, and not " + value);
            }
            return value;
        }
    }
}
