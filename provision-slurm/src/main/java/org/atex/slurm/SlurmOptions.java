package org.atex.slurm;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * Options of allocations. Immutable and thread-safe: each {@code with…} method returns a changed copy. A value that is
 * not set is the default of the cluster.
 */
public final class SlurmOptions {
    /** Options that the provisioner sets itself, or with which it could not find a job. */
    private static final Set<String> REFUSED = Set.of(
            "-J",
            "--job-name",
            "--comment",
            "-t",
            "--time",
            "-N",
            "--nodes",
            "-n",
            "--ntasks",
            "-a",
            "--array",
            "-x",
            "--exclude",
            "-p",
            "--partition",
            "-A",
            "--account",
            "-C",
            "--constraint",
            "--parsable",
            "-W",
            "--wait",
            "--wrap",
            "--requeue",
            "-M",
            "--clusters",
            "-Q",
            "--quiet",
            "--test-only",
            "--uid");

    private @Nullable String partition;
    private @Nullable String account;
    private @Nullable String constraint;
    private Duration time = Duration.ofHours(1);
    private Duration startWithin = Duration.ofHours(1);
    private Duration pollEvery = Duration.ofSeconds(5);
    private int maxSystems = 4;
    private int maxFailures = 3;
    private List<String> words = List.of();
    private Map<String, String> environment = Map.of();
    private Map<String, String> labels = Map.of();
    private @Nullable SlurmConnector connector;

    private SlurmOptions() {}

    private SlurmOptions(SlurmOptions other) {
        partition = other.partition;
        account = other.account;
        constraint = other.constraint;
        time = other.time;
        startWithin = other.startWithin;
        pollEvery = other.pollEvery;
        maxSystems = other.maxSystems;
        maxFailures = other.maxFailures;
        words = other.words;
        environment = other.environment;
        labels = other.labels;
        connector = other.connector;
    }

    /**
     * {@return the default options} At most 4 systems of one node each for an hour, in the default partition, connected
     * to through a step. An allocation that waits longer than an hour is given up, and a node is excluded after 3
     * failures in a row.
     */
    public static SlurmOptions defaults() {
        return new SlurmOptions();
    }

    /**
     * {@return a copy with a partition}
     *
     * @param name the name; several, separated by commas, for that which starts first
     */
    public SlurmOptions withPartition(String name) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.partition = named(name, "partition");
        return copy;
    }

    /**
     * {@return a copy with an account}
     *
     * @param name the name
     */
    public SlurmOptions withAccount(String name) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.account = named(name, "account");
        return copy;
    }

    /**
     * {@return a copy with a constraint} It is also the label {@code constraint} of all systems.
     *
     * @param features the features of the nodes, in the notation of {@code sbatch --constraint}
     */
    public SlurmOptions withConstraint(String features) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.constraint = named(features, "constraint");
        return copy;
    }

    /**
     * {@return a copy with a time limit for each allocation} Slurm ends the allocation then. 1 h by default.
     *
     * @param limit the limit, rounded up to minutes
     */
    public SlurmOptions withTime(Duration limit) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.time = Arguments.positive(limit, "time");
        return copy;
    }

    /**
     * {@return a copy with a time limit for the start of a system} It includes the time in the queue. 1 h by default.
     *
     * @param limit the limit
     */
    public SlurmOptions withStartWithin(Duration limit) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.startWithin = Arguments.positive(limit, "startWithin");
        return copy;
    }

    /**
     * {@return a copy with another longest pause between calls of {@code squeue}} One call serves all allocations. Calls
     * follow each other faster shortly after a job was submitted. 5 s by default.
     *
     * @param pause the pause, at least 250 ms
     */
    public SlurmOptions withPollEvery(Duration pause) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.pollEvery = Arguments.positive(pause, "pollEvery");
        return copy;
    }

    /**
     * {@return a copy with another maximum of systems that exist at the same time} 4 by default.
     *
     * @param most the maximum, at least 1
     */
    public SlurmOptions withMaxSystems(int most) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.maxSystems = Arguments.atLeast(1, most, "maxSystems");
        return copy;
    }

    /**
     * {@return a copy with another number of failures after which a node is excluded} The number counts failures in a
     * row: no connection to the node, a connection lost during an allocation, or the end of an allocation by a failure
     * of the node. 3 by default.
     *
     * @param most the number, at least 1
     */
    public SlurmOptions withMaxFailures(int most) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.maxFailures = Arguments.atLeast(1, most, "maxFailures");
        return copy;
    }

    /**
     * {@return a copy with other options of {@code sbatch}, such as {@code --mem=2G} or {@code --exclusive}}
     *
     * @param options the options, one word of the command line each
     * @throws IllegalArgumentException if an option is one that the provisioner sets itself
     */
    public SlurmOptions withSubmitOptions(String... options) {
        for (String option : options) {
            String name = option.startsWith("--") ? option.replaceAll("=.*", "") : option.replaceAll("^(-.).*", "$1");
            if (REFUSED.contains(name) || !option.startsWith("-")) {
                throw new IllegalArgumentException("the option '" + option + "' of sbatch cannot be set: "
                        + (option.startsWith("-")
                                ? "the provisioner sets " + name + " itself, or could not find its jobs with it"
                                : "it is not an option; write name and value as one word, such as --mem=2G"));
            }
        }
        SlurmOptions copy = new SlurmOptions(this);
        copy.words = List.of(options);
        return copy;
    }

    /**
     * {@return a copy with an environment variable for the tools of Slurm, such as {@code SLURM_CONF}}
     *
     * @param name the name
     * @param value the value
     */
    public SlurmOptions withVariable(String name, String value) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.environment = with(environment, name, value);
        return copy;
    }

    /**
     * {@return a copy with a label for all systems}
     *
     * @param name the name
     * @param value the value
     */
    public SlurmOptions withLabel(String name, String value) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.labels = with(labels, name, value);
        return copy;
    }

    /**
     * {@return a copy with another way to connect to nodes} By default, one step of the allocation stays on the node
     * and carries all commands and files.
     *
     * @param function connects to the node of an allocation
     */
    public SlurmOptions withConnector(SlurmConnector function) {
        SlurmOptions copy = new SlurmOptions(this);
        copy.connector = function;
        return copy;
    }

    private static Map<String, String> with(Map<String, String> map, String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(map);
        more.put(name, value);
        return Map.copyOf(more);
    }

    private static String named(String value, String option) {
        if (value.isBlank()) {
            throw new IllegalArgumentException("the " + option + " must not be blank; leave it out for the default");
        }
        return value;
    }

    @Nullable
    String partition() {
        return partition;
    }

    @Nullable
    String account() {
        return account;
    }

    @Nullable
    String constraint() {
        return constraint;
    }

    /** {@return the time limit in minutes, rounded up} */
    long minutes() {
        return Math.max(1, time.plus(Duration.ofMinutes(1).minusNanos(1)).toMinutes());
    }

    Duration startWithin() {
        return startWithin;
    }

    Duration pollEvery() {
        return pollEvery;
    }

    int maxSystems() {
        return maxSystems;
    }

    int maxFailures() {
        return maxFailures;
    }

    List<String> submitOptions() {
        return words;
    }

    Map<String, String> environment() {
        return environment;
    }

    Map<String, String> labels() {
        return labels;
    }

    @Nullable
    SlurmConnector connector() {
        return connector;
    }
}
