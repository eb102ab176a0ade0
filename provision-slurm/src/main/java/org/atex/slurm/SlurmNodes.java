package org.atex.slurm;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.atex.api.AtexException;
import org.atex.api.Capability;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.local.LocalConnection;
import org.atex.provision.NoMoreSystemsException;
import org.atex.provision.Provisioners;
import org.atex.provision.SystemLabels;
import org.jspecify.annotations.Nullable;

/**
 * Provisions the nodes of the allocation in which this program runs, for a whole run inside one job of Slurm. Each node
 * is a system; a node that is given back is handed out again. The allocation itself stays as it is.
 *
 * {@snippet :
 * // in a script of sbatch --nodes=8: java -jar tests.jar
 * try (SlurmNodes systems = SlurmNodes.ofThisJob(SlurmOptions.defaults())) {
 *     systems.provision(systems.maxSystems());
 * }
 * }
 *
 * <p>Of the options, the connector, the variables, the labels, the time limit for a start and the maximum of failures
 * are used: a node that fails so many times in a row is not handed out any more. Labels are {@code node},
 * {@code features}, {@code feature.NAME}, those of {@link SystemLabels}, and {@link Capability#THROWAWAY},
 * {@link Capability#RESET} and {@link Capability#REBOOT}, all {@code no}.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class SlurmNodes implements Provisioner {
    private final String job;
    private final String partition;
    private final @Nullable Instant end;
    private final Slurm slurm;
    private final Connection local;
    private final NodeConnector connector;
    private final SlurmOptions options;
    private final NodeFailures failures;
    private final Map<String, SlurmNode> nodes = new TreeMap<>();
    private final Provisioner systems;

    /** The nodes that are not in use; guarded by itself. */
    private final Deque<String> free;

    private SlurmNodes(
            Map<String, String> variables,
            Slurm slurm,
            Connection local,
            NodeConnector connector,
            SlurmOptions options,
            List<String> names)
            throws IOException, InterruptedException {
        this.slurm = slurm;
        this.local = local;
        this.connector = connector;
        this.options = options;
        job = variables.getOrDefault("SLURM_JOB_ID", "");
        partition = variables.getOrDefault("SLURM_JOB_PARTITION", "");
        String seconds = variables.getOrDefault("SLURM_JOB_END_TIME", "");
        end = seconds.matches("\\d{1,11}") ? Instant.ofEpochSecond(Long.parseLong(seconds)) : endOfJob();
        failures = new NodeFailures(options.maxFailures());
        free = new ArrayDeque<>(names);
        for (SlurmNode node : slurm.nodes("--nodes=" + String.join(",", names))) {
            nodes.put(node.name(), node);
        }
        systems = Provisioners.builder(number -> make())
                .name("nodes of Slurm job " + job)
                .maxSystems(names.size())
                .startWithin(options.startWithin())
                .label(Capability.THROWAWAY, "no")
                .label(Capability.RESET, "no")
                .label(Capability.REBOOT, "no")
                .labels(options.labels())
                .build();
    }

    /**
     * {@return a provisioner of the nodes of the allocation in which this program runs}
     *
     * @param options the options
     * @throws ProvisioningException if this program does not run in an allocation, or if Slurm does not work here
     * @throws InterruptedException if interrupted
     */
    public static SlurmNodes ofThisJob(SlurmOptions options) throws InterruptedException {
        return of(System.getenv(), options);
    }

    /**
     * {@return a provisioner of the nodes of an allocation}
     *
     * @param variables the variables that Slurm sets in a job: {@code SLURM_JOB_ID} and {@code SLURM_JOB_NODELIST};
     *     optionally {@code SLURM_JOB_PARTITION} and {@code SLURM_JOB_END_TIME}
     * @param options the options
     * @throws ProvisioningException if a variable is missing, or if Slurm does not work here
     * @throws InterruptedException if interrupted
     */
    public static SlurmNodes of(Map<String, String> variables, SlurmOptions options) throws InterruptedException {
        String list = variables.getOrDefault("SLURM_JOB_NODELIST", "");
        if (list.isEmpty() || variables.getOrDefault("SLURM_JOB_ID", "").isEmpty()) {
            throw new ProvisioningException(
                    "this program does not run in an allocation of Slurm: SLURM_JOB_ID and SLURM_JOB_NODELIST are not"
                            + " set; start it with sbatch or salloc, or use SlurmProvisioner",
                    null);
        }
        Connection local = LocalConnection.open();
        boolean complete = false;
        try {
            Slurm slurm = new Slurm(local, options.environment());
            List<String> names = slurm.hostnames(list);
            if (names.isEmpty()) {
                throw new IOException("scontrol names no node for '" + list + "'");
            }
            NodeConnector connector = NodeConnector.create(slurm, options.connector());
            SlurmNodes opened = new SlurmNodes(variables, slurm, local, connector, options, names);
            complete = true;
            return opened;
        } catch (IOException e) {
            throw new ProvisioningException("Slurm does not work on this machine: " + e.getMessage(), e);
        } finally {
            if (!complete) {
                local.close();
            }
        }
    }

    private @Nullable Instant endOfJob() throws IOException, InterruptedException {
        return slurm.jobs().stream()
                .filter(each -> each.id().equals(job))
                .findFirst()
                .map(Job::end)
                .orElse(null);
    }

    private Remote make() throws InterruptedException {
        String node = nextFree();
        Connection link = null;
        boolean complete = false;
        try {
            SlurmNode found = nodes.getOrDefault(node, new SlurmNode(node, node, 0, 0, List.of(), "", ""));
            link = connector.connect(new SlurmAllocation(job, node, found.address(), partition), options.startWithin());
            Map<String, String> labels = new HashMap<>(SystemLabels.of(link));
            labels.putAll(found.labels());
            PlainRemote.Builder system = PlainRemote.builder(node, link)
                    .host(node)
                    .address(found.address())
                    .labels(labels)
                    .onClose(() -> giveBack(node));
            if (end != null) {
                system.expires(end);
            }
            failures.worked(node);
            complete = true;
            return system.build();
        } catch (IOException | AtexException e) {
            int count = failures.add(node);
            throw new ProvisioningException(
                    "could not connect to " + node + ", a node of Slurm job " + job + ": " + e.getMessage()
                            + " (failure " + count + " in a row; it is not used any more after "
                            + options.maxFailures() + ")",
                    e,
                    node);
        } finally {
            if (!complete) {
                if (link != null) {
                    link.close();
                }
                giveBack(node);
            }
        }
    }

    private String nextFree() {
        Set<String> excluded = new HashSet<>(failures.excluded());
        synchronized (free) {
            free.removeIf(excluded::contains);
            String node = free.poll();
            if (node == null) {
                throw new NoMoreSystemsException("all nodes of Slurm job " + job + " are in use" + failures.note());
            }
            return node;
        }
    }

    private void giveBack(String node) {
        synchronized (free) {
            free.add(node);
        }
    }

    @Override
    public void provision(int count) {
        systems.provision(count);
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        return systems.take(atMost);
    }

    @Override
    public void clear() {
        systems.clear();
    }

    @Override
    public int maxSystems() {
        return systems.maxSystems();
    }

    @Override
    public Map<String, String> labels() {
        return systems.labels();
    }

    @Override
    public void close() {
        systems.close();
        connector.close();
        local.close();
    }

    @Override
    public String toString() {
        return systems.toString();
    }
}
