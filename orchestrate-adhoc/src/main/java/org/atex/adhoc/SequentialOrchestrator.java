package org.atex.adhoc;

import java.util.Collection;
import org.atex.api.Orchestrator;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;

/**
 * Runs tests one after another, in the order given, on one system at a time. A system that is spent (after a test that
 * says it is destructive, or one after which the executor calls it unusable) is reset or replaced. Each test runs once.
 *
 * <p>It is {@link AdHocOrchestrator} with {@code maxSystems(1)} and {@link TestOrder#given()}, and uses one slot of a
 * system.
 *
 * <p>See {@link Orchestrator} for lifecycle and thread safety.
 */
public final class SequentialOrchestrator implements Orchestrator {
    private final AdHocOrchestrator run;

    private SequentialOrchestrator(RunPlan plan) {
        this.run = new AdHocOrchestrator(plan);
    }

    /**
     * {@return a builder of a run of these tests}
     *
     * @param tests what to run, in this order; each name once
     */
    public static Builder builder(Collection<? extends TestCase> tests) {
        return new Builder(tests);
    }

    @Override
    public RunSummary run() throws InterruptedException {
        return run.run();
    }

    @Override
    public void stop(Stop how) {
        run.stop(how);
    }

    @Override
    public void close() {
        run.close();
    }

    /** Collects what a run needs. One provisioner, an executor factory and an aggregator must be given. Not thread-safe. */
    public static final class Builder extends RunBuilder<Builder> {
        private Builder(Collection<? extends TestCase> tests) {
            super(tests);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Makes the orchestrator.
         *
         * @return ready to run
         * @throws IllegalArgumentException if something is missing, there is no test, a test's name is there twice, or
         *     there are several provisioners
         */
        @Override
        public SequentialOrchestrator build() {
            RunPlan plan = plan(
                    TestOrder.given(),
                    unused -> {},
                    rules(RerunPolicy.never(), DestructionPolicy.declared(), 1, 0),
                    false,
                    1);
            if (plan.provisioners().size() > 1) {
                throw new IllegalArgumentException(
                        "tests that run one after another take their systems from one" + " provisioner, and not from "
                                + plan.provisioners().stream()
                                        .map(NamedProvisioner::name)
                                        .toList());
            }
            return new SequentialOrchestrator(plan);
        }
    }
}
