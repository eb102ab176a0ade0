package org.atex.slurm;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.atex.api.AtexException;
import org.atex.api.Capability;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.local.LocalConnection;
import org.atex.provision.Provisioners;
import org.atex.provision.SystemLabels;
import org.atex.support.Deadline;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Provisions allocations of a Slurm cluster. Each system is a job of one node, which {@code sbatch} submits on request
 * and {@code scancel} ends when the system is closed. Slurm is used by its own programs on a submit host.
 *
 * {@snippet :
 * SlurmOptions options = SlurmOptions.defaults().withPartition("test").withTime(Duration.ofHours(2));
 * try (SlurmProvisioner systems = SlurmProvisioner.on(submitHost, options)) {
 *     systems.provision(1);
 *     Remote system = systems.take(Duration.ofMinutes(30)).orThrow();
 * }
 * }
 *
 * <p>An allocation that ends early, for example by preemption, a failure of the node, its time limit or {@code scancel},
 * is a lost system: operations throw {@link org.atex.api.ConnectionLostException} with the state and the reason that
 * Slurm tells. A request that Slurm refuses fails at once with the message of Slurm; so does one that waits for a reason
 * that never ends, such as {@code BadConstraints}.
 *
 * <p>Jobs have the name {@code atex-RUN} and a comment with the run ({@link #run()}) and the process that submitted
 * them. A new provisioner cancels the jobs of processes of this machine that have ended; {@link #sweep} those of one
 * run. Each job also ends by its time limit.
 *
 * <p>Labels known in advance: {@link Capability#THROWAWAY}, {@link Capability#RESET} and {@link Capability#REBOOT}, all
 * {@code no}, {@code constraint}, if there is one, and the labels of the options. Each system also has {@code node},
 * {@code partition}, {@code features}, {@code feature.NAME} ({@code yes}) for each feature, {@link Capability#CPUS} and
 * {@link Capability#MEMORY} of the allocation, and the other labels of {@link SystemLabels}. Its host is the node.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class SlurmProvisioner implements Provisioner {
    private static final Logger LOG = LoggerFactory.getLogger(SlurmProvisioner.class);
    private static final Duration CANCEL_WITHIN = Duration.ofSeconds(60);
    private static final Duration REASON_WITHIN = Duration.ofSeconds(8);

    private final SlurmOptions options;
    private final Slurm slurm;
    private final @Nullable Connection own;
    private final JobOwner owner;
    private final NodeConnector connector;
    private final NodeFailures failures;
    private final JobWatch watch;
    private final Provisioner systems;
    private final AtomicBoolean closed = new AtomicBoolean();

    private SlurmProvisioner(
            Slurm slurm, @Nullable Connection own, SlurmOptions options, JobOwner owner, NodeConnector connector) {
        this.slurm = slurm;
        this.own = own;
        this.options = options;
        this.owner = owner;
        this.connector = connector;
        failures = new NodeFailures(options.maxFailures());
        watch = new JobWatch(slurm, jobName(), options.pollEvery());
        Provisioners.Builder builder = Provisioners.builder(number -> make())
                .name("allocations of Slurm")
                .maxSystems(options.maxSystems())
                // The start has its own time limit, whose message tells why the job waits.
                .startWithin(options.startWithin().plus(CANCEL_WITHIN).plus(CANCEL_WITHIN))
                .label(Capability.THROWAWAY, "no")
                .label(Capability.RESET, "no")
                .label(Capability.REBOOT, "no")
                .labels(options.labels());
        String constraint = options.constraint();
        if (constraint != null) {
            builder.label("constraint", constraint);
        }
        systems = builder.build();
    }

    /**
     * {@return a provisioner that uses the programs of Slurm on another machine}
     *
     * @param submitHost a connection to a machine with these programs, which the caller closes after the provisioner
     * @param options the options
     * @throws ProvisioningException if Slurm does not work there
     * @throws InterruptedException if interrupted
     */
    public static SlurmProvisioner on(Connection submitHost, SlurmOptions options) throws InterruptedException {
        return open(submitHost, null, options);
    }

    /**
     * {@return a provisioner that uses the programs of Slurm on this machine}
     *
     * @param options the options
     * @throws ProvisioningException if Slurm does not work on this machine
     * @throws InterruptedException if interrupted
     */
    public static SlurmProvisioner here(SlurmOptions options) throws InterruptedException {
        Connection local = LocalConnection.open();
        boolean complete = false;
        try {
            SlurmProvisioner opened = open(local, local, options);
            complete = true;
            return opened;
        } finally {
            if (!complete) {
                local.close();
            }
        }
    }

    private static SlurmProvisioner open(Connection submitHost, @Nullable Connection own, SlurmOptions options)
            throws InterruptedException {
        Slurm slurm = new Slurm(submitHost, options.environment());
        String run = Integer.toHexString(ThreadLocalRandom.current().nextInt());
        try {
            List<String> left = cancel(slurm, JobOwner::hasEnded);
            if (!left.isEmpty()) {
                LOG.info("cancelled the jobs {} of programs that have ended", left);
            }
            NodeConnector connector = NodeConnector.create(slurm, options.connector());
            return new SlurmProvisioner(slurm, own, options, JobOwner.current(run), connector);
        } catch (IOException e) {
            throw new ProvisioningException(
                    "Slurm does not work on " + submitHost + ": " + e.getMessage() + "; try 'sinfo' there", e);
        }
    }

    /** {@return the tag of all its jobs, with which {@link #sweep} finds them if this program is killed} */
    public String run() {
        return owner.run();
    }

    private String jobName() {
        return "atex-" + owner.run();
    }

    /**
     * Cancels all jobs of a run, whether its program still runs or not.
     *
     * @param run the tag of the run: {@link #run()}, and {@code org.atex.run} in the comment of its jobs
     * @param submitHost a connection to a machine with the programs of Slurm
     * @param options the options, for their variables
     * @return the ids of the cancelled jobs
     * @throws ProvisioningException if Slurm cannot cancel them
     * @throws InterruptedException if interrupted
     */
    public static List<String> sweep(String run, Connection submitHost, SlurmOptions options)
            throws InterruptedException {
        try {
            return cancel(
                    new Slurm(submitHost, options.environment()),
                    job -> job.run().equals(run));
        } catch (IOException e) {
            throw new ProvisioningException(
                    "could not cancel the jobs of the run " + run + ": " + e.getMessage()
                            + "; cancel them with 'scancel --me --name=atex-" + run + "'",
                    e);
        }
    }

    private static List<String> cancel(Slurm slurm, Predicate<JobOwner> condition)
            throws IOException, InterruptedException {
        List<String> jobs = new ArrayList<>();
        for (Job job : slurm.jobs()) {
            JobOwner owner = JobOwner.parse(job.comment());
            if (owner != null && (job.isWaiting() || job.isRunning()) && condition.test(owner)) {
                jobs.add(job.id());
            }
        }
        if (!jobs.isEmpty()) {
            slurm.cancel(jobs);
        }
        return jobs;
    }

    /**
     * {@return the nodes of the cluster, with the reasons for which they are down or drained}
     *
     * @throws ProvisioningException if Slurm does not answer
     * @throws InterruptedException if interrupted
     */
    public List<SlurmNode> nodes() throws InterruptedException {
        try {
            return slurm.nodes();
        } catch (IOException e) {
            throw new ProvisioningException("could not list the nodes of Slurm: " + e.getMessage(), e);
        }
    }

    /** {@return the excluded nodes, with their numbers of failures in a row} */
    public Map<String, Integer> excludedNodes() {
        return failures.excludedWithCounts();
    }

    /** {@return for each job that waits in the queue its id and the reason, in Slurm's words; never blocks} */
    public Map<String, String> waiting() {
        return watch.jobs().stream().filter(Job::isWaiting).collect(Collectors.toMap(Job::id, Job::words));
    }

    /** {@return the number of calls of squeue} */
    long polls() {
        return watch.polls();
    }

    private List<String> submitOptions() {
        List<String> words = new ArrayList<>();
        // The variables of this program stay here; the steps of the allocation need none of them.
        words.addAll(List.of("--job-name=" + jobName(), "--comment=" + owner, "--time=" + options.minutes()));
        words.addAll(List.of("--nodes=1", "--ntasks=1", "--no-requeue", "--export=NIL", "--chdir=/"));
        words.addAll(List.of("--output=/dev/null"));
        add(words, "--partition=", options.partition());
        add(words, "--account=", options.account());
        add(words, "--constraint=", options.constraint());
        List<String> excluded = failures.excluded();
        add(words, "--exclude=", excluded.isEmpty() ? null : String.join(",", excluded));
        words.addAll(options.submitOptions());
        return words;
    }

    private static void add(List<String> words, String option, @Nullable String value) {
        if (value != null) {
            words.add(option + value);
        }
    }

    private Remote make() throws InterruptedException {
        Deadline deadline = Deadline.in(options.startWithin());
        String id = submit();
        boolean complete = false;
        LostSystem lost = new LostSystem();
        JobWatch.Watched watched = watch.add(id, lost);
        try {
            Job job = awaitStart(watched, deadline);
            Remote remote = connect(watched, job, lost, deadline);
            complete = true;
            return remote;
        } finally {
            if (!complete) {
                cancel(watched);
            }
        }
    }

    /** {@return the id of a new job} If interrupted, waits for the id all the same, and cancels the job. */
    private String submit() throws InterruptedException {
        FutureTask<String> task = new FutureTask<>(() -> slurm.submit(submitOptions()));
        var unused = Threads.start("sbatch", task);
        try {
            return task.get();
        } catch (InterruptedException e) {
            try (UninterruptibleSection section = UninterruptibleSection.enter()) {
                section.awaitDone(task);
                if (task.state() == Future.State.SUCCESS) {
                    cancel(task.resultNow());
                }
            }
            throw e;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ProvisioningException(
                    "Slurm refused an allocation: " + cause.getMessage() + failures.note(), cause);
        }
    }

    private Job awaitStart(JobWatch.Watched watched, Deadline deadline) throws InterruptedException {
        Job job = watched.awaitDecision(deadline);
        if (job != null && job.isRunning()) {
            return job;
        }
        String id = "Slurm job " + watched.id();
        if (job == null) {
            throw new ProvisioningException(id + " was submitted, but its state is unknown: " + watch.failure(), null);
        }
        if (job.canNeverStart()) {
            throw new ProvisioningException(id + " can never start: " + job.words() + failures.note(), null);
        }
        if (!job.isWaiting()) {
            if (job.isFailureOfNode() && !job.node().isEmpty()) {
                throw failed(job.node(), id + " ended before it was used: " + job.words(), null);
            }
            throw new ProvisioningException(id + " ended before it was used: " + job.words(), null);
        }
        throw new ProvisioningException(
                id + " did not start within " + options.startWithin() + ", the limit startWithin: " + job.words()
                        + failures.note() + unusableNodes(),
                null);
    }

    /** {@return a sentence about nodes that are down or drained, or an empty text} */
    private String unusableNodes() throws InterruptedException {
        try {
            String nodes = slurm.nodes().stream()
                    .filter(node -> !node.reason().isEmpty())
                    .map(node -> node.name() + " " + node.state() + ": " + node.reason())
                    .collect(Collectors.joining(", "));
            return nodes.isEmpty() ? "" : "; unusable nodes: " + nodes;
        } catch (IOException e) {
            return "";
        }
    }

    private ProvisioningException failed(String node, String message, @Nullable Throwable cause) {
        int count = failures.add(node);
        return new ProvisioningException(
                message + " (failure " + count + " of " + node + " in a row; it is excluded after "
                        + options.maxFailures() + ")",
                cause,
                node);
    }

    private Remote connect(JobWatch.Watched watched, Job job, LostSystem lost, Deadline deadline)
            throws InterruptedException {
        String node = job.node();
        String name = node + "-" + watched.id();
        Connection link = null;
        boolean complete = false;
        try {
            SlurmNode found = slurm.nodes("--nodes=" + node).stream()
                    .findFirst()
                    .orElse(new SlurmNode(node, node, 0, 0, List.of(), "", ""));
            SlurmAllocation allocation = new SlurmAllocation(watched.id(), node, found.address(), job.partition());
            lost.interruptOnEnd(Thread.currentThread());
            link = connector.connect(allocation, deadline.left());
            AtomicBoolean failed = new AtomicBoolean();
            SlurmConnection connection = new SlurmConnection(
                    link,
                    node + " (Slurm job " + watched.id() + ")",
                    List.of(),
                    () -> watched.whyEnded(Deadline.in(REASON_WITHIN)),
                    () -> lose(failed, node));
            Map<String, String> labels = new HashMap<>(SystemLabels.of(connection));
            labels.putAll(labels(job, found));
            lost.attach(connection, () -> lose(failed, node));
            PlainRemote.Builder system = PlainRemote.builder(name, connection)
                    .host(node)
                    .address(found.address())
                    .labels(labels)
                    .onClose(() -> giveBack(watched, node, failed));
            Instant end = job.end();
            if (end != null) {
                system.expires(end);
            }
            complete = true;
            return system.build();
        } catch (InterruptedException e) {
            String why = lost.reason();
            if (why == null) {
                throw e;
            }
            throw new ProvisioningException("could not connect to " + node + ": " + why, e, node);
        } catch (IOException | AtexException e) {
            String why = watched.whyEnded(Deadline.in(REASON_WITHIN));
            String message =
                    "could not connect to " + node + ", the node of Slurm job " + watched.id() + ": " + e.getMessage();
            throw why == null ? failed(node, message, e) : new ProvisioningException(message + ": " + why, e, node);
        } finally {
            lost.interruptOnEnd(null);
            if (!complete && link != null) {
                link.close();
            }
        }
    }

    private void lose(AtomicBoolean failed, String node) {
        if (!closed.get() && failed.compareAndSet(false, true)) {
            int count = failures.add(node);
            LOG.warn("a system on {} was lost (failure {} in a row)", node, count);
        }
    }

    private static Map<String, String> labels(Job job, SlurmNode node) {
        Map<String, String> labels = node.labels();
        labels.put("partition", job.partition());
        labels.put(Capability.CPUS, job.cpus());
        String memory = memory(job.memory(), node.memory());
        if (!memory.isEmpty()) {
            labels.put(Capability.MEMORY, memory);
        }
        return labels;
    }

    /** {@return the memory of an allocation: a number of MiB, or with another unit; 0 for all of the node} */
    static String memory(String ofJob, long ofNode) {
        if (ofJob.matches("[1-9]\\d*(\\.\\d+)?[KMGTP]?")) {
            char unit = ofJob.charAt(ofJob.length() - 1);
            return Character.isDigit(unit)
                    ? ofJob + " MiB"
                    : ofJob.substring(0, ofJob.length() - 1) + " " + unit + "iB";
        }
        return ofNode > 0 ? ofNode + " MiB" : "";
    }

    private void giveBack(JobWatch.Watched watched, String node, AtomicBoolean failed) {
        if (!failed.get()) {
            failures.worked(node);
        }
        cancel(watched);
    }

    private void cancel(JobWatch.Watched watched) {
        watched.forget();
        cancel(watched.id());
    }

    /** Cancels a job, also if interrupted, and tries again while Slurm does not answer. */
    private void cancel(String id) {
        FutureTask<Boolean> task = new FutureTask<>(() -> tryToCancel(id));
        Threads.join(Threads.start("scancel-" + id, task));
    }

    private boolean tryToCancel(String id) throws InterruptedException {
        Deadline deadline = Deadline.in(CANCEL_WITHIN);
        while (true) {
            try {
                slurm.cancel(List.of(id));
                return true;
            } catch (IOException e) {
                if (deadline.isOver()) {
                    LOG.warn(
                            "could not cancel Slurm job {}, which ends after {} min: {}",
                            id,
                            options.minutes(),
                            e.getMessage());
                    return false;
                }
                TimeUnit.SECONDS.sleep(1); // the controller may be starting again
            }
        }
    }

    /** Ends the connection of a system whose job has ended. */
    private static final class LostSystem implements java.util.function.Consumer<JobWatch.Watched> {
        private @Nullable SlurmConnection connection;
        private @Nullable Runnable onFailureOfNode;
        private @Nullable String reason;
        private @Nullable Thread connecting;

        /** Sets the thread to interrupt at the end of the job, since a connection would be tried for long. */
        synchronized void interruptOnEnd(@Nullable Thread thread) {
            connecting = thread;
        }

        synchronized @Nullable String reason() {
            return reason;
        }

        @Override
        public void accept(JobWatch.Watched watched) {
            String why;
            try {
                why = watched.whyEnded(Deadline.in(REASON_WITHIN));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            Job job = watched.latest();
            Runnable onFailure;
            SlurmConnection attached;
            synchronized (this) {
                reason = why == null ? "the Slurm job ended" : why;
                attached = connection;
                onFailure = onFailureOfNode;
                if (attached == null && connecting != null) {
                    connecting.interrupt();
                }
            }
            if (attached != null) {
                if (onFailure != null && job != null && job.isFailureOfNode()) {
                    onFailure.run();
                }
                attached.lose(why == null ? "the Slurm job ended" : why);
            }
        }

        void attach(SlurmConnection to, Runnable onFailure) {
            String why;
            synchronized (this) {
                connection = to;
                onFailureOfNode = onFailure;
                why = reason;
            }
            if (why != null) {
                to.lose(why);
            }
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
        boolean first = closed.compareAndSet(false, true);
        systems.close();
        if (first) {
            cancelRest();
            watch.close();
            connector.close();
            if (own != null) {
                own.close();
            }
        }
    }

    /** Cancels jobs whose ids are not known, since sbatch did not answer in time. */
    private void cancelRest() {
        // In another thread, so that an interrupt does not end the search.
        Threads.join(Threads.start("scancel-rest", () -> {
            try {
                List<String> rest = cancel(slurm, owner::equals);
                if (!rest.isEmpty()) {
                    LOG.info("cancelled the jobs {}", rest);
                }
            } catch (IOException e) {
                LOG.warn("could not look for jobs with the name {}: {}", jobName(), e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    @Override
    public String toString() {
        return systems.toString();
    }
}
