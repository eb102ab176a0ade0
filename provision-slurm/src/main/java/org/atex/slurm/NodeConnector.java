package org.atex.slurm;

import java.io.IOException;
import java.time.Duration;
import org.atex.api.Connection;
import org.jspecify.annotations.Nullable;

/** Connects to nodes: by the function of the user, or through a step. Thread-safe. */
final class NodeConnector implements AutoCloseable {
    private final Slurm slurm;
    private final @Nullable SlurmConnector function;
    private final StepKey key;
    private final String user;

    private NodeConnector(Slurm slurm, @Nullable SlurmConnector function, StepKey key, String user) {
        this.slurm = slurm;
        this.function = function;
        this.key = key;
        this.user = user;
    }

    static NodeConnector create(Slurm slurm, @Nullable SlurmConnector function)
            throws IOException, InterruptedException {
        String user = slurm.user();
        return new NodeConnector(slurm, function, StepKey.create(), user);
    }

    Connection connect(SlurmAllocation allocation, Duration within) throws IOException, InterruptedException {
        return function == null
                ? ResidentStep.open(slurm, user, allocation, key, within)
                : function.connect(allocation, within);
    }

    @Override
    public void close() {
        key.close();
    }
}
