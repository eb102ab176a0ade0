package org.atex.adhoc;

import java.nio.file.Path;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Orchestrator;
import org.atex.api.Provisioner;
import org.atex.api.TestCase;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.OrchestratorContract;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class SequentialOrchestratorContractTest extends OrchestratorContract {
    /** The directory for results that cannot be stored. */
    @TempDir
    private Path work;

    @Override
    protected Orchestrator orchestrate(
            List<TestCase> tests, Provisioner systems, Executor.Factory executors, Aggregator results) {
        return SequentialOrchestrator.builder(tests)
                .on(systems)
                .with(executors)
                .into(results)
                .workDirectory(work)
                .giveUpAfter(java.time.Duration.ofMillis(200))
                .build();
    }
}
