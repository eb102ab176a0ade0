package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Orchestrator;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.SystemHook;
import org.atex.api.TestCase;
import org.atex.support.Arguments;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Runs tests on a pool of systems. Systems are provisioned in parallel; the first test starts when the first system is
 * ready, and each free slot takes the next test immediately. Results are stored while other tests run, as soon as each
 * test ends.
 *
 * <p>See {@link Orchestrator} for lifecycle and thread safety.
 */
public final class AdHocOrchestrator implements Orchestrator {
    private final Pool pool;
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile boolean running;
    private final CountDownLatch over = new CountDownLatch(1);

    AdHocOrchestrator(RunPlan plan) {
        this.pool = new Pool(plan);
    }

    /**
     * {@return a builder of a run of these tests}
     *
     * @param tests the tests to run; names must be unique
     */
    public static Builder builder(Collection<? extends TestCase> tests) {
        return new Builder(tests);
    }

    @Override
    public RunSummary run() throws InterruptedException {
        if (!begun.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "the orchestrator has already run or was closed: build a new one for another run");
        }
        running = true;
        try {
            return pool.run();
        } finally {
            running = false;
            over.countDown();
        }
    }

    @Override
    public void stop(Stop how) {
        pool.stop(how, "stopped by the user");
    }

    /**
     * Stops the run and records a reason in the results of the tests that are cancelled or not run.
     *
     * @param how how fast the run ends
     * @param why the reason, in plain text
     */
    public void stop(Stop how, String why) {
        pool.stop(how, why);
    }

    /**
     * {@return for each test that waits, why it does not run now, in the order of the run} For example: "for the lock
     * database, which /backup holds". Tests that are to run again are included. Empty before and after the run. Safe for
     * use from any thread; blocks for a moment.
     *
     * @throws InterruptedException if interrupted
     */
    public Map<String, String> whyWaiting() throws InterruptedException {
        return running ? pool.whyWaiting() : Map.of();
    }

    @Override
    public void close() {
        if (begun.compareAndSet(false, true)) {
            over.countDown();
            return;
        }
        pool.stop(Stop.CANCEL, "the orchestrator was closed");
        if (pool.isListening()) {
            // close() was called by a listener. The run ends only after its listeners have returned: waiting here
            // would deadlock.
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

    /**
     * Configures a run. At least one provisioner, an executor factory and an aggregator are required. Not thread-safe.
     */
    public static final class Builder extends RunBuilder<Builder> {
        private SystemHook hook = unused -> {};
        private TestOrder order = Policies.DEFAULT_ORDER;
        private RerunPolicy reruns = RerunPolicy.never();
        private DestructionPolicy destruction = DestructionPolicy.declared();
        private int maxSystems = Integer.MAX_VALUE;
        private int spares;
        private int failureWindow = DEFAULT_WINDOW;
        private int maxFailures = Integer.MAX_VALUE;
        private Stop onMaxFailures = Stop.CANCEL;
        private RunRules.Holds holds = RunRules.Holds.NONE;
        private Duration rampUp = Duration.ZERO;
        private @Nullable Duration runWithin;
        private RunRules.@Nullable Stall stall;
        private @Nullable NextTest next;

        private Builder(Collection<? extends TestCase> tests) {
            super(tests);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets a hook that prepares each system before its executor is opened.
         *
         * @param prepare the hook; default: no preparation
         * @return this
         */
        public Builder setup(SystemHook prepare) {
            this.hook = prepare;
            return this;
        }

        /**
         * Sets the order in which waiting tests start. With the default order, of tests with the same priority those
         * start first on a system that can run on the fewest systems.
         *
         * @param first the order; default: by priority, then tests that must run alone, then the longest first
         * @return this
         */
        public Builder order(TestOrder first) {
            this.order = first;
            return this;
        }

        /**
         * Sets a policy that chooses the next test for each free slot.
         *
         * @param chooser the policy; default: the first test in the order that can start
         * @return this
         */
        public Builder next(NextTest chooser) {
            this.next = chooser;
            return this;
        }

        /**
         * Sets the policy that decides which tests are run again.
         *
         * @param again the policy; default: no reruns
         * @return this
         */
        public Builder reruns(RerunPolicy again) {
            this.reruns = again;
            return this;
        }

        /**
         * Sets the policy that decides after which tests a system is reset or replaced.
         *
         * @param spent the policy; default: only after tests that are declared destructive
         * @return this
         */
        public Builder destruction(DestructionPolicy spent) {
            this.destruction = spent;
            return this;
        }

        /**
         * Sets the maximum number of systems at a time, including systems in preparation and systems being released. A
         * system that arrives although its request was withdrawn is released at once if there are enough others.
         *
         * @param count the maximum, at least 1; default: as many as the waiting tests can use
         * @return this
         */
        public Builder maxSystems(int count) {
            this.maxSystems = Arguments.atLeast(1, count, "maxSystems");
            return this;
        }

        /**
         * Sets the time between two requests for a system, so that a shared service is not asked for all at once.
         *
         * @param interval the time; default: all systems are requested at once
         * @return this
         */
        public Builder rampUp(Duration interval) {
            this.rampUp = Arguments.positive(interval, "rampUp");
            return this;
        }

        /**
         * Sets the number of idle systems that are kept for reruns of tests that are still running.
         *
         * @param count the number, at least 0; default: 0
         * @return this
         */
        public Builder spares(int count) {
            this.spares = Arguments.atLeast(0, count, "spares");
            return this;
        }

        /**
         * Sets the number of recent systems of a provisioner that its circuit breaker counts. If 80 % of them failed,
         * one system at a time is requested, at growing intervals, until one works.
         *
         * @param count the number, at least 1; default: 10
         * @return this
         */
        public Builder failureWindow(int count) {
            this.failureWindow = Arguments.atLeast(1, count, "failureWindow");
            return this;
        }

        /**
         * Holds systems on which a test failed, so that a person can look at them. A held system runs no further tests,
         * and its executor stays open; another system is requested in its place. {@link
         * org.atex.api.RunEvent.SystemHeld} tells how to enter it, and how to free it before its time. Stopping the run
         * frees it, too. The run does not end before all systems are free.
         *
         * <p>Held systems count against {@link #maxSystems}. While tests wait, one system is not held.
         *
         * @param most the maximum number of systems that are held at the same time, at least 1; default: none
         * @param time how long a system is held at most; until the end of its reservation if that is earlier
         * @return this
         */
        public Builder holdFailed(int most, Duration time) {
            this.holds = new RunRules.Holds(
                    Arguments.atLeast(1, most, "the number of held systems"), Arguments.positive(time, "holdFailed"));
            return this;
        }

        /**
         * Sets the number of failed tests that cancels the run.
         *
         * @param count the number, at least 1; default: no limit
         * @return this
         */
        public Builder maxFailures(int count) {
            return maxFailures(count, Stop.CANCEL);
        }

        /**
         * Sets the number of failed tests that ends the run.
         *
         * @param count the number, at least 1; default: no limit
         * @param how whether running tests are cancelled or may end
         * @return this
         */
        public Builder maxFailures(int count, Stop how) {
            this.maxFailures = Arguments.atLeast(1, count, "maxFailures");
            this.onMaxFailures = how;
            return this;
        }

        /**
         * Sets the maximum duration of the run, after which it is cancelled. A test whose expected duration is longer
         * than the time left is not started.
         *
         * @param limit the maximum; default: no limit
         * @return this
         */
        public Builder runWithin(Duration limit) {
            this.runWithin = Arguments.positive(limit, "runWithin");
            return this;
        }

        /**
         * Reports why each test waits, if tests wait while none runs, and no system arrives or becomes ready for a time.
         * The run goes on.
         *
         * @param time the time without progress
         * @return this
         */
        public Builder stalledAfter(Duration time) {
            this.stall = new RunRules.Stall(Arguments.positive(time, "stalledAfter"), null);
            return this;
        }

        /**
         * Reports why each test waits, and ends the run, if tests wait while none runs, and no system arrives or becomes
         * ready for a time.
         *
         * @param time the time without progress
         * @param how how the run ends
         * @return this
         */
        public Builder stalledAfter(Duration time, Stop how) {
            this.stall = new RunRules.Stall(Arguments.positive(time, "stalledAfter"), how);
            return this;
        }

        /**
         * Builds the orchestrator.
         *
         * @return an orchestrator that is ready to run
         * @throws IllegalArgumentException if a required part is missing, there is no test, two tests have the same
         *     name, or no provisioner offers the labels that a test needs
         */
        @Override
        public AdHocOrchestrator build() {
            return new AdHocOrchestrator(plan());
        }

        /**
         * {@return the expected course of the run} Touches no system. The builder can still build the run. Provisioners are
         * asked how many systems they have at most.
         *
         * @param assumptions the assumptions about systems and tests
         * @throws IllegalArgumentException as {@link #build()} does
         */
        public Forecast forecast(Forecast.Assumptions assumptions) {
            return new Forecaster(plan(), assumptions).forecast();
        }

        /**
         * {@return the effects of one system more or less, and of another order} It takes as long as four forecasts.
         *
         * {@snippet :
         * builder.alternatives(Forecast.Assumptions.defaults()).forEach(System.out::println);
         * // with 9 systems instead of 8, the run ends 0:00:40 earlier, and its systems exist 0:14:00 more
         * }
         *
         * <p>The number of systems is that which the run needs at the same time, which may be less than {@link
         * #maxSystems}. The order is compared with the longest tests first, or, if that is the order of the run, with the
         * tests as given.
         *
         * @param assumptions the assumptions about systems and tests
         * @throws IllegalArgumentException as {@link #build()} does
         */
        public List<Forecast.Alternative> alternatives(Forecast.Assumptions assumptions) {
            RunPlan plan = plan();
            int needed = plan.tests().stream()
                    .mapToInt(test -> test.gang == null ? 1 : test.gang.members.size())
                    .max()
                    .orElse(1);
            Forecast now = new Forecaster(plan, assumptions).forecast();
            List<Forecast.Alternative> alternatives = new ArrayList<>();
            for (int count : new int[] {now.systems() + 1, now.systems() - 1}) {
                if (count >= needed) {
                    alternatives.add(now.alternative(
                            Plural.of(count, "system") + " instead of " + now.systems(),
                            Forecaster.unlimited(plan(order, count), assumptions)
                                    .forecast()));
                }
            }
            boolean isDefault = order.equals(Policies.DEFAULT_ORDER);
            alternatives.add(now.alternative(
                    isDefault ? "the tests in the order given" : "the longest tests first",
                    new Forecaster(
                                    plan(isDefault ? TestOrder.given() : Policies.DEFAULT_ORDER, maxSystems),
                                    assumptions)
                            .forecast()));
            return List.copyOf(alternatives);
        }

        RunPlan plan() {
            return plan(order, maxSystems);
        }

        private RunPlan plan(TestOrder first, int most) {
            RunRules common = rules(reruns, destruction, most, spares);
            RunRules rules = common.with(failureWindow, maxFailures, onMaxFailures, runWithin, holds, rampUp);
            return plan(first, hook, rules.with(stall, next), true, Integer.MAX_VALUE);
        }
    }
}
