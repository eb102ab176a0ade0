package org.atex.libvirt;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Capability;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.provision.Provisioners;
import org.atex.provision.SystemLabels;
import org.atex.support.Arguments;
import org.atex.support.LeaseEnd;
import org.atex.support.SystemOwner;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Provisions virtual machines of libvirt on a host that any {@link Connection} reaches. Each has overlays over the disks
 * of an image or of a domain, which are not written to, and is removed when its system is closed.
 *
 * <p>The host needs bash, coreutils, {@code virsh} and {@code qemu-img}. {@link GuestTemplate} determine the virtual
 * machines.
 *
 * <p>A system is lost at once if its kernel panics, if its process ends, or if the connection to the host is lost; the
 * exception has the reason.
 *
 * <p>Domains carry a lease in their metadata: the process that started them, the run, and a deadline. {@link
 * Builder#build} removes virtual machines and files left behind by processes that have ended, or with a past deadline.
 *
 * <p>{@link Remote#reset()} replaces the virtual machine by one with fresh overlays.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}. The connection to the host remains open.
 */
public final class LibvirtProvisioner implements Provisioner {
    private static final Logger LOG = LoggerFactory.getLogger(LibvirtProvisioner.class);
    private static final Duration REMOVAL_WITHIN = Duration.ofMinutes(2);

    /** Memory of the host that a virtual machine needs besides its own, in MiB. */
    private static final int OVERHEAD = 64;

    private static final String OPEN = """
        mkdir -p "$ATEX_DIR" && chmod 711 "$ATEX_DIR" || exit
        if [[ ! -O $ATEX_DIR ]]; then echo "$ATEX_DIR belongs to another user" >&2; exit 1; fi
        new=$ATEX_DIR/.new-$1
        mkdir -m 711 "$new" && printf '%s\\n' "$2" "$3" >"$new/owner" && mv "$new" "$ATEX_DIR/$1"
        echo "$EUID"
        v version --daemon | sed -n 's/^Running against daemon: \\([0-9.]*[0-9]\\)$/\\1/p'
        """;

    private final Builder settings;
    private final GuestTemplate template;
    private final LibvirtHost host;
    private final String run;
    private final Launcher launcher;
    private final ReentrantLock first = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Provisioner systems;

    private volatile @Nullable DomainType type;
    private volatile @Nullable Frozen frozen;
    private volatile Map<String, String> frozenLabels = Map.of();

    private LibvirtProvisioner(Builder settings, LibvirtHost host, String run, Launcher launcher, int most) {
        this.settings = settings;
        this.host = host;
        this.run = run;
        this.launcher = launcher;
        template = settings.template;
        type = template.recorded ? DomainType.QEMU : template.type == DomainType.PROVEN ? null : template.type;
        systems = Provisioners.builder(number -> make())
                .name("virtual machines of " + template.source())
                .maxSystems(most)
                .maxConcurrentStarts(settings.maxConcurrentStarts)
                // The start has its own time limits, after which it still removes its virtual machine.
                .startWithin(settings.startWithin
                        .multipliedBy(2)
                        .plus(template.proveWithin)
                        .plus(REMOVAL_WITHIN))
                .label("image", template.source())
                .label(Capability.THROWAWAY, "yes")
                .label(Capability.RESET, "fresh")
                .checkResets(false) // LibvirtRemote looks for a file that was synced to the disk
                .label(Capability.REBOOT, "yes")
                .labels(settings.labels)
                .build();
    }

    /**
     * {@return a builder of a provisioner}
     *
     * @param host the connection to the host
     * @param template the virtual machines
     */
    public static Builder builder(Connection host, GuestTemplate template) {
        return new Builder(host, host.toString(), template);
    }

    /**
     * {@return a builder of a provisioner of virtual machines on a system, such as one of another provisioner}
     *
     * @param host the system; when it is lost, its virtual machines are lost with that cause
     * @param template the virtual machines
     */
    public static Builder builder(Remote host, GuestTemplate template) {
        return new Builder(host.connection(), host.name(), template);
    }

    /** {@return the tag of all its virtual machines, with which {@link #sweep} finds them if this program is killed} */
    public String run() {
        return run;
    }

    /**
     * Removes all virtual machines and files of a run on a host, whether its program still runs or not.
     *
     * @param host the connection to the host
     * @param template the template, of which the directory and the URI count
     * @param run the tag of the run: {@link #run()}
     * @return the names of the removed domains, and the run if anything was removed
     * @throws ProvisioningException if they cannot be removed
     * @throws InterruptedException if interrupted
     */
    public static List<String> sweep(Connection host, GuestTemplate template, String run) throws InterruptedException {
        return Sweep.remove(
                new LibvirtHost(host, template), lease -> lease.run().equals(run));
    }

    /**
     * Removes the virtual machines and files of all processes of this machine that have ended, and those with a past
     * deadline.
     *
     * @param host the connection to the host
     * @param template the template, of which the directory and the URI count
     * @return the names of the removed domains, and the runs
     * @throws ProvisioningException if they cannot be removed
     * @throws InterruptedException if interrupted
     */
    public static List<String> sweep(Connection host, GuestTemplate template) throws InterruptedException {
        return Sweep.remove(new LibvirtHost(host, template), Lease::isOver);
    }

    String hostName() {
        return settings.hostName;
    }

    private Remote make() throws IOException, InterruptedException {
        Started started = launch(Launcher.Replaced.NONE);
        boolean complete = false;
        try {
            Frozen state = frozen;
            Map<String, String> labels = state == null ? SystemLabels.of(started.connection()) : frozenLabels;
            LibvirtRemote remote = new LibvirtRemote(this, started, labels);
            complete = true;
            return remote;
        } finally {
            if (!complete) {
                started.discard();
            }
        }
    }

    /**
     * Starts a virtual machine and connects to it.
     *
     * @param old the virtual machine in whose place it is started
     * @throws IOException if its definition is not usable
     * @throws ProvisioningException if it does not start
     */
    Started launch(Launcher.Replaced old) throws IOException, InterruptedException {
        if (template.preparation == null) {
            return boot(old);
        }
        return template.recorded ? bootPrepared(old) : launcher.fork(freezeOnce(), old);
    }

    /** A frozen state cannot be recorded from. */
    private Started bootPrepared(Launcher.Replaced old) throws IOException, InterruptedException {
        Started started = boot(old);
        boolean complete = false;
        try {
            prepare(started.connection());
            complete = true;
            return started;
        } finally {
            if (!complete) {
                started.discard();
            }
        }
    }

    private Started boot(Launcher.Replaced old) throws IOException, InterruptedException {
        DomainType known = type;
        if (known != null) {
            return launcher.boot(known, settings.startWithin, old);
        }
        first.lockInterruptibly();
        try {
            known = type;
            return known != null ? launcher.boot(known, settings.startWithin, old) : prove();
        } finally {
            first.unlock();
        }
    }

    /** Boots with the hardware, and by emulation if that fails. */
    private Started prove() throws IOException, InterruptedException {
        try {
            Started started = launcher.boot(DomainType.KVM, template.proveWithin, Launcher.Replaced.NONE);
            type = DomainType.KVM;
            return started;
        } catch (ProvisioningException e) {
            LOG.warn(
                    "{} emulates virtual machines, since none booted with KVM within {}: {}",
                    host,
                    template.proveWithin,
                    e.getMessage());
            type = DomainType.QEMU;
            return launcher.boot(DomainType.QEMU, settings.startWithin, Launcher.Replaced.NONE);
        }
    }

    /** {@return the frozen state, which the first caller makes} */
    private Frozen freezeOnce() throws IOException, InterruptedException {
        Frozen state = frozen;
        if (state != null) {
            return state;
        }
        first.lockInterruptibly();
        try {
            state = frozen;
            return state != null ? state : freeze();
        } finally {
            first.unlock();
        }
    }

    private Frozen freeze() throws IOException, InterruptedException {
        try {
            Frozen state = launcher.freeze(provenType(), guest -> {
                prepare(guest);
                frozenLabels = SystemLabels.of(guest);
            });
            frozen = state;
            return state;
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e); // prepare() throws no others
        }
    }

    private DomainType provenType() throws IOException, InterruptedException {
        DomainType known = type;
        if (known != null) {
            return known;
        }
        Started proof = prove();
        proof.discard();
        return type == DomainType.KVM ? DomainType.KVM : DomainType.QEMU;
    }

    private void prepare(Connection guest) throws InterruptedException {
        try {
            if (template.preparation != null) {
                template.preparation.prepare(guest);
            }
        } catch (InterruptedException | ProvisioningException e) {
            throw e;
        } catch (Exception e) {
            throw new ProvisioningException(
                    "could not prepare the first virtual machine of " + template.source() + ": " + e.getMessage(),
                    e,
                    hostName());
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
        if (!closed.getAndSet(true)) {
            LibvirtHost.release(
                    "close-" + run,
                    () -> host.run("remove the directory of the run " + run, "rm -rf \"$ATEX_DIR/$1\"", run),
                    reason -> LOG.warn("files of the run {} may be left on {}: {}", run, host, reason));
        }
    }

    @Override
    public String toString() {
        return systems.toString();
    }

    /** Builds a provisioner. Not thread-safe. */
    public static final class Builder {
        final Connection host;
        final String hostName;
        final GuestTemplate template;
        final Map<String, String> labels = new HashMap<>();
        String definition = "";
        int cap = 4;
        int memoryLimit;
        int maxConcurrentStarts = Runtime.getRuntime().availableProcessors() + 1;
        Duration startWithin = Duration.ofMinutes(5);
        Duration lease = Duration.ofDays(7);

        private Builder(Connection host, String hostName, GuestTemplate template) {
            this.host = host;
            this.hostName = hostName;
            this.template = template;
        }

        /**
         * Sets the maximum number of systems that exist at the same time; 4 by default. The memory of the host may allow
         * fewer.
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
         * Sets the maximum number of systems that start at the same time; by default the number of processors of this
         * machine plus one.
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
         * Sets the memory of the host that all systems may use together; by default the memory that is available when
         * the provisioner is created. Each system counts with its memory and 64 MiB.
         *
         * @param mebibytes the memory in MiB, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder memoryLimit(int mebibytes) {
            memoryLimit = Arguments.atLeast(1, mebibytes, "memoryLimit");
            return this;
        }

        /**
         * Sets the time limit for the start of a system until it answers; 5 minutes by default.
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
         * Sets how long a virtual machine is needed at most; 7 days by default. After that, the next provisioner that is
         * created for the host removes it, also if another program has started it.
         *
         * @param longest the time from the start of a virtual machine, at least 1 s
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
         * Creates the provisioner. Removes virtual machines and files left behind by processes that have ended, and those
         * with a past deadline.
         *
         * @return the provisioner
         * @throws IllegalArgumentException if the virtual machines are to be recorded, but cannot
         * @throws ProvisioningException if libvirt does not work on the host, the domain is missing or not shut off, or
         *     the memory does not suffice for one system
         * @throws InterruptedException if interrupted
         */
        public LibvirtProvisioner build() throws InterruptedException {
            if (template.recorded) {
                refuseUnrecordable();
            }
            LibvirtHost machines = new LibvirtHost(host, template);
            var unusedNames = Sweep.remove(machines, Lease::isOver);
            try {
                definition = definition(machines);
            } catch (IOException e) {
                throw new ProvisioningException(
                        "could not use " + template.source() + " on " + hostName + ": " + e.getMessage(), e, hostName);
            }
            int most = Math.min(cap, possible(machines));
            String run = String.format("%08x", ThreadLocalRandom.current().nextInt());
            List<String> facts = machines.run(
                            "create the directory " + template.directory,
                            OPEN,
                            run,
                            SystemOwner.current(),
                            LeaseEnd.in(lease))
                    .lines()
                    .toList();
            String version = facts.size() > 1 ? facts.get(1) : "";
            Launcher launcher = new Launcher(this, machines, run, version, socketsReachable(facts.getFirst()));
            return new LibvirtProvisioner(this, machines, run, launcher, most);
        }

        private void refuseUnrecordable() {
            if (template.domain != null) {
                throw new IllegalArgumentException("the domain " + template.domain
                        + " cannot be recorded, since it may have devices that QEMU does not record: use the template of an"
                        + " image or a kernel");
            }
            if (template.connector.usesSerialPort()) {
                throw new IllegalArgumentException("virtual machines of " + template.source()
                        + " cannot be recorded, since QEMU does not record the input of their serial port: use"
                        + " GuestConnector.ssh");
            }
        }

        /** {@return whether this program may connect to Unix sockets that libvirt creates: those of a daemon are root's} */
        private boolean socketsReachable(String user) {
            boolean session = template.uri == null || template.uri.contains("/session");
            return host.isThisMachine() && (user.equals("0") || session);
        }

        private String definition(LibvirtHost machines) throws IOException, InterruptedException {
            if (template.domain == null) {
                return DomainXml.of(template).toString();
            }
            String state = machines.run("find the domain " + template.domain, "v domstate -- \"$1\"", template.domain)
                    .strip();
            if (!state.equals("shut off")) {
                throw new IOException(
                        "the domain must be shut off, since its disks are read, but it is " + state + ": stop it");
            }
            return machines.run(
                    "read the domain " + template.domain, "v dumpxml --inactive -- \"$1\"", template.domain);
        }

        private int memory() {
            try {
                return template.domain == null
                        ? template.memory
                        : DomainXml.parse(definition).memory();
            } catch (IOException e) {
                throw new ProvisioningException(
                        "could not use " + template.source() + " on " + hostName + ": " + e.getMessage(), e, hostName);
            }
        }

        /** {@return how many systems the memory allows} */
        private int possible(LibvirtHost machines) throws InterruptedException {
            long available = memoryLimit;
            if (available == 0) {
                String text = machines.run(
                        "read the available memory", "sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo");
                available = Long.parseLong(text.strip()) / 1024;
            }
            int each = memory() + OVERHEAD;
            int possible = (int) Math.min(Integer.MAX_VALUE, available / each);
            if (possible < 1) {
                throw new ProvisioningException(
                        "a system of " + template.source() + " needs " + each + " MiB, but "
                                + (memoryLimit == 0
                                        ? hostName + " has " + available + " MiB left"
                                        : "memoryLimit is " + memoryLimit + " MiB")
                                + ": set less with GuestTemplate.withMemory, or use a larger host",
                        null,
                        hostName);
            }
            if (possible < cap) {
                LOG.info(
                        "{} systems of {} at the same time instead of {}, since {} MiB of memory are available",
                        possible,
                        template.source(),
                        cap,
                        available);
            }
            return possible;
        }
    }
}
