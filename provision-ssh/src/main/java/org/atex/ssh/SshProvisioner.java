package org.atex.ssh;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.SystemHook;
import org.atex.provision.NoMoreSystemsException;
import org.atex.provision.Provisioners;
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
    /** The part of the time to close that is not clean-up: ending threads and closing the source. */
    private static final Duration CLOSING = Duration.ofMinutes(1);

    /** The wait for a host has no limit; connecting has its own. */
    private static final Duration UNLIMITED = Duration.ofDays(36_500);

    /** More connection attempts at the same time would wait for each other, and each needs a thread. */
    private static final int MAX_STARTS = 256;

    private final HostSource source;
    private final Builder settings;
    private final HostPool pool;
    private final Provisioner systems;
    private final Thread closer;
    private final AtomicBoolean closing = new AtomicBoolean();

    private SshProvisioner(Builder settings) {
        this.source = settings.source;
        this.settings = settings;
        pool = new HostPool(source, settings.maxAttempts, settings.retryDelay);
        systems = Provisioners.builder(number -> make())
                .name("hosts of " + source)
                .maxConcurrentStarts(MAX_STARTS)
                .startWithin(UNLIMITED)
                .closeWithin(settings.cleanUpWithin.plus(CLOSING))
                .build();
        closer = Threads.unstarted("close-hosts", this::closeAll);
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
        systems.provision(count);
    }

    /** Connects to a free host. If that fails, another host takes its place unless there is none. */
    private Remote make() throws InterruptedException, NoMoreSystemsException {
        ProvisioningException heldBack = null;
        while (true) {
            PooledHost member = pool.take(heldBack);
            try {
                Connection connection = settings.connector.connect(member.host, settings.connectWithin);
                return new SshRemote(pool.nextName(member.host), member, connection, this::giveBack);
            } catch (InterruptedException e) {
                pool.giveBackUnused(member); // the system is no longer requested
                throw e;
            } catch (RuntimeException e) {
                LOG.debug("could not connect to {}", member.host, e);
                HostPool.Failure failure =
                        pool.couldNotConnect(member, "could not connect to " + member.host + ": " + e.getMessage(), e);
                if (failure.isFinal()) {
                    throw failure.exception();
                }
                heldBack = failure.exception();
            }
        }
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        return systems.take(atMost);
    }

    private void giveBack(SshRemote remote) {
        Host host = remote.pooled().host;
        SystemHook cleanUp = settings.cleanUp;
        // During close a host is not checked unless it is cleaned up: no other test will use it here.
        String problem = pool.isClosed() && cleanUp == null
                ? HostCleanUp.closeOnly(host, remote.connection())
                : HostCleanUp.checkAndClose(host, remote, cleanUp, settings.cleanUpWithin);
        if (problem == null) {
            pool.giveBack(remote.pooled());
        } else {
            pool.cannotBeUsedAgain(remote.pooled(), host + " cannot be used again: " + problem);
        }
    }

    @Override
    public void clear() {
        systems.clear();
    }

    @Override
    public Map<String, String> labels() {
        return source.labels();
    }

    /** {@return the hosts that are out of service now, quarantined or given up} */
    public List<QuarantinedHost> quarantined() {
        return pool.outOfService();
    }

    /** {@inheritDoc} Hosts are cleaned up in parallel, each within the time limit; then the source is closed. */
    @Override
    public void close() {
        if (closing.compareAndSet(false, true)) {
            closer.start();
        }
        // Every caller waits until closing is complete. A thread of its own does the work, so that an interrupt of a
        // caller does not shorten it.
        Threads.join(List.of(closer), settings.cleanUpWithin.plus(CLOSING.multipliedBy(2)));
    }

    private void closeAll() {
        pool.close();
        systems.close();
        pool.giveBackAll();
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
            return new SshProvisioner(this);
        }
    }
}
