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
import org.atex.api.Remote;
import org.atex.ssh.Host;
import org.atex.ssh.SshOptions;
import org.jspecify.annotations.Nullable;

/**
 * Reserves machines at Testing Farm and hands them out as systems that are reached over ssh.
 *
 * <p>Each machine is a request of its own, with a tag of the run and one of its own. Whatever happens, each request is
 * cancelled in the end: when its system is given back, when it fails, when it is not wanted any more, when this is closed, and
 * by a shutdown hook when the program ends before that; and each cancellation is followed until the service says that it is
 * done. What a killed program leaves is found by the run's tag: {@link LeftoverRequests}.
 *
 * <p>A reservation that fails is made again as often as the builder says; after that, and for what is of no use to try again,
 * there is an {@link Offer.Failed} that says in which phase it failed and what the service and its log say. When the service
 * does not take what is asked for or the token, the offer is {@link Offer.Exhausted} until the next {@link #provision}.
 *
 * <p>Systems are named by the id of their request. Labels are {@code compose}, {@code arch}, {@code pool} if it was given,
 * {@code host} and {@code request}. {@link org.atex.api.Remote#expires()} says when the reservation ends.
 *
 * <p>Lifecycle: ready when it is opened, and has a shutdown hook from then on; {@link #close()} gives everything back, which
 * takes the service a minute, and removes the hook.
 *
 * <p>Thread safety: that of {@link Provisioner}.
 */
public final class TestingFarmProvisioner implements Provisioner {
    private final Run run;
    private final Machines machines;
    private final Closing closing;

    private TestingFarmProvisioner(Run run) {
        this.run = run;
        this.machines = new Machines(run);
        this.closing = new Closing(run, machines);
        machines.start();
    }

    /**
     * {@return a builder of provisioners of one kind of machine}
     *
     * @param api the service; it stays the caller's to close, after the provisioner
     * @param reservation what kind of machine, and for how long
     */
    public static Builder builder(TestingFarmApi api, Reservation reservation) {
        return new Builder(api, reservation);
    }

    /** {@return the tag of all its requests, by which {@link LeftoverRequests} finds them should this program be killed} */
    public String run() {
        return run.settings.run();
    }

    @Override
    public void provision(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("cannot provision " + count + " systems: ask for at least 1");
        }
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

    /**
     * {@return a line for a shell with which a person gets in while this is open, as we do}
     *
     * @param remote a system of this provisioner
     * @throws IllegalArgumentException if it is none
     * @throws InterruptedException if interrupted
     */
    public String sshCommand(Remote remote) throws InterruptedException {
        if (!(remote instanceof FarmRemote machine)) {
            throw new IllegalArgumentException(remote.name() + " is not a machine of " + this);
        }
        return SshLine.to(
                machine.address(),
                run.ground().key().privateKeys(),
                machine.booking().knownHosts());
    }

    @Override
    public Map<String, String> labels() {
        return run.reservation.labels();
    }

    /** {@inheritDoc} Waits until the service says that all requests are over, or for as long as the builder allows. */
    @Override
    public void close() {
        closing.close();
    }

    @Override
    public String toString() {
        return run.reservation + " from " + run.api.service();
    }

    /** Settings of a provisioner, with defaults. For one thread at a time; each is for one provisioner. */
    public static final class Builder {
        private final TestingFarmApi api;
        private final Reservation reservation;
        private int maxSystems = 10;
        private int tolerated = 5;
        private Duration queueWithin = Duration.ofHours(1);
        private Duration provisionWithin = Duration.ofHours(1);
        private Duration sshWithin = Duration.ofMinutes(10);
        private Duration cancelWithin = Duration.ofMinutes(5);
        private Duration pollEvery = FarmSettings.POLL_EVERY;
        private @Nullable List<String> sourceCidrs;
        private List<URI> addressSites = SourceAddresses.USUAL;
        private UnaryOperator<Host> hosts = UnaryOperator.identity();
        private ReservationListener listener = event -> {};
        private String run = UUID.randomUUID().toString();
        private SshOptions options = SshOptions.defaults().withoutConfig().withoutAgent();
        private Function<Path, RunKey> keys = directory -> RunKey.generated(directory, options);
        private GuestLogin.Connector connector = GuestLogin.Connector.ssh();
        private Clock clock = Clock.systemUTC();
        private Pause pause = Thread::sleep;

        private Builder(TestingFarmApi api, Reservation reservation) {
            this.api = api;
            this.reservation = reservation;
        }

        /**
         * Sets how many machines there may be at once, those on their way included. 10 unless set.
         *
         * @param count how many, at least 1
         * @return this
         */
        public Builder maxSystems(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("there must be room for at least 1 machine, not " + count);
            }
            maxSystems = count;
            return this;
        }

        /**
         * Sets how many reservations may fail before a failure is told. Until then another one is made in its place. 5 unless
         * set.
         *
         * @param count how many, of all that the provisioner ever makes
         * @return this
         */
        public Builder maxFailedRequests(int count) {
            if (count < 0) {
                throw new IllegalArgumentException("maxFailedRequests must be 0 or more, not " + count);
            }
            tolerated = count;
            return this;
        }

        /**
         * Sets how long a request may wait until a worker has it. An hour unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder queueWithin(Duration limit) {
            queueWithin = TestingFarmApi.Builder.positive(limit, "queueWithin");
            return this;
        }

        /**
         * Sets how long it may take from then until the machine is reserved. An hour unless set; scarce hardware takes longer.
         *
         * @param limit how long
         * @return this
         */
        public Builder provisionWithin(Duration limit) {
            provisionWithin = TestingFarmApi.Builder.positive(limit, "provisionWithin");
            return this;
        }

        /**
         * Sets how long it may take from then until commands run there. Ten minutes unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder sshWithin(Duration limit) {
            sshWithin = TestingFarmApi.Builder.positive(limit, "sshWithin");
            return this;
        }

        /**
         * Sets how long the service may take to cancel a request, before it is left and an error is logged that has the command
         * for it. Five minutes unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder cancelWithin(Duration limit) {
            cancelWithin = TestingFarmApi.Builder.positive(limit, "cancelWithin");
            return this;
        }

        /**
         * Sets the time between two looks at a request. Half a minute unless set, which is what the service expects.
         *
         * @param interval how long
         * @return this
         */
        public Builder pollEvery(Duration interval) {
            pollEvery = TestingFarmApi.Builder.positive(interval, "pollEvery");
            return this;
        }

        /**
         * Sets whom the firewall of the machines lets in. Unless set, our address is looked up where there is a firewall; if
         * nobody knows it, a warning says so.
         *
         * @param cidrs addresses, such as {@code 192.0.2.1/32}; none if there is no firewall to open
         * @return this
         * @throws IllegalArgumentException if one is no such thing
         */
        public Builder sourceCidrs(String... cidrs) {
            sourceCidrs = List.of(cidrs).stream().map(SourceAddresses::checked).toList();
            return this;
        }

        /** Sets who is asked for our address. */
        Builder addressSites(URI... sites) {
            addressSites = List.of(sites);
            return this;
        }

        /**
         * Sets the key with which we get in. One is generated for the run unless set, and deleted after it.
         *
         * @param file a private key without passphrase; its public half is beside it, with {@code .pub} added to its name
         * @return this
         * @throws IllegalArgumentException if they cannot be read
         */
        public Builder key(Path file) {
            RunKey given = RunKey.given(file, options);
            keys = directory -> given;
            return this;
        }

        /**
         * Has the user's own keys in {@code ~/.ssh} used, those without passphrase.
         *
         * @return this
         * @throws IllegalArgumentException if there is none
         */
        public Builder ownKeys() {
            RunKey found = RunKey.found(Path.of(System.getProperty("user.home"), ".ssh"), options);
            keys = directory -> found;
            return this;
        }

        /**
         * Sets what changes how machines are reached: another port, a jump host.
         *
         * @param change is given what the service says
         * @return this
         */
        public Builder hosts(UnaryOperator<Host> change) {
            hosts = change;
            return this;
        }

        /**
         * Sets who is told how reservations go on.
         *
         * @param who is told
         * @return this
         */
        public Builder listener(ReservationListener who) {
            listener = who;
            return this;
        }

        /**
         * Sets the tag of all requests of the run, by which {@link LeftoverRequests} finds them. A new one unless set.
         *
         * @param tag letters, digits, {@code -}, {@code _} and {@code .}; no other run must have it
         * @return this
         */
        public Builder run(String tag) {
            if (!tag.matches("[A-Za-z0-9._-]{1,128}")) {
                throw new IllegalArgumentException(
                        "not a tag: '" + tag + "'; expected up to 128 letters, digits, '-', '_' and '.'");
            }
            run = tag;
            return this;
        }

        /** Sets what opens connections. */
        Builder connector(GuestLogin.Connector opener) {
            connector = opener;
            return this;
        }

        /** Sets what tells the time, and how it passes. */
        Builder time(Clock now, Pause wait) {
            clock = now;
            pause = wait;
            return this;
        }

        /** {@return a provisioner with these settings; nothing is asked before a machine is wanted} */
        public TestingFarmProvisioner build() {
            FarmSettings settings = new FarmSettings(
                    maxSystems,
                    tolerated,
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
                    pause);
            try {
                Path directory = Files.createTempDirectory("atex-farm-");
                return new TestingFarmProvisioner(new Run(api, reservation, settings, directory, keys));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot make a directory for the keys of the run", e);
            }
        }
    }
}
