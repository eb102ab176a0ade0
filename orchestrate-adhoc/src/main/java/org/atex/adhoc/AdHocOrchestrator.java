package org.atex.adhoc;

import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Orchestrator;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.SystemHook;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;

/**
 * Runs tests on a pool of systems. Systems come up in parallel; the first test starts when the first system is ready; a
 * place that gets free takes the next test at once. Results are stored beside the tests, as each one ends.
 *
 * <p>See {@link Orchestrator} for lifecycle and thread safety.
 */
public final class AdHocOrchestrator implements Orchestrator {
    private final Pool pool;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CountDownLatch over = new CountDownLatch(1);

    AdHocOrchestrator(RunPlan plan) {
        this.pool = new Pool(plan);
    }

    /**
     * {@return a builder of a run of these tests}
     *
     * @param tests what to run; each name once
     */
    public static Builder builder(Collection<? extends TestCase> tests) {
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
    public static final class Builder extends RunBuilder<Builder> {
        private SystemHook hook = unused -> {};
        private TestOrder order = TestOrder.priority().then(TestOrder.longestFirst());
        private RerunPolicy reruns = RerunPolicy.never();
        private DestructionPolicy destruction = DestructionPolicy.declared();
        private int maxSystems = Integer.MAX_VALUE;
        private int spares;
        private int maxFailedSystems = DEFAULT_WINDOW;
        private int maxFailures = Integer.MAX_VALUE;
        private @Nullable Duration runWithin;

        private Builder(Collection<? extends TestCase> tests) {
            super(tests);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets what is done with each system before its executor is opened.
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
         * Sets how many of the latest systems of a provisioner are looked at: when eight of ten failed, it is asked for one
         * system at a time, at growing intervals, until one works.
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
         * Makes the orchestrator.
         *
         * @return ready to run
         * @throws IllegalArgumentException if something is missing, there is no test, a test's name is there twice, or a
         *     test needs what no provisioner offers
         */
        @Override
        public AdHocOrchestrator build() {
            Schedule.Rules common = rules(reruns, destruction, maxSystems, spares);
            Schedule.Rules rules = common.with(maxFailedSystems, maxFailures, runWithin);
            return new AdHocOrchestrator(plan(order, hook, rules, true, Integer.MAX_VALUE));
        }
    }
}
