package org.atex.podman;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.atex.api.Capability;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.provision.Provisioners;
import org.atex.provision.SystemLabels;
import org.atex.support.Arguments;
import org.atex.support.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Provisions containers of one image, plain or booted with systemd, on this machine or on one that a connection reaches.
 * Each is started on request, and removed with its volumes when its system is closed.
 *
 * <p>{@link Builder#maxSystems} limits the containers that exist at the same time, {@link Builder#maxConcurrentStarts}
 * those that start at the same time. A system is offered after it has answered; with systemd, after systemd has booted.
 *
 * <p>Containers are named after their image and labelled with the process that started them. {@link Builder#build}
 * removes containers left behind by processes that have ended, for example because they were killed.
 *
 * <p>{@link Remote#reset()} replaces the container by a fresh one of the same image. The old one is removed afterwards,
 * or first if there are options of {@code podman run}, since both containers may not be able to have the same port or
 * volume.
 *
 * <p>Labels known in advance: {@code os} ({@code linux}), {@code image}, {@link Capability#THROWAWAY}, {@link
 * Capability#RESET}, {@link Capability#SYSTEMD}, {@link Capability#REBOOT}, and the labels given to the builder. Each
 * system also has the labels of {@link SystemLabels}.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class PodmanProvisioner implements Provisioner {
    private static final Duration REMOVAL_WITHIN = Duration.ofMinutes(1);

    // Options that affect the variable HOSTNAME. Podman always sets it for the first process of a container, but for
    // the commands of podman exec only with some of these options. With any of them, commands are started from a shell
    // of podman exec.
    private static final Pattern AFFECTS_HOSTNAME = Pattern.compile("^(-h|--hostname|--uts|--env-|--pod)|HOSTNAME");

    /** Reaps orphaned processes like an init, and ends at once on SIGTERM. */
    private static final List<String> IDLE_COMMAND =
            List.of("bash", "-c", "trap 'exit 0' TERM; while :; do sleep infinity & wait $!; done");

    private final Builder settings;
    private final Podman podman;
    private final String run = Integer.toHexString(ThreadLocalRandom.current().nextInt());
    private final Lease lease;
    private final Provisioner systems;

    private PodmanProvisioner(Builder settings) {
        this.settings = settings;
        podman = new Podman(settings.host, settings.options.program());
        lease = new Lease(settings.host.owner(), run, settings.lease);
        systems = Provisioners.builder(this::start)
                .name("containers of " + settings.image)
                .maxSystems(settings.cap)
                .maxConcurrentStarts(settings.maxConcurrentStarts())
                // The start has its own time limit, after which it still removes its container.
                .startWithin(settings.startWithin.plus(REMOVAL_WITHIN))
                .label("os", "linux")
                .label("image", settings.image)
                .label(Capability.THROWAWAY, "yes")
                .label(Capability.RESET, "fresh")
                .label(Capability.SYSTEMD, settings.systemd ? "yes" : "no")
                .label(Capability.REBOOT, settings.systemd ? "yes" : "no")
                .labels(settings.labels)
                .build();
    }

    /**
     * {@return a builder of a provisioner}
     *
     * @param image the name of the image
     * @throws IllegalArgumentException if the name is blank or begins with a hyphen
     */
    public static Builder builder(String image) {
        return new Builder(new ThisMachine(), null, image);
    }

    /**
     * {@return a builder of a provisioner of containers on another machine} The provisioner does not close the
     * connection. If that is lost or closed, all its systems are lost with that cause; containers that are left are
     * removed by the next provisioner of the host, or by {@link #sweep(Connection, String, PodmanOptions)}.
     *
     * @param host the connection to the machine, which must have bash, coreutils and podman
     * @param image the name of the image on the host
     * @throws IllegalArgumentException if the name is blank or begins with a hyphen
     */
    public static Builder builder(Connection host, String image) {
        return new Builder(new ConnectedHost(host, host.toString()), null, image);
    }

    /**
     * {@return a builder of a provisioner of containers on a system, such as one that another provisioner has reserved}
     * The caller closes the system, after the provisioner: closed before it, the system takes its containers along, or
     * leaves them behind if it continues to run. If it is lost, all containers are lost with that cause. The reservations
     * of the containers end with that of the system.
     *
     * @param host the system, which must have bash, coreutils and podman
     * @param image the name of the image on the host
     * @throws IllegalArgumentException if the name is blank or begins with a hyphen
     */
    public static Builder builder(Remote host, String image) {
        return new Builder(new ConnectedHost(host.connection(), host.name()), host, image);
    }

    /** {@return the end of the reservation of the host, or null if none is known} */
    @Nullable
    Instant expires() {
        Remote system = settings.system;
        return system == null ? null : system.expires();
    }

    /** {@return the name of the host of the containers; empty if it is this machine} */
    Optional<String> hostName() {
        return settings.hostName();
    }

    /** {@return the tag of all its containers, with which {@link #sweep} finds them if this program is killed} */
    public String run() {
        return run;
    }

    /**
     * Removes all containers of a run on this machine, whether its program still runs or not.
     *
     * @param run the tag of the run: {@link #run()}, and the label {@code org.atex.run} of its containers
     * @param options the options for access to podman
     * @return the names of the removed containers
     * @throws ProvisioningException if podman cannot remove them
     * @throws InterruptedException if interrupted
     */
    public static List<String> sweep(String run, PodmanOptions options) throws InterruptedException {
        return sweep(new ThisMachine(), run, options);
    }

    /**
     * Removes all containers of a run on another machine, whether its program still runs or not.
     *
     * @param host the connection to the machine
     * @param run the tag of the run: {@link #run()}, and the label {@code org.atex.run} of its containers
     * @param options the options for access to podman
     * @return the names of the removed containers
     * @throws ProvisioningException if podman cannot remove them
     * @throws InterruptedException if interrupted
     */
    public static List<String> sweep(Connection host, String run, PodmanOptions options) throws InterruptedException {
        return sweep(new ConnectedHost(host, host.toString()), run, options);
    }

    private static List<String> sweep(PodmanHost host, String run, PodmanOptions options) throws InterruptedException {
        try {
            return Container.removeRun(new Podman(host, options.program()), run);
        } catch (IOException e) {
            throw new ProvisioningException(
                    "could not remove the containers of the run " + run + " on " + host.name() + ": " + e.getMessage()
                            + FailureHints.hintFor(e)
                            + "; find them with 'podman ps --all --filter=label=" + Lease.RUN + "=" + run + "'",
                    e);
        }
    }

    @Override
    public void provision(int count) {
        systems.provision(count);
    }

    private Remote start(int number) throws InterruptedException {
        String name = Container.name(settings.image, run, number);
        try {
            PodmanConnection connection = PodmanConnection.unconnected(
                    settings.host,
                    name,
                    settings.options,
                    settings.systemd ? new SystemdBoot() : PodmanConnection.ReadinessCheck.NONE);
            return startSystem(name, connection);
        } catch (IOException | RuntimeException e) {
            throw new ProvisioningException(
                    "could not start " + settings.host.describe(name) + " of " + settings.image + ": " + e.getMessage()
                            + FailureHints.hintFor(e),
                    e,
                    hostName().orElse(null));
        }
    }

    private PodmanRemote startSystem(String name, PodmanConnection connection)
            throws IOException, InterruptedException {
        Container container = null;
        boolean complete = false;
        try {
            container = startContainer(name, connection);
            PodmanRemote remote = new PodmanRemote(
                    name, container, connection, SystemLabels.of(connection), !settings.runOptions.isEmpty(), this);
            complete = true;
            return remote;
        } finally {
            if (!complete) {
                connection.close();
                if (container != null) {
                    container.remove();
                }
            }
        }
    }

    /**
     * {@return a new container, to which the connection was connected}
     *
     * @param name the name of the container
     * @param connection a connection that has no container
     * @throws IOException if the container could not be started or connected to; it was removed then
     */
    Container startContainer(String name, PodmanConnection connection) throws IOException, InterruptedException {
        Deadline deadline = Deadline.in(settings.startWithin);
        boolean adopt = canAdopt();
        List<String> command = adopt ? connection.keepAliveCommand() : command();
        Container container = Container.start(podman, settings, name, lease, command);
        boolean connected = false;
        try {
            if (adopt) {
                connection.adopt(container.process(), deadline);
            } else {
                connection.connect(deadline);
            }
            connected = true;
            return container;
        } catch (IOException | RuntimeException e) {
            String reason = container.exitReason();
            if (reason != null) {
                throw new IOException(reason, e);
            }
            throw e;
        } finally {
            if (!connected) {
                container.remove();
            }
        }
    }

    /**
     * {@return whether the first process of the container can start the shell, which the options of the user may rule
     * out} This saves a run of {@code podman exec}.
     */
    private boolean canAdopt() {
        return settings.host instanceof ThisMachine
                && !settings.systemd
                && settings.command == null
                && settings.options.user() == null
                && settings.runOptions.stream().noneMatch(AFFECTS_HOSTNAME.asPredicate());
    }

    private List<String> command() {
        if (settings.systemd) {
            return List.of("/sbin/init");
        }
        List<String> command = settings.command;
        return command != null ? command : IDLE_COMMAND;
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
    }

    @Override
    public String toString() {
        return systems.toString();
    }

    /** Builds a provisioner. Not thread-safe. */
    public static final class Builder {
        final PodmanHost host;
        final @Nullable Remote system;
        final String image;
        final Map<String, String> labels = new HashMap<>();
        List<String> runOptions = List.of();

        @Nullable
        List<String> command;

        boolean systemd;
        PullPolicy pull = PullPolicy.MISSING;
        int cap = 4;
        int maxConcurrentStarts; // 0: by the processors of the host
        int processors = 1;
        Duration startWithin = Duration.ofMinutes(5);
        Duration lease = Duration.ofDays(7);
        PodmanOptions options = PodmanOptions.defaults();

        private Builder(PodmanHost host, @Nullable Remote system, String image) {
            if (image.isBlank() || image.startsWith("-")) {
                throw new IllegalArgumentException("invalid image name: '" + image + "'");
            }
            this.host = host;
            this.system = system;
            this.image = image;
        }

        Optional<String> hostName() {
            return host instanceof ThisMachine ? Optional.empty() : Optional.of(host.name());
        }

        int maxConcurrentStarts() {
            return maxConcurrentStarts > 0 ? maxConcurrentStarts : processors + 1;
        }

        /**
         * Sets the maximum number of systems that exist at the same time; 4 by default.
         *
         * @param most the maximum, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder maxSystems(int most) {
            cap = Arguments.atLeast(1, most, "maxSystems");
            return this;
        }

        /**
         * Sets the maximum number of systems that start at the same time; by default the number of processors
         * of the host plus one.
         *
         * @param most the maximum, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder maxConcurrentStarts(int most) {
            maxConcurrentStarts = Arguments.atLeast(1, most, "maxConcurrentStarts");
            return this;
        }

        /**
         * Sets options of {@code podman run}, for example {@code --memory=1g}. Options with which the container could
         * not be found and removed are refused: {@code --name}, {@code --replace}, {@code --rm}, {@code --detach},
         * {@code --cidfile}, {@code --pidfile}, {@code --pod=new:…}, {@code --}.
         *
         * <p>A container without a network, {@code --network=none}, starts in about half the time.
         *
         * @param words the options, one word of the command line each
         * @return this builder
         * @throws IllegalArgumentException if an option is refused; the message states the alternative
         */
        public Builder runOptions(String... words) {
            RunOptions.check(List.of(words));
            runOptions = List.of(words);
            return this;
        }

        /**
         * Sets the command of the container, which ends with it; by default a shell that waits. Without words, the
         * image determines the command.
         *
         * @param words the program and its arguments
         * @return this builder
         * @throws IllegalArgumentException if {@link #systemd} was called
         */
        public Builder command(String... words) {
            if (systemd) {
                throw new IllegalArgumentException(
                        "cannot combine command() with systemd(), which sets the command: call only one of them");
            }
            command = List.of(words);
            return this;
        }

        /**
         * Boots {@code /sbin/init} of the image, which must be systemd. A system is offered after systemd has booted,
         * and can be rebooted from inside.
         *
         * @return this builder
         * @throws IllegalArgumentException if {@link #command} was called
         */
        public Builder systemd() {
            if (command != null) {
                throw new IllegalArgumentException(
                        "cannot combine systemd() with command(), since systemd is the command: call only one of them");
            }
            systemd = true;
            return this;
        }

        /**
         * Sets when the image is pulled from a registry; by default if there is no local image.
         *
         * @param policy the policy
         * @return this builder
         */
        public Builder pull(PullPolicy policy) {
            pull = policy;
            return this;
        }

        /**
         * Sets the time limit for the start of a system until it answers, including pulling its image; 5 minutes by
         * default.
         *
         * @param limit the limit, positive
         * @return this builder
         * @throws IllegalArgumentException if the limit is not positive
         */
        public Builder startWithin(Duration limit) {
            startWithin = Arguments.positive(limit, "startWithin");
            return this;
        }

        /**
         * Adds a label to every system.
         *
         * @param name the name of the label
         * @param value the value of the label
         * @return this builder
         */
        public Builder label(String name, String value) {
            labels.put(name, value);
            return this;
        }

        /**
         * Sets the program that runs podman and the user of commands. The time limit for connecting is that of
         * {@link #startWithin}.
         *
         * @param how the options
         * @return this builder
         */
        public Builder options(PodmanOptions how) {
            options = how;
            return this;
        }

        /**
         * Sets how long a container is needed at most; 7 days by default. After that, the next provisioner that is
         * created for the host removes it, also if another program has started it.
         *
         * @param longest the time from the start of a container, at least 1 s
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1 s
         */
        public Builder lease(Duration longest) {
            if (longest.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("lease must be at least 1 s, not " + longest);
            }
            lease = longest;
            return this;
        }

        /**
         * Creates the provisioner. Removes containers left behind by processes that have ended, and containers with a
         * lease that is over. On another host, only processes of this machine since its last boot are known to have
         * ended.
         *
         * @return the provisioner
         * @throws ProvisioningException if podman does not work on the host
         * @throws InterruptedException if interrupted
         */
        public PodmanProvisioner build() throws InterruptedException {
            try {
                Container.removeLeftovers(new Podman(host, options.program()));
                processors = host.processors();
            } catch (IOException e) {
                throw new ProvisioningException(
                        "podman does not work on " + host.name() + ": " + e.getMessage() + FailureHints.hintFor(e),
                        e,
                        hostName().orElse(null));
            }
            return new PodmanProvisioner(this);
        }
    }
}
