package org.atex.testingfarm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.provision.Provisioners;
import org.atex.ssh.Host;
import org.atex.ssh.SshOptions;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * Reserves machines at Testing Farm and provides them as systems that are reached over ssh.
 *
 * <p>Each machine is a request of its own. Every request is cancelled when its system is released, when the reservation
 * fails or is no longer needed, when the provisioner is closed, and by a shutdown hook if the program ends before that.
 * Each cancellation is followed until the service confirms it. Requests of a killed program are found by the tag of the
 * run, see {@link LeftoverRequests}.
 *
 * <p>A failed reservation is repeated as often as {@link Builder#maxFailedRequests} allows. After that, and for errors
 * that a repetition cannot solve, {@link #take} returns an {@link Offer.Failed} that names the phase and quotes the
 * service and its log. If the service rejects the request or the token, further offers are {@link Offer.Exhausted}
 * until the next {@link #provision}.
 *
 * <p>The name of a system is the id of its request. Its labels are {@code compose}, {@code arch}, {@code pool} if it
 * was set, {@code host} and {@code request}. {@link org.atex.api.Remote#expires()} is the end of the reservation, and
 * {@link org.atex.api.Connection#loginCommand()} is the ssh command that logs in, until the provisioner is closed.
 *
 * <p>Lifecycle: registers a shutdown hook when it is built. {@link #close()} releases all machines, which takes the
 * service about a minute, and removes the hook.
 *
 * <p>Thread safety: as specified by {@link Provisioner}.
 */
public final class TestingFarmProvisioner implements Provisioner {
    /** Longer than any reservation takes: {@link Reservations} limits each phase. */
    private static final Duration NO_LIMIT = Duration.ofDays(1000);

    private final RunContext run;
    private final Reservations reservations;
    private final Provisioner machines;
    private final ProvisionerShutdown shutdown;

    private TestingFarmProvisioner(RunContext run) {
        this.run = run;
        this.reservations = new Reservations(run);
        this.machines = Provisioners.builder(reservations)
                .name("machines of " + run.reservation)
                .maxSystems(run.settings.maxSystems())
                .labels(run.reservation.labels())
                .startWithin(NO_LIMIT)
                .build();
        this.shutdown = new ProvisionerShutdown(machines, reservations);
    }

    /**
     * {@return a builder of provisioners for one kind of machine}
     *
     * @param api the client of the service; the caller closes it, after the provisioner
     * @param reservation the kind of machine, and the time for which it is reserved
     */
    public static Builder builder(TestingFarmApi api, Reservation reservation) {
        return new Builder(api, reservation);
    }

    /**
     * {@return the tag of all its requests, with which {@link LeftoverRequests} finds them if this program is killed}
     */
    public String run() {
        return run.settings.run();
    }

    @Override
    public void provision(int count) {
        reservations.retry();
        machines.provision(count);
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        return machines.take(atMost);
    }

    @Override
    public void clear() {
        machines.clear();
    }

    @Override
    public int maxSystems() {
        return machines.maxSystems();
    }

    @Override
    public Map<String, String> labels() {
        return machines.labels();
    }

    /**
     * {@inheritDoc} Waits until the service confirms that all requests are over, at most for the time that {@link
     * Builder#cancelWithin} allows.
     */
    @Override
    public void close() {
        shutdown.close();
    }

    @Override
    public String toString() {
        return run.reservation + " from " + run.api.service();
    }

    /** Builds one {@link TestingFarmProvisioner}. Not thread-safe. */
    public static final class Builder {
        private final TestingFarmApi api;
        private final Reservation reservation;
        private int maxSystems = 10;
        private int maxFailed = 5;
        private Duration queueWithin = Duration.ofHours(1);
        private Duration provisionWithin = Duration.ofHours(1);
        private Duration sshWithin = Duration.ofMinutes(10);
        private Duration cancelWithin = Duration.ofMinutes(5);
        private Duration pollEvery = FarmSettings.POLL_EVERY;
        private @Nullable List<String> sourceCidrs;
        private List<URI> addressSites = SourceAddresses.DEFAULT_SITES;
        private UnaryOperator<Host> hosts = UnaryOperator.identity();
        private ReservationListener listener = event -> {};
        private String run = UUID.randomUUID().toString();
        private SshOptions options = SshOptions.defaults().withoutConfig().withoutAgent();
        private Function<Path, RunKey> keys = directory -> RunKey.generate(directory, options);
        private GuestLogin.Connector connector = GuestLogin.Connector.ssh();
        private Clock clock = Clock.systemUTC();
        private Sleeper sleeper = Thread::sleep;

        private Builder(TestingFarmApi api, Reservation reservation) {
            this.api = api;
            this.reservation = reservation;
        }

        /**
         * Sets the maximum number of machines at a time, including those that are being provisioned; 10 by default. A
         * machine counts until the service confirms that its request is over.
         *
         * @param count the number, at least 1
         * @return this
         */
        public Builder maxSystems(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("maxSystems must be at least 1, not " + count);
            }
            maxSystems = count;
            return this;
        }

        /**
         * Sets the number of failed reservations that are repeated before a failure is reported; 5 by default.
         *
         * @param count the number, over the lifetime of the provisioner
         * @return this
         */
        public Builder maxFailedRequests(int count) {
            if (count < 0) {
                throw new IllegalArgumentException("maxFailedRequests must be 0 or more, not " + count);
            }
            maxFailed = count;
            return this;
        }

        /**
         * Sets the time limit for a request to wait for a worker; one hour by default.
         *
         * @param limit the limit
         * @return this
         */
        public Builder queueWithin(Duration limit) {
            queueWithin = Arguments.positive(limit, "queueWithin");
            return this;
        }

        /**
         * Sets the time limit from then until the machine is reserved; one hour by default. Scarce hardware takes
         * longer.
         *
         * @param limit the limit
         * @return this
         */
        public Builder provisionWithin(Duration limit) {
            provisionWithin = Arguments.positive(limit, "provisionWithin");
            return this;
        }

        /**
         * Sets the time limit from then until commands run over ssh; 10 minutes by default.
         *
         * @param limit the limit
         * @return this
         */
        public Builder sshWithin(Duration limit) {
            sshWithin = Arguments.positive(limit, "sshWithin");
            return this;
        }

        /**
         * Sets the time limit for the service to confirm a cancellation; 5 minutes by default. After it, an error is
         * logged with the command that cancels the request.
         *
         * @param limit the limit
         * @return this
         */
        public Builder cancelWithin(Duration limit) {
            cancelWithin = Arguments.positive(limit, "cancelWithin");
            return this;
        }

        /**
         * Sets the interval at which each request is polled; 30 seconds by default, as the service recommends.
         *
         * @param interval the interval
         * @return this
         */
        public Builder pollEvery(Duration interval) {
            pollEvery = Arguments.positive(interval, "pollEvery");
            return this;
        }

        /**
         * Sets the addresses for which the firewall of the machines is opened. By default the public address of this
         * host is looked up if the ranch has a firewall; a warning is logged if the lookup fails.
         *
         * @param cidrs addresses, such as {@code 192.0.2.1/32}; none if there is no firewall to open
         * @return this
         * @throws IllegalArgumentException if one is not of that form
         */
        public Builder sourceCidrs(String... cidrs) {
            sourceCidrs =
                    List.of(cidrs).stream().map(SourceAddresses::checkCidr).toList();
            return this;
        }

        /** Sets the web sites that are asked for the public address of this host. */
        Builder addressSites(URI... sites) {
            addressSites = List.of(sites);
            return this;
        }

        /**
         * Sets the ssh key with which the machines are reached. By default a key is generated for the run and deleted
         * after it.
         *
         * @param file a private key without a passphrase; its public key is in the file of the same name with {@code
         *     .pub} added
         * @return this
         * @throws IllegalArgumentException if a file cannot be read
         */
        public Builder key(Path file) {
            RunKey fromFile = RunKey.fromFile(file, options);
            keys = directory -> fromFile;
            return this;
        }

        /**
         * Uses the user's own keys in {@code ~/.ssh}; they must have no passphrase.
         *
         * @return this
         * @throws IllegalArgumentException if none is found
         */
        public Builder ownKeys() {
            RunKey ownKeys = RunKey.fromDirectory(Path.of(System.getProperty("user.home"), ".ssh"), options);
            keys = directory -> ownKeys;
            return this;
        }

        /**
         * Sets a function that changes how machines are reached, for example another port or a jump host.
         *
         * @param change receives the user and address that the service reports
         * @return this
         */
        public Builder hosts(UnaryOperator<Host> change) {
            hosts = change;
            return this;
        }

        /**
         * Sets the listener for the phases of the reservations.
         *
         * @param receiver the listener
         * @return this
         */
        public Builder listener(ReservationListener receiver) {
            listener = receiver;
            return this;
        }

        /**
         * Sets the tag of all requests of the run, with which {@link LeftoverRequests} finds them; a random one by
         * default.
         *
         * @param tag up to 128 letters, digits, {@code -}, {@code _} and {@code .}; it must be unique to the run
         * @return this
         */
        public Builder run(String tag) {
            if (!tag.matches("[A-Za-z0-9._-]{1,128}")) {
                throw new IllegalArgumentException(
                        "not a valid tag: '" + tag + "'; expected up to 128 letters, digits, '-', '_' and '.'");
            }
            run = tag;
            return this;
        }

        /** Sets the factory of connections. */
        Builder connector(GuestLogin.Connector opener) {
            connector = opener;
            return this;
        }

        /** Sets the clock, and the sleeper that waits between polls and attempts. */
        Builder time(Clock now, Sleeper wait) {
            clock = now;
            sleeper = wait;
            return this;
        }

        /** {@return a provisioner with these settings} It sends no request before the first {@link #provision}. */
        public TestingFarmProvisioner build() {
            FarmSettings settings = new FarmSettings(
                    maxSystems,
                    maxFailed,
                    queueWithin,
                    provisionWithin,
                    sshWithin,
                    cancelWithin,
                    pollEvery,
                    sourceCidrs,
                    addressSites,
                    hosts,
                    listener,
                    run,
                    connector,
                    clock,
                    sleeper);
            try {
                Path directory = Files.createTempDirectory("atex-farm-");
                return new TestingFarmProvisioner(new RunContext(api, reservation, settings, directory, keys));
            } catch (IOException e) {
                throw new UncheckedIOException("could not create a temporary directory for the keys of the run", e);
            }
        }
    }
}
