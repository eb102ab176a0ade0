package org.atex.libvirt;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.atex.api.Capability;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.libvirt.DomainLocks.Lock;
import org.atex.provision.Provisioners;
import org.atex.support.Arguments;
import org.atex.support.Deadline;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Provisions the predefined domains of a host that several programs share, possibly on several machines. A program locks
 * a domain while it uses it. Each system is a virtual machine of a {@link LibvirtProvisioner} like the domain, with
 * overlays of its disks.
 *
 * <p>Locks are files in a directory of the host, which every program names. They survive the end of a connection and of
 * a program. The provisioner renews them; a lock that is not renewed ends after the {@linkplain Builder#lease lease}, and
 * the next program takes it and removes the virtual machine that is left. If a lock is taken or its time is over, the
 * system is lost with that reason.
 *
 * <p>A request waits while all domains are locked, up to {@link Builder#lockWithin}. A domain that does not start costs
 * one request; the next request prefers the others.
 *
 * <p>The host needs {@code flock} (util-linux) besides the programs of {@link LibvirtProvisioner}. If the programs run as
 * several users, the directory of locks must be writable for all of them and not sticky, and each user needs a
 * {@linkplain GuestTemplate#withDirectory directory} of his own for virtual machines.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}. The connection to the host remains open.
 */
public final class SharedDomainsProvisioner implements Provisioner {
    private static final Logger LOG = LoggerFactory.getLogger(SharedDomainsProvisioner.class);
    private static final Duration LOOK_AGAIN_AFTER = Duration.ofSeconds(2);
    private static final Duration REMOVAL_WITHIN = Duration.ofMinutes(5);

    private final Builder settings;
    private final DomainLocks locks;
    private final LockKeeper keeper;
    private final Provisioner systems;
    /** The names of the domains, in the order in which they are tried. */
    private final List<String> order;

    private SharedDomainsProvisioner(Builder settings, DomainLocks locks) {
        this.settings = settings;
        this.locks = locks;
        keeper = new LockKeeper(locks, settings.lease);
        order = new CopyOnWriteArrayList<>(settings.domains.keySet());
        systems = Provisioners.builder(number -> make())
                .name("shared domains of " + settings.hostName)
                .maxSystems(Math.min(settings.cap, order.size()))
                // Each step has its own time limit.
                .startWithin(settings.lockWithin.plus(startWithin()))
                .label(Capability.THROWAWAY, "yes")
                .label(Capability.RESET, "fresh")
                .label(Capability.REBOOT, "yes")
                .labels(settings.labels)
                .build();
    }

    private Duration startWithin() {
        return settings.startWithin.multipliedBy(2).plus(REMOVAL_WITHIN);
    }

    /**
     * {@return a builder of a provisioner}
     *
     * @param host the connection to the host
     * @param lockDirectory the directory of the locks on the host, created if it is missing
     * @param domains templates {@linkplain GuestTemplate#domain of domains}, with the same directory and URI
     * @throws IllegalArgumentException if there is no template, one is not of a domain, two are of the same domain, their
     *     directories or URIs differ, or the directory of locks is not absolute
     */
    public static Builder builder(Connection host, String lockDirectory, Collection<GuestTemplate> domains) {
        return new Builder(host, host.toString(), lockDirectory, domains);
    }

    /**
     * {@return a builder of a provisioner of the domains of a system, such as one of another provisioner}
     *
     * @param host the system; when it is lost, its virtual machines are lost with that cause
     * @param lockDirectory the directory of the locks on the host, created if it is missing
     * @param domains templates {@linkplain GuestTemplate#domain of domains}, with the same directory and URI
     * @throws IllegalArgumentException as for the other method
     */
    public static Builder builder(Remote host, String lockDirectory, Collection<GuestTemplate> domains) {
        return new Builder(host.connection(), host.name(), lockDirectory, domains);
    }

    /**
     * {@return the locks of all programs}
     *
     * @throws ProvisioningException if they cannot be read
     * @throws InterruptedException if interrupted
     */
    public List<DomainLock> locks() throws InterruptedException {
        return locks.list();
    }

    /**
     * Removes the lock of a domain, whoever holds it, for example because its holder has ended. The holder loses the
     * system.
     *
     * @param domain the name of the domain
     * @throws ProvisioningException if it is not locked, or the lock cannot be removed
     * @throws InterruptedException if interrupted
     */
    public void unlock(String domain) throws InterruptedException {
        locks.unlock(domain);
    }

    private Remote make() throws InterruptedException {
        Lock domain = acquire();
        // Renewed from here on: removing what another program has left may take longer than the lease.
        CompletableFuture<String> lost = keeper.keep(domain);
        LibvirtProvisioner machines = null;
        boolean complete = false;
        try {
            GuestTemplate template = Objects.requireNonNull(settings.domains.get(domain.domain()));
            removeLeft(domain, template);
            machines = LibvirtProvisioner.builder(settings.host, template)
                    .maxSystems(1)
                    .startWithin(settings.startWithin)
                    .build();
            locks.noteRun(domain, machines.run());
            machines.provision(1);
            SharedRemote system =
                    system(domain, machines, machines.take(startWithin()).orThrow());
            var unused = lost.thenAccept(system::lose);
            complete = true;
            return system;
        } finally {
            if (!complete) {
                order.remove(domain.domain());
                order.add(domain.domain()); // the next request tries the others first
                end(domain, machines);
            }
        }
    }

    private SharedRemote system(Lock domain, LibvirtProvisioner machines, Remote machine) {
        return new SharedRemote(domain.domain(), machine, () -> end(domain, machines));
    }

    /** Waits for a domain that is not locked. */
    private Lock acquire() throws InterruptedException {
        Deadline deadline = Deadline.in(settings.lockWithin);
        while (true) {
            Optional<Lock> domain = locks.acquire(order);
            if (domain.isPresent()) {
                return domain.get();
            }
            if (deadline.isOver()) {
                throw new ProvisioningException(
                        "no domain of " + settings.hostName + " was free within " + settings.lockWithin
                                + ", the limit lockWithin; locked are " + locks.list(),
                        null,
                        settings.hostName);
            }
            Thread.sleep(LOOK_AGAIN_AFTER);
        }
    }

    private void removeLeft(Lock domain, GuestTemplate template) throws InterruptedException {
        String run = domain.formerRun();
        if (run != null) {
            LOG.info("removing the virtual machine that the last holder of the domain {} has left", domain.domain());
            var unused = LibvirtProvisioner.sweep(settings.host, template, run);
        }
    }

    /** Ends the virtual machine, and then the lock. Failures are logged. */
    private void end(Lock domain, @Nullable LibvirtProvisioner machines) {
        if (machines != null) {
            machines.close();
        }
        keeper.drop(domain);
        LibvirtHost.release(
                "unlock-" + domain.domain(),
                () -> locks.release(domain),
                reason -> LOG.warn(
                        "the domain {} stays locked for up to {} s: {}",
                        domain.domain(),
                        settings.lease.toSeconds(),
                        reason));
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
        keeper.close();
    }

    @Override
    public String toString() {
        return systems.toString();
    }

    /** Builds a provisioner. Not thread-safe. */
    public static final class Builder {
        private final Connection host;
        private final String hostName;
        private final String lockDirectory;
        private final Map<String, GuestTemplate> domains = new LinkedHashMap<>();
        private final Map<String, String> labels = new HashMap<>();
        private int cap = Integer.MAX_VALUE;
        private Duration lockWithin = Duration.ofHours(1);
        private Duration lease = Duration.ofMinutes(10);
        private Duration startWithin = Duration.ofMinutes(5);

        private Builder(Connection host, String hostName, String lockDirectory, Collection<GuestTemplate> templates) {
            this.host = host;
            this.hostName = hostName;
            if (!lockDirectory.startsWith("/")) {
                throw new IllegalArgumentException(
                        "the directory of locks must be an absolute path on the host, not '" + lockDirectory + "'");
            }
            this.lockDirectory = lockDirectory;
            templates.forEach(this::add);
            if (domains.isEmpty()) {
                throw new IllegalArgumentException("there is no domain: give at least one");
            }
        }

        private void add(GuestTemplate template) {
            String name = template.domain;
            if (name == null || name.contains("/") || name.lines().count() > 1) {
                throw new IllegalArgumentException(
                        "a template of a domain is needed (GuestTemplate.domain), not of " + template.source());
            }
            if (domains.put(name, template) != null) {
                throw new IllegalArgumentException("the domain " + name + " is given twice");
            }
            GuestTemplate first = domains.values().iterator().next();
            if (!Objects.equals(first.uri, template.uri) || !first.directory.equals(template.directory)) {
                throw new IllegalArgumentException("the domains " + first.domain + " and " + name
                        + " must have the same URI and the same directory: create a provisioner for each");
            }
        }

        /**
         * Sets the maximum number of systems that exist at the same time, to leave domains to others; by default the
         * number of domains.
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
         * Sets how long a request waits for a domain that is not locked; 1 hour by default.
         *
         * @param limit the limit, positive
         * @return this builder
         * @throws IllegalArgumentException if the limit is not positive
         */
        public Builder lockWithin(Duration limit) {
            lockWithin = Arguments.positive(limit, "lockWithin");
            return this;
        }

        /**
         * Sets how long the lock of a program lasts that does not renew it any more, because it was killed or cannot
         * reach the host; 10 minutes by default. Locks are renewed three times in this time.
         *
         * @param time the time, at least 3 s
         * @return this builder
         * @throws IllegalArgumentException if it is less than 3 s
         */
        public Builder lease(Duration time) {
            if (time.compareTo(Duration.ofSeconds(3)) < 0) {
                throw new IllegalArgumentException("lease must be at least 3 s, not " + time);
            }
            lease = time;
            return this;
        }

        /**
         * Sets the time limit for the start of a system until it answers, after its domain is locked; 5 minutes by
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
         * Creates the provisioner.
         *
         * @return the provisioner
         * @throws ProvisioningException if the directory of locks cannot be used
         * @throws InterruptedException if interrupted
         */
        public SharedDomainsProvisioner build() throws InterruptedException {
            GuestTemplate any = domains.values().iterator().next();
            DomainLocks locks = new DomainLocks(new LibvirtHost(host, any), lockDirectory, lease);
            List<DomainLock> others = locks.list();
            if (!others.isEmpty()) {
                LOG.info("locked domains of {}: {}", hostName, others);
            }
            return new SharedDomainsProvisioner(this, locks);
        }
    }
}
