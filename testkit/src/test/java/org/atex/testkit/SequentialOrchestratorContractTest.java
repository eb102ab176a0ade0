package org.atex.testkit;

import java.util.List;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Orchestrator;
import org.atex.api.Provisioner;
import org.atex.api.TestCase;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class SequentialOrchestratorContractTest extends OrchestratorContract {
    @Override
    protected Orchestrator orchestrate(
            List<TestCase> tests, Provisioner systems, Executor.Factory executors, Aggregator results) {
        return new SequentialOrchestrator(tests, systems, executors, results);
    }
}
