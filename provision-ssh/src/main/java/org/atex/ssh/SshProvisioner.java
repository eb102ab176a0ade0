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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out the hosts of a {@link HostSource}, connected to over ssh. It takes a host from the source when one is asked
 * for, connects to many at once, and hands out each the moment it is connected.
 *
 * <p>A host given back is looked after (does it still answer? then the clean-up hook, if any) and can be handed out again,
 * over a new connection. One that fails in any of this is quarantined and tried again later, after ever longer pauses; after
 * some attempts it is given up. Another takes its place at once, if there is one; if not, or if it is given up,
 * {@link Offer.Failed} names it and says why. {@link #quarantined()} has all that are out of service. When every host is
 * given up and the source has ended, the offer is {@link Offer.Exhausted}.
 *
 * <p>Systems are named by their address, with the port unless it is 22, and {@code #2} and so on when they are handed out
 * again; {@link org.atex.api.Remote#host()} is the name without that number, and with the jump host if there is one. A
 * failed offer has the same name of the host that failed. Labels are {@link Host#labels()}, slots {@link Host#slots()}.
 *
 * <p>Lifecycle: ready when it is opened; {@link #close()} gives all hosts back and closes the source. No signal does that:
 * a program that is to give its hosts back on Ctrl-C closes this from a shutdown hook, or stops its run on signals.
 *
 * <p>Thread safety: that of {@link Provisioner}.
 */
public final class SshProvisioner implements Provisioner {
    private static final Logger LOG = LoggerFactory.getLogger(SshProvisioner.class);
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final Duration CANCELLATION = Duration.ofSeconds(5);

    /** For what is not clean-up: threads to end, and the source. */
    private static final Duration CLOSING = Duration.ofMinutes(1);

    private final HostSource source;
    private final Connector connector;
    private final Builder settings;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final HostPool pool = new HostPool();
    private final Thread feeder;
    private final Thread closer;
    private int asked;
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
     * {@return a builder of provisioners of some hosts}
     *
     * @param source where the hosts come from; the provisioner closes it
     * @param options how they are connected to; the time for that is the builder's
     */
    public static Builder builder(HostSource source, SshOptions options) {
        return builder(
                source,
                (host, within) ->
                        SshConnection.open(host, options.withConnectWithin(within), Dialer.Retry.FAILED_PROXY));
    }

    /**
     * {@return a builder of provisioners of some hosts}
     *
     * @param source where the hosts come from; the provisioner closes it
     * @param connector how they are connected to
     */
    static Builder builder(HostSource source, Connector connector) {
        return new Builder(source, connector);
    }

    @Override
    public void provision(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("cannot provision " + count + " systems: ask for at least 1");
        }
        lock.lock();
        try {
            refuseIfClosed();
            asked = asked > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : asked + count;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    /** Takes hosts from the source, as long as some are missing. */
    private void feed() {
        try {
            while (awaitShortage()) {
                switch (source.take(PATIENCE)) {
                    case HostSource.Next.Found(Host host) -> found(host);
                    case HostSource.Next.Ended(String why) -> {
                        end(why);
                        return;
                    }
                    case HostSource.Next.None() -> LOG.debug("{} has no host yet", source);
                }
            }
        } catch (InterruptedException e) {
            LOG.trace("no more hosts are taken from {}", source);
        } catch (RuntimeException e) {
            end(source + " failed: " + e.getMessage());
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
        return asked - pool.connecting.size() - pool.ready.size();
    }

    private void found(Host host) {
        lock.lock();
        try {
            pool.add(host);
            pool.unreported = null;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    private void end(String why) {
        lock.lock();
        try {
            if (!closed) {
                LOG.info("no more hosts will come: {}", why);
            }
            ended = why;
            tellFailure();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock: connects to what is free, as long as something is missing. */
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
            SshRemote remote = arrived(member, connection);
            if (remote == null) {
                connection.close();
                leave(member);
            }
        } catch (InterruptedException e) {
            leave(member); // not wanted any more
        } catch (RuntimeException e) {
            LOG.debug("could not connect to {}", member.host, e);
            failed(member, "could not connect to " + member.host + ": " + e.getMessage(), e);
        }
    }

    /** {@return what can be handed out now, or null if it is not wanted any more} */
    private @Nullable SshRemote arrived(PooledHost member, Connection connection) {
        lock.lock();
        try {
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

    private void leave(PooledHost member) {
        lock.lock();
        try {
            pool.connecting.remove(member);
            pool.free(member);
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    private void failed(PooledHost member, String why, @Nullable Throwable cause) {
        boolean givenUp;
        lock.lock();
        try {
            Thread connecting = pool.connecting.remove(member);
            boolean wanted = connecting != null;
            pool.leave(connecting);
            boolean news = member.failed(why);
            givenUp = member.failures() >= settings.maxAttempts;
            Duration pause = member.pause(settings.retryDelay, LONGEST_PAUSE);
            String next = givenUp ? "it is given up" : "it is tried again in " + pause.toMillis() + " ms";
            String message = why + " (failure " + member.failures() + " of " + settings.maxAttempts + ": " + next + ")";
            if (news && !closed) {
                LOG.warn("{}", message);
            }
            member.state = givenUp ? PooledHost.State.GIVEN_UP : PooledHost.State.QUARANTINED;
            if (!givenUp && !closed) {
                pool.waiting.add(Threads.start("quarantine-" + member.host, () -> release(member, pause)));
            }
            if (givenUp || wanted && pool.free.isEmpty()) {
                pool.unreported = new ProvisioningException(message, cause, member.host.machine());
                // While the source may have another host, only what is final is worth telling.
                if (givenUp || ended != null) {
                    tellFailure();
                }
            }
            dispatch();
        } finally {
            lock.unlock();
        }
        if (givenUp) {
            source.giveBack(member.host, false);
        }
    }

    /** Under the lock: one that was asked for will not come. */
    private void tellFailure() {
        if (asked > 0 && pool.unreported != null) {
            asked--;
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
            asked--;
            remote.pooled().state = PooledHost.State.TAKEN;
            pool.taken.add(remote);
            return new Offer.Ready(remote);
        }
        ProvisioningException failure = pool.failed.poll();
        if (failure != null) {
            return new Offer.Failed(failure);
        }
        return asked > 0 && ended != null && pool.allGivenUp()
                ? new Offer.Exhausted("no host is left: " + ended + troubles())
                : null;
    }

    private String troubles() {
        List<QuarantinedHost> all = pool.outOfService();
        return all.isEmpty()
                ? ""
                : all.stream().limit(10).map(String::valueOf).collect(Collectors.joining(", ", "; ", ""))
                        + (all.size() > 10 ? " and " + (all.size() - 10) + " more" : "");
    }

    private void giveBack(SshRemote remote) {
        Host host = remote.pooled().host;
        SystemHook cleanUp = settings.cleanUp;
        // At the end nobody wants to know whether it still answers.
        String problem = isClosed() && cleanUp == null
                ? HostCleanUp.closeOnly(host, remote.connection())
                : HostCleanUp.checkAndClose(host, remote, cleanUp, settings.cleanUpWithin);
        lock.lock();
        try {
            pool.taken.remove(remote);
            if (problem == null) {
                remote.pooled().worked();
                pool.free(remote.pooled());
                dispatch();
                return;
            }
        } finally {
            lock.unlock();
        }
        failed(remote.pooled(), host + " is of no use now: " + problem, null);
    }

    @Override
    public void clear() {
        List<SshRemote> unwanted;
        lock.lock();
        try {
            asked = 0;
            pool.failed.clear();
            unwanted = new ArrayList<>(pool.ready);
            pool.ready.clear();
            pool.taken.addAll(unwanted);
            pool.connecting.keySet().forEach(member -> member.state = PooledHost.State.LEAVING);
            pool.connecting.values().forEach(Thread::interrupt);
            pool.connecting.values().forEach(pool::leave);
            pool.connecting.clear();
        } finally {
            lock.unlock();
        }
        unwanted.forEach(remote -> Threads.start("unwanted-" + remote, remote::close));
    }

    @Override
    public Map<String, String> labels() {
        return source.labels();
    }

    /** {@return the hosts that are out of service now, for a summary: quarantined, or given up} */
    public List<QuarantinedHost> quarantined() {
        lock.lock();
        try {
            return pool.outOfService();
        } finally {
            lock.unlock();
        }
    }

    /** {@inheritDoc} Hosts are cleaned up in parallel, none for longer than the limit; then the source is closed. */
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
        // Whoever closes waits until it is done. It takes a thread of its own, so that an interrupt does not cut it
        // short.
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
            LOG.warn("{} did not take its hosts back", source, e);
        }
        try {
            source.close();
        } catch (RuntimeException e) {
            LOG.warn("{} was not closed cleanly", source, e);
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

    /** Settings of a provisioner, with defaults. For one thread at a time; each is for one provisioner. */
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
         * Sets how long a host may take until it is connected to; it may be booting. Five minutes unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder connectWithin(Duration limit) {
            connectWithin = positive(limit, "connectWithin");
            return this;
        }

        /**
         * Sets after how many failures in a row a host is given up; 3 unless set.
         *
         * @param count how many, at least 1
         * @return this
         */
        public Builder maxAttempts(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("a host needs at least 1 try, not " + count);
            }
            maxAttempts = count;
            return this;
        }

        /**
         * Sets how long a host is left alone after its first failure; each further one doubles that, up to five minutes. Five
         * seconds unless set.
         *
         * @param pause how long
         * @return this
         */
        public Builder retryDelay(Duration pause) {
            retryDelay = positive(pause, "retryDelay");
            return this;
        }

        /**
         * Sets what is done with a host that is given back, before anybody else gets it.
         *
         * @param hook what
         * @return this
         */
        public Builder cleanUp(SystemHook hook) {
            cleanUp = hook;
            return this;
        }

        /**
         * Sets how long it may take to see whether a host that is given back still answers, and to clean it up. Half a minute
         * unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder cleanUpWithin(Duration limit) {
            cleanUpWithin = positive(limit, "cleanUpWithin");
            return this;
        }

        private static Duration positive(Duration duration, String name) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(name + " must be longer than nothing, not " + duration);
            }
            return duration;
        }

        /** {@return a provisioner with these settings; nothing is reserved or connected to before it is asked} */
        public SshProvisioner build() {
            SshProvisioner provisioner = new SshProvisioner(this);
            provisioner.feeder.start();
            return provisioner;
        }
    }
}
