package org.atex.ssh;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.SystemHook;
import org.atex.support.Arguments;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Provides the hosts of a {@link HostSource} as systems, connected to over ssh. It takes a host from the source when a
 * system is requested, connects to many hosts at once, and offers each as soon as it is connected.
 *
 * <p>When a system is closed, the provisioner checks that the host still answers, runs the clean-up hook if there is
 * one, and then uses the host for another system, over a new connection. A host that fails is quarantined and tried
 * again after growing pauses; after a number of failures in a row it is given up. Another host takes its place if there
 * is one. Otherwise, or if the host is given up, {@link Offer.Failed} names the host and the reason.
 * {@link #quarantined()} lists all hosts that are out of service. When all hosts are given up and the source has ended,
 * the offer is {@link Offer.Exhausted}.
 *
 * <p>The name of a system is the address of its host, with the port unless it is 22, and with {@code #2} and so on when
 * the host is used again. {@link org.atex.api.Remote#host()} is the name without that number, and with the jump host if
 * there is one; a failed offer has the same name. Labels are {@link Host#labels()}, slots {@link Host#slots()}.
 *
 * <p>Lifecycle: {@link #close()} gives all hosts back and closes the source. Signals do not: to give hosts back on
 * Ctrl-C, call {@code close} from a shutdown hook, or stop the run on signals.
 *
 * <p>Thread safety is that of {@link Provisioner}.
 */
public final class SshProvisioner implements Provisioner {
    private static final Logger LOG = LoggerFactory.getLogger(SshProvisioner.class);
    /** The longest wait for the source in one call; it only bounds the time between log entries. */
    private static final Duration SOURCE_POLL = Duration.ofMinutes(10);

    /** The longest quarantine. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    /** How long interrupted threads may take to end. */
    private static final Duration CANCELLATION = Duration.ofSeconds(5);

    /** The part of the time to close that is not clean-up: ending threads and closing the source. */
    private static final Duration CLOSING = Duration.ofMinutes(1);

    private final HostSource source;
    private final Connector connector;
    private final Builder settings;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final HostPool pool = new HostPool();
    private final Thread feeder;
    private final Thread closer;
    /**
     * The number of requested systems that have been neither handed out nor reported as failed. Guarded by the lock.
     */
    private int requested;

    /** The reason for which the source has no more hosts, or null. Guarded by the lock. */
    private @Nullable String ended;

    private boolean closed;

    private SshProvisioner(Builder settings) {
        this.source = settings.source;
        this.connector = settings.connector;
        this.settings = settings;
        this.feeder = Threads.unstarted("hosts", this::feed);
        this.closer = Threads.unstarted("close-hosts", this::giveBackAll);
    }

    /**
     * {@return a builder of a provisioner}
     *
     * @param source the source of the hosts, which the provisioner closes
     * @param options the options for connections; the builder's {@code connectWithin} replaces theirs
     */
    public static Builder builder(HostSource source, SshOptions options) {
        return builder(
                source,
                (host, within) ->
                        SshConnection.open(host, options.withConnectWithin(within), Dialer.Retry.FAILED_PROXY));
    }

    /**
     * {@return a builder of a provisioner}
     *
     * @param source the source of the hosts, which the provisioner closes
     * @param connector connects to hosts
     */
    static Builder builder(HostSource source, Connector connector) {
        return new Builder(source, connector);
    }

    @Override
    public void provision(int count) {
        Arguments.checkRequested(count);
        lock.lock();
        try {
            refuseIfClosed();
            // The sum saturates in place of an overflow.
            requested = requested > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : requested + count;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    /** Takes hosts from the source while fewer are connected or connecting than requested. Run by {@link #feeder}. */
    private void feed() {
        try {
            while (awaitShortage()) {
                switch (source.take(SOURCE_POLL)) {
                    case HostSource.Next.Found(Host host) -> addHost(host);
                    case HostSource.Next.Ended(String why) -> {
                        sourceEnded(why);
                        return;
                    }
                    case HostSource.Next.None() -> LOG.debug("{} has no host yet", source);
                }
            }
        } catch (InterruptedException e) {
            LOG.trace("no more hosts are taken from {}", source);
        } catch (RuntimeException e) {
            sourceEnded(source + " failed: " + e.getMessage());
        }
    }

    private boolean awaitShortage() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && shortage() <= 0) {
                changed.await();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private int shortage() {
        return requested - pool.connecting.size() - pool.ready.size();
    }

    private void addHost(Host host) {
        lock.lock();
        try {
            pool.add(host);
            // Another host replaces the failed one, so its failure is not offered.
            pool.unreported = null;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    private void sourceEnded(String why) {
        lock.lock();
        try {
            if (!closed) {
                LOG.info("no more hosts: {}", why);
            }
            ended = why;
            offerFailure();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Connects to free hosts while systems are missing. The caller holds the lock. */
    private void dispatch() {
        while (!closed && shortage() > 0 && !pool.free.isEmpty()) {
            PooledHost next = pool.free.remove();
            next.state = PooledHost.State.CONNECTING;
            Thread thread = Threads.unstarted("connect-" + next.host, () -> connect(next));
            pool.connecting.put(next, thread);
            thread.start();
        }
        changed.signalAll();
    }

    private void connect(PooledHost member) {
        try {
            Connection connection = connector.connect(member.host, settings.connectWithin);
            SshRemote remote = connected(member, connection);
            // clear() or close() ran while this thread was connecting.
            if (remote == null) {
                connection.close();
                returnUnneeded(member);
            }
        } catch (InterruptedException e) {
            returnUnneeded(member); // the system is no longer requested
        } catch (RuntimeException e) {
            LOG.debug("could not connect to {}", member.host, e);
            recordFailure(member, "could not connect to " + member.host + ": " + e.getMessage(), e);
        }
    }

    /** {@return the system to hand out, or null if it is no longer requested} */
    private @Nullable SshRemote connected(PooledHost member, Connection connection) {
        lock.lock();
        try {
            // clear() has removed it if the system is no longer requested.
            if (pool.connecting.remove(member) == null || closed) {
                return null;
            }
            SshRemote remote = new SshRemote(pool.nextName(member.host), member, connection, this::giveBack);
            member.state = PooledHost.State.READY;
            pool.ready.add(remote);
            changed.signalAll();
            return remote;
        } finally {
            lock.unlock();
        }
    }

    private void returnUnneeded(PooledHost member) {
        lock.lock();
        try {
            pool.connecting.remove(member);
            pool.free(member);
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    private void recordFailure(PooledHost member, String why, @Nullable Throwable cause) {
        boolean givenUp;
        lock.lock();
        try {
            Thread connecting = pool.connecting.remove(member);
            boolean wanted = connecting != null;
            pool.leave(connecting);
            boolean newReason = member.recordFailure(why);
            givenUp = member.failures() >= settings.maxAttempts;
            Duration pause = member.pause(settings.retryDelay, LONGEST_PAUSE);
            String next = givenUp ? "it is given up" : "it is tried again in " + pause.toMillis() + " ms";
            String message = why + " (failure " + member.failures() + " of " + settings.maxAttempts + ": " + next + ")";
            if (newReason && !closed) {
                LOG.warn("{}", message);
            }
            member.state = givenUp ? PooledHost.State.GIVEN_UP : PooledHost.State.QUARANTINED;
            if (!givenUp && !closed) {
                pool.waiting.add(Threads.start("quarantine-" + member.host, () -> release(member, pause)));
            }
            if (givenUp || wanted && pool.free.isEmpty()) {
                pool.unreported = new ProvisioningException(message, cause, member.host.machine());
                // The source may still provide another host: a temporary failure is held back until it has ended.
                if (givenUp || ended != null) {
                    offerFailure();
                }
            }
            dispatch();
        } finally {
            lock.unlock();
        }
        if (givenUp) {
            // Outside the lock: it may block.
            source.giveBack(member.host, false);
        }
    }

    /** Offers the failure that was held back, in place of a requested system. The caller holds the lock. */
    private void offerFailure() {
        if (requested > 0 && pool.unreported != null) {
            requested--;
            pool.failed.add(pool.unreported);
        }
        pool.unreported = null;
    }

    private void release(PooledHost member, Duration pause) {
        try {
            Thread.sleep(pause);
            lock.lock();
            try {
                pool.waiting.remove(Thread.currentThread());
                pool.free(member);
                dispatch();
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            LOG.trace("{} stays in quarantine", member.host);
        }
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                refuseIfClosed();
                Offer offer = offer();
                if (offer != null) {
                    return offer;
                }
                if (nanos <= 0) {
                    return new Offer.None();
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Offer offer() {
        SshRemote remote = pool.ready.poll();
        if (remote != null) {
            requested--;
            remote.pooled().state = PooledHost.State.TAKEN;
            pool.taken.add(remote);
            return new Offer.Ready(remote);
        }
        ProvisioningException failure = pool.failed.poll();
        if (failure != null) {
            return new Offer.Failed(failure);
        }
        return requested > 0 && ended != null && pool.allGivenUp()
                ? new Offer.Exhausted("no host is left: " + ended + describeOutOfService())
                : null;
    }

    private String describeOutOfService() {
        List<QuarantinedHost> all = pool.outOfService();
        return all.isEmpty()
                ? ""
                : all.stream().limit(10).map(String::valueOf).collect(Collectors.joining(", ", "; ", ""))
                        + (all.size() > 10 ? " and " + (all.size() - 10) + " more" : "");
    }

    private void giveBack(SshRemote remote) {
        Host host = remote.pooled().host;
        SystemHook cleanUp = settings.cleanUp;
        // During close a host is not checked unless it is cleaned up: no other test will use it here.
        String problem = isClosed() && cleanUp == null
                ? HostCleanUp.closeOnly(host, remote.connection())
                : HostCleanUp.checkAndClose(host, remote, cleanUp, settings.cleanUpWithin);
        lock.lock();
        try {
            pool.taken.remove(remote);
            if (problem == null) {
                remote.pooled().resetFailures();
                pool.free(remote.pooled());
                dispatch();
                return;
            }
        } finally {
            lock.unlock();
        }
        recordFailure(remote.pooled(), host + " cannot be used again: " + problem, null);
    }

    @Override
    public void clear() {
        List<SshRemote> unwanted;
        lock.lock();
        try {
            requested = 0;
            pool.failed.clear();
            // Ready systems count as taken until they are closed, so that close() waits for them.
            unwanted = new ArrayList<>(pool.ready);
            pool.ready.clear();
            pool.taken.addAll(unwanted);
            pool.connecting.keySet().forEach(member -> member.state = PooledHost.State.LEAVING);
            // A thread that is no longer in the map discards its connection: see connected().
            pool.connecting.values().forEach(Thread::interrupt);
            pool.connecting.values().forEach(pool::leave);
            pool.connecting.clear();
        } finally {
            lock.unlock();
        }
        // Closing checks the host and may take a while; this method does not wait for it.
        unwanted.forEach(remote -> Threads.start("unwanted-" + remote, remote::close));
    }

    @Override
    public Map<String, String> labels() {
        return source.labels();
    }

    /** {@return the hosts that are out of service now, quarantined or given up} */
    public List<QuarantinedHost> quarantined() {
        lock.lock();
        try {
            return pool.outOfService();
        } finally {
            lock.unlock();
        }
    }

    /** {@inheritDoc} Hosts are cleaned up in parallel, each within the time limit; then the source is closed. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                changed.signalAll();
                closer.start();
            }
        } finally {
            lock.unlock();
        }
        // Every caller waits until closing is complete. A thread of its own does the work, so that an interrupt of a
        // caller does not shorten it.
        Threads.join(List.of(closer), settings.cleanUpWithin.plus(CLOSING));
    }

    private void giveBackAll() {
        clear();
        List<Thread> threads;
        List<SshRemote> taken;
        lock.lock();
        try {
            threads = new ArrayList<>(pool.waiting);
            threads.addAll(pool.leaving);
            threads.add(feeder);
            taken = List.copyOf(pool.taken);
        } finally {
            lock.unlock();
        }
        // Outside the lock, which these threads need in order to end.
        threads.forEach(Thread::interrupt);
        List<Thread> closing = taken.stream()
                .map(remote -> Threads.start("give-back-" + remote, remote::close))
                .toList();
        Threads.join(closing, settings.cleanUpWithin.plus(CANCELLATION));
        Threads.join(threads, CANCELLATION);
        giveBackToSource();
    }

    private void giveBackToSource() {
        List<PooledHost> left;
        lock.lock();
        try {
            left = pool.members.stream()
                    .filter(member -> member.state != PooledHost.State.GIVEN_UP)
                    .toList();
        } finally {
            lock.unlock();
        }
        try {
            left.forEach(member -> source.giveBack(member.host, !member.isOutOfService()));
        } catch (RuntimeException e) {
            LOG.warn("{} failed to take its hosts back", source, e);
        }
        try {
            source.close();
        } catch (RuntimeException e) {
            LOG.warn("{} failed to close", source, e);
        }
        List<QuarantinedHost> bad = quarantined();
        if (!bad.isEmpty()) {
            LOG.warn("hosts out of service at the end: {}", bad);
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this provisioner of hosts of " + source + " is closed; make another one");
        }
    }

    @Override
    public String toString() {
        return "hosts of " + source;
    }

    /** A builder with default settings. For one thread at a time; each builder is for one provisioner. */
    public static final class Builder {
        private final HostSource source;
        private final Connector connector;
        private Duration connectWithin = Duration.ofMinutes(5);
        private int maxAttempts = 3;
        private Duration retryDelay = Duration.ofSeconds(5);
        private @Nullable SystemHook cleanUp;
        private Duration cleanUpWithin = Duration.ofSeconds(30);

        private Builder(HostSource source, Connector connector) {
            this.source = source;
            this.connector = connector;
        }

        /**
         * Sets the time limit for connecting to a host, which may still be booting. Default: 5 minutes.
         *
         * @param limit the time limit
         * @return this
         */
        public Builder connectWithin(Duration limit) {
            connectWithin = Arguments.positive(limit, "connectWithin");
            return this;
        }

        /**
         * Sets after how many failures in a row a host is given up. Default: 3.
         *
         * @param count the number of failures, at least 1
         * @return this
         */
        public Builder maxAttempts(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("maxAttempts must be at least 1, not " + count);
            }
            maxAttempts = count;
            return this;
        }

        /**
         * Sets the length of the quarantine after the first failure. Each further failure doubles it, up to 5 minutes.
         * Default: 5 s.
         *
         * @param pause the length of the first quarantine
         * @return this
         */
        public Builder retryDelay(Duration pause) {
            retryDelay = Arguments.positive(pause, "retryDelay");
            return this;
        }

        /**
         * Sets a hook that cleans up a host before it is used for another system. Default: none.
         *
         * @param hook the hook
         * @return this
         */
        public Builder cleanUp(SystemHook hook) {
            cleanUp = hook;
            return this;
        }

        /**
         * Sets the time limit for checking and cleaning up a host after use. Default: 30 s.
         *
         * @param limit the time limit
         * @return this
         */
        public Builder cleanUpWithin(Duration limit) {
            cleanUpWithin = Arguments.positive(limit, "cleanUpWithin");
            return this;
        }

        /** {@return a provisioner with these settings; it reserves no host before the first request} */
        public SshProvisioner build() {
            SshProvisioner provisioner = new SshProvisioner(this);
            provisioner.feeder.start();
            return provisioner;
        }
    }
}
