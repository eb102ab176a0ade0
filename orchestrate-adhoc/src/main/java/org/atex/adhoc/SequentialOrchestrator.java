package org.atex.adhoc;

import java.util.Collection;
import org.atex.api.Orchestrator;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;

/**
 * Runs tests one after another, in the order given, on one system at a time. After a destructive test, or if the
 * executor reports the system as unusable, the system is reset or replaced. Each test runs once.
 *
 * <p>Equivalent to {@link AdHocOrchestrator} with {@code maxSystems(1)} and {@link TestOrder#given()}, using one slot
 * of a system.
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
     * @param tests the tests to run, in order; names must be unique
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

    /** Configures a run. One provisioner, an executor factory and an aggregator are required. Not thread-safe. */
    public static final class Builder extends RunBuilder<Builder> {
        private Builder(Collection<? extends TestCase> tests) {
            super(tests);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Builds the orchestrator.
         *
         * @return an orchestrator that is ready to run
         * @throws IllegalArgumentException if a required part is missing, there is no test, two tests have the same
         *     name, or there is more than one provisioner
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
                throw new IllegalArgumentException("a sequential run uses exactly one provisioner, but was given "
                        + plan.provisioners().stream()
                                .map(NamedProvisioner::name)
                                .toList());
            }
            return new SequentialOrchestrator(plan);
        }
    }
}
