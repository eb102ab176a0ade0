package org.atex.slurm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Connection;
import org.atex.lab.SlurmCluster;
import org.atex.local.LocalConnection;
import org.atex.testkit.ConnectionContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The connection contract over steps of one allocation. */
@ExtendWith(LeakCheck.class)
class SlurmConnectionContractTest extends ConnectionContract {
    @RegisterExtension
    static final SlurmCluster CLUSTER = new SlurmCluster();

    private static StepKey key;
    private static SlurmAllocation allocation;

    /** A submit host for each connection, so that it is closed with its test. */
    private final List<LocalConnection> submitHosts = new ArrayList<>();

    @TempDir
    private Path there;

    @BeforeAll
    static void allocate() throws Exception {
        String job = CLUSTER.run("sbatch", "--parsable", "--output=/dev/null", "--wrap=sleep infinity");
        CLUSTER.awaitRunning(job);
        String node = CLUSTER.run("squeue", "--noheader", "--jobs=" + job, "--format=%N");
        allocation = new SlurmAllocation(job, node, "127.0.0.1", "main");
        key = StepKey.create();
    }

    @AfterAll
    static void deleteKey() {
        if (key != null) {
            key.close();
        }
    }

    @AfterEach
    void closeSubmitHosts() {
        submitHosts.forEach(LocalConnection::close);
    }

    @Override
    protected Connection connect() throws Exception {
        LocalConnection submitHost = LocalConnection.open();
        submitHosts.add(submitHost);
        Slurm slurm = new Slurm(submitHost, Clusters.options(CLUSTER).environment());
        Connection step = ResidentStep.open(slurm, "root", allocation, key, Duration.ofSeconds(30));
        return new SlurmConnection(step, allocation.node(), List.of(), () -> null, () -> {});
    }

    /** All data go through one srun, so that more commands take longer than the rule allows on a small machine. */
    @Override
    protected int manyCommands() {
        return 64;
    }

    @Override
    protected String there() throws Exception {
        return Files.createDirectories(there).toRealPath().toString();
    }

    @Override
    protected boolean canBeLost() {
        return true;
    }

    @Override
    protected void lose(Connection broken) throws Exception {
        // All steps, but not the script of the job.
        for (String step : CLUSTER.run("squeue", "--steps", "--noheader", "--format=%i")
                .lines()
                .filter(id -> id.matches("\\d+\\.\\d+"))
                .toList()) {
            CLUSTER.run("scancel", "--signal=KILL", step);
        }
    }
}
